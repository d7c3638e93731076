// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace fuzz {

inline void require(bool holds)
{
    if (!holds) std::abort();
}

/// Passes `stream` to `take` in pieces of 1 to `most` bytes, chosen by `seed`, each in a heap block
/// of its own size, so that a sanitizer detects a read past its end.
template <class Take>
void in_pieces(std::string_view stream, std::uint32_t seed, std::size_t most, Take take)
{
    while (!stream.empty()) {
        seed = seed * 1664525u + 1013904223u;
        const auto piece = stream.substr(0, 1 + (seed >> 8) % most);
        stream.remove_prefix(piece.size());
        const std::vector<char> block(piece.begin(), piece.end());
        take(std::string_view(block.data(), block.size()));
    }
}

} // namespace fuzz
