// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/google/accounts.hpp"
#include "emulator/google/issued_tokens.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Requests to Google's endpoints, and the forms of their answers.
namespace gemini::live::emulator {

/// State shared by all endpoints.
struct google_state {
    google_accounts accounts;
    google_urls urls;
    issued_tokens book{};
};

/// One request.
struct google_request {
    const testing::emulator_request& request;
    std::string_view method;
    std::string_view body;
    std::chrono::system_clock::time_point now;
    std::chrono::seconds lifetime; ///< Of any token issued in response.
    bool tells_expiry = true;
};

/// The fields of a form or a query.
class form {
public:
    /// If a name occurs twice, the later value wins.
    explicit form(std::string_view urlencoded);
    /// Parses the body, if the request declares it to be a form.
    [[nodiscard]] static form body_of(const google_request& call);

    [[nodiscard]] std::string value(std::string_view name) const; ///< "" if absent.
    /// Returns the first of these names whose field is absent or empty.
    [[nodiscard]] std::optional<std::string> find_missing(
        std::initializer_list<std::string_view> names) const;

private:
    std::map<std::string, std::string, std::less<>> fields_;
};

/// Whether a space-separated list contains `word`.
[[nodiscard]] bool has_word(std::string_view list, std::string_view word);

[[nodiscard]] testing::emulator_verdict json_answer(int status, std::string_view json);
[[nodiscard]] testing::emulator_verdict text_answer(int status, std::string text);
/// {"access_token": …, "expires_in": …, "token_type": "Bearer"} and the members in `more`.
[[nodiscard]] testing::emulator_verdict token_answer(const google_request& call,
    const testing::google_token& token, const std::map<std::string, std::string>& more = {});
/// {"error": …, "error_description": …}
[[nodiscard]] testing::emulator_verdict oauth_failure(
    int status, std::string_view name, std::string_view description);
/// {"error": {"code": …, "message": …, "status": …}}
[[nodiscard]] testing::emulator_verdict api_failure(
    int status, std::string_view name, std::string_view message);

} // namespace gemini::live::emulator
