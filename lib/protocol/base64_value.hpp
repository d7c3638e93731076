// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace gemini::live::protocol {

/// Base64 in a text, from the character of this index on, and its bytes.
struct base64_value {
    std::size_t at;
    std::span<const std::byte> decoded;
};

} // namespace gemini::live::protocol
