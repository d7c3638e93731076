// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gemini::live::base {

/// Returns the beginning of somebody else's text as it may stand in a sentence: on one line,
/// without control characters, "…" in the place of what exceeds `most` bytes, and "?" in the place
/// of bytes above 0x7f where the text is not UTF-8.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t most = 500);

} // namespace gemini::live::base
