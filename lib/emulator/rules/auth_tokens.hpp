// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/refusal.hpp"
#include "emulator/rules/route.hpp"
#include "protocol/json_reader.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gemini::live::emulator {

/// Returns the effective setup of a session that uses an ephemeral token, as JSON text:
///
/// - without `locked` and `mask`: the client's setup;
/// - with `locked` only: `locked` instead of the client's setup;
/// - with both: the client's setup, but at the paths in `mask` the values of `locked`, or nothing;
/// - with `mask` only: the client's setup, without the values at its paths.
///
/// The client's resumption handle is kept even if `sessionResumption` comes from the token, since a
/// token cannot know the handle.
[[nodiscard]] std::string constrain(const protocol::json_value& asked,
    const std::optional<protocol::json_value>& locked,
    const std::optional<std::vector<std::string>>& mask);

/// Issues ephemeral tokens and enforces their constraints. Pure: time is passed in. Remembers the
/// latest thousand.
class auth_tokens {
public:
    using time_point = std::chrono::system_clock::time_point;

    /// `api_key` is the only key that may request tokens; empty: any key. `trusting`: foreign
    /// tokens are accepted, without constraints.
    auth_tokens(std::string api_key, bool trusting);

    /// Answers a POST with this body in the service's form.
    [[nodiscard]] testing::emulator_verdict issue(
        const route& caller, std::string_view body, time_point now);

    /// Begins or resumes a session with a token. Returns the effective setup.
    [[nodiscard]] std::variant<std::string, refusal> admit(
        const std::string& token, const protocol::json_value& setup, time_point now);
    /// Returns nothing while this token still permits messages.
    [[nodiscard]] std::optional<refusal> find_end(const std::string& token, time_point now) const;

private:
    struct terms {
        std::int64_t uses = 1; // 0: unlimited
        std::int64_t used = 0;
        time_point expires;
        time_point opens_until;
        std::optional<protocol::json_value> setup{};
        std::optional<std::vector<std::string>> mask{};
    };

    [[nodiscard]] static std::variant<terms, std::string> read_terms(
        const protocol::json_value& body, time_point now);
    std::string keep(terms given);

    std::string api_key_;
    bool trusting_;
    std::map<std::string, terms> issued_;
    std::deque<std::string> order_; // oldest first
};

} // namespace gemini::live::emulator
