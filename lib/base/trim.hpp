// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/secret.hpp>

#include <string_view>

namespace gemini::live::base {

/// Strips white space at the ends, a byte order mark and surrounding quotation marks, which files,
/// shells and environment files leave behind.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
[[nodiscard]] secret trimmed(secret text);

} // namespace gemini::live::base
