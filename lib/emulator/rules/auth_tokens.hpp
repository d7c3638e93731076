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

namespace gemini::live::emulation {

/// What of a client's setup an ephemeral token leaves, as JSON text:
///
/// - without either: the client's setup;
/// - with `locked` alone: that, in place of the client's;
/// - with `mask`, too: what `locked` has at its paths, or nothing there, over the client's;
/// - with `mask` alone: the client's, with nothing at its paths.
///
/// The client's resumption handle goes with `sessionResumption`, whoever sets that: a token cannot
/// know it.
[[nodiscard]] std::string constrain(const protocol::json_value& asked,
    const std::optional<protocol::json_value>& locked,
    const std::optional<std::vector<std::string>>& mask);

/// Issues ephemeral tokens, and knows what each is good for. Pure: time is passed in. Remembers the
/// latest thousand.
class auth_tokens {
public:
    using time_point = std::chrono::system_clock::time_point;

    /// `api_key` is the only one that may ask for tokens, any if it is empty. `trusting`: takes
    /// tokens of others, without constraints.
    auth_tokens(std::string api_key, bool trusting);

    /// The answer to a POST with this body, in the service's form.
    [[nodiscard]] emulator_verdict issue(
        const route& caller, std::string_view body, time_point now);

    /// Begins a session, or resumes one, with a token: the setup that holds for it.
    [[nodiscard]] std::variant<std::string, refusal> admit(
        const std::string& token, const protocol::json_value& setup, time_point now);
    /// Nothing when messages may still come by this token.
    [[nodiscard]] std::optional<refusal> find_end(const std::string& token, time_point now) const;

private:
    struct terms {
        std::int64_t uses = 1; // 0: any number
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

} // namespace gemini::live::emulation
