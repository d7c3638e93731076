// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::protocol {

inline constexpr std::string_view redacted_mark = "[redacted]";

struct redaction {
    std::string text;                   ///< JSON
    std::vector<std::string> secrets{}; ///< What was taken out.
};

/// Whether what a member or a header of this name holds is a secret: "newHandle", "x-goog-api-key".
[[nodiscard]] bool is_secret(std::string_view name);

/// The message without secrets, and without media unless it is `with_media`. Secrets are what has
/// such a name, and those that are `known`, wherever a string quotes them. Throws
/// errc::malformed_message for what is no JSON.
[[nodiscard]] redaction redact(
    std::string_view message, bool with_media, const std::deque<std::string>& known = {});

/// Takes the secrets out of `text`, wherever they stand; too short a one is none.
void strike_out(std::string& text, const std::deque<std::string>& secrets);
/// The error without them, for servers that quote what they refuse.
[[nodiscard]] error strike_out(const error& failure, const std::deque<std::string>& secrets);

} // namespace gemini::live::protocol
