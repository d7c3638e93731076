// SPDX-License-Identifier: Apache-2.0
// A processor without wide registers, for the same tests of base64.
#include "base/base64_blocks.hpp"

namespace gemini::live::base {

void encode_base64_blocks(std::span<const std::byte>&, char*&) noexcept {}
void decode_base64_blocks(std::string_view&, std::byte*&) noexcept {}

} // namespace gemini::live::base
