// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/secret.hpp>

#include <string_view>

namespace gemini::live::base {

/// Without white space at its ends, a byte order mark and quotation marks around it, as files,
/// shells and lists of variables leave them there.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
[[nodiscard]] secret trimmed(secret text);

} // namespace gemini::live::base
