// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gemini::live::base {

[[nodiscard]] constexpr std::size_t base64_size(std::size_t bytes) noexcept
{
    return (bytes + 2) / 3 * 4;
}

/// Writes `base64_size(bytes.size())` characters of the standard alphabet, padded, to `to`.
GEMINI_LIVE_FOR_EMULATOR void base64_encode(std::span<const std::byte> bytes, char* to) noexcept;

/// Returns the maximum number of bytes that `characters` characters can represent.
[[nodiscard]] constexpr std::size_t base64_capacity(std::size_t characters) noexcept
{
    return characters / 4 * 3 + 3;
}

/// Decodes the standard or the URL-safe alphabet, padded or not, into `to`, which must have room
/// for `base64_capacity(text.size())` bytes. Returns the number of bytes, or nothing if `text` is
/// not base64.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::optional<std::size_t> base64_decode(
    std::string_view text, std::byte* to) noexcept;

/// Likewise, but ignores white space, missing or superfluous padding, and bits that belong to no
/// byte.
[[nodiscard]] std::optional<std::size_t> base64_decode_leniently(
    std::string_view text, std::byte* to) noexcept;

} // namespace gemini::live::base
