// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gemini::live::base {

/// Base64 by wide registers, where the processor has them: each takes what it can from the front
/// of its input and moves `to` on; the rest, everything on other processors, is for others to do.
void encode_base64_blocks(std::span<const std::byte>& bytes, char*& to) noexcept;

/// As above; stops before a block with anything but the standard alphabet in it. `to` has room for
/// all that the text stands for.
void decode_base64_blocks(std::string_view& text, std::byte*& to) noexcept;

} // namespace gemini::live::base
