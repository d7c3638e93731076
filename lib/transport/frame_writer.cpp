// SPDX-License-Identifier: Apache-2.0
#include "transport/frame_writer.hpp"

#include <cstring>

namespace gemini::live::transport {
namespace {

constexpr unsigned char last_frame = 0x80;
constexpr unsigned char is_masked = 0x80;
constexpr std::size_t longest_in_head = 125;
constexpr std::size_t longest_in_2_bytes = 0xffff;

void mask(std::span<char> payload, masking_key key) noexcept
{
    std::uint32_t keys = 0;
    std::memcpy(&keys, key.data(), sizeof keys);
    std::array<std::uint32_t, 8> words{}; // compilers take wide registers for a loop over these
    std::size_t at = 0;
    for (; at + sizeof words <= payload.size(); at += sizeof words) {
        std::memcpy(words.data(), payload.data() + at, sizeof words);
        for (auto& word : words) word ^= keys;
        std::memcpy(payload.data() + at, words.data(), sizeof words);
    }
    for (; at < payload.size(); ++at)
        payload[at] = static_cast<char>(static_cast<unsigned char>(payload[at]) ^ key[at % 4]);
}

} // namespace

std::span<const char> make_frame(
    frame_kind kind, bool is_final, std::span<char> payload, masking_key key) noexcept
{
    const auto size = payload.size();
    const std::size_t length_bytes = size <= longest_in_head      ? 0
                                     : size <= longest_in_2_bytes ? 2
                                                                  : 8;
    const auto head_size = 2 + length_bytes + key.size();
    auto* const head = reinterpret_cast<unsigned char*>(payload.data() - head_size);
    head[0] = static_cast<unsigned char>((is_final ? last_frame : 0) | static_cast<unsigned>(kind));
    head[1] = static_cast<unsigned char>(is_masked | (length_bytes == 0      ? size
                                                         : length_bytes == 2 ? 126
                                                                             : 127));
    for (std::size_t i = 0; i < length_bytes; ++i)
        head[2 + i] = static_cast<unsigned char>(size >> (8 * (length_bytes - 1 - i)));
    std::memcpy(head + 2 + length_bytes, key.data(), key.size());
    mask(payload, key);
    return {payload.data() - head_size, head_size + size};
}

} // namespace gemini::live::transport
