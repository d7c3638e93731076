// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/token_test.cpp
#pragma once

#include <gemini/live/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::protocol {

/// Returns the human-readable part of a refusal's body: the message of a JSON error, the title of a
/// web page after the words "web page", or the plain text itself. Empty if there is none.
[[nodiscard]] std::string words_of_refusal(std::string_view body);

/// Returns the error for a REST call that a Google service answered with `status`, which is not
/// 2xx. It quotes the service's own words where `body` has them. `what` names the call: "make a
/// token". Occurrences of `secret` are redacted.
[[nodiscard]] error refused_call(std::string_view what, int status, std::string_view body,
    std::optional<std::chrono::seconds> retry_after, std::string_view secret);

} // namespace gemini::live::protocol
