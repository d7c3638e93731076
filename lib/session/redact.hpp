// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::sessions {

inline constexpr std::string_view redacted_mark = "[redacted]";

struct redaction {
    std::string text;                   ///< JSON
    std::vector<std::string> secrets{}; ///< What was taken out.
};

/// The message without secrets, and without media unless it is `with_media`. Secrets are known by
/// their member's name. Throws errc::malformed_message for what is no JSON.
[[nodiscard]] redaction redact(std::string_view message, bool with_media);

/// Takes `secret` out of `line`, wherever it stands. Too short a text is left: it is no secret.
void strike_out(std::string& line, std::string_view secret);

} // namespace gemini::live::sessions
