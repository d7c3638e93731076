// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace gemini::live::base {

/// Returns the beginning of foreign text in a form that is safe to quote in a message: on one line
/// and without control characters. Text beyond `most` bytes is replaced by "…". If the text is not
/// UTF-8, each byte above 0x7f is replaced by "?".
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string excerpt(
    std::string_view text, std::size_t most = 500);

} // namespace gemini::live::base
