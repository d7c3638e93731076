// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/wire_tap_test.cpp, test/unit/emulator/recording_test.cpp
#pragma once

#include "base/exported.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/error.hpp>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::protocol {

inline constexpr std::string_view redacted_mark = "[redacted]";

struct redaction {
    std::string text;                   ///< JSON
    std::vector<std::string> secrets{}; ///< What was removed.
};

/// Whether a member or header of this name holds a secret: "newHandle", "x-goog-api-key".
[[nodiscard]] bool is_secret(std::string_view name);

/// Returns the message without secrets, and without media unless `with_media` is set. Secrets are
/// values of members with a secret name, and the `known` ones wherever a string quotes them. Throws
/// errc::malformed_message for text that is not JSON.
[[nodiscard]] redaction redact(
    std::string_view message, bool with_media, const std::deque<std::string>& known = {});

/// Returns the message as JSON, with zeros for media of which only the size was recorded.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string with_blank_media(const json_value& message);

/// Removes the secrets from `text` wherever they appear. A secret that is too short is ignored.
void strike_out(std::string& text, const std::deque<std::string>& secrets);
/// Returns the error without the secrets, since some servers quote what they refuse.
[[nodiscard]] error strike_out(const error& failure, const std::deque<std::string>& secrets);

} // namespace gemini::live::protocol
