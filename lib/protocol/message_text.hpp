// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace gemini::live::protocol {

/// The text of a server message: `size` bytes of JSON at `bytes`, without the long base64 whose
/// bytes the members have.
struct message_text {
    /// Before the character of this index there was the base64 of `decoded`.
    struct gap {
        std::size_t at;
        std::span<const std::byte> decoded;
    };
    std::unique_ptr<char[]> bytes{};
    std::size_t size = 0;
    std::vector<gap> gaps{}; ///< In ascending order.
};

} // namespace gemini::live::protocol
