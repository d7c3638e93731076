// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/base/base64_test.cpp
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gemini::live::base {

/// Base64 with wide registers, if the processor has them. Each function consumes what it can from
/// the front of its input and advances `to`. The caller handles the rest, which on other processors
/// is everything.
void encode_base64_blocks(std::span<const std::byte>& bytes, char*& to) noexcept;

/// Likewise. Stops before a block that contains anything outside the standard alphabet. `to` must
/// have room for everything that `text` encodes.
void decode_base64_blocks(std::string_view& text, std::byte*& to) noexcept;

} // namespace gemini::live::base
