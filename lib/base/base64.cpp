// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include "base/base64_blocks.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace gemini::live::base {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Two characters for each value of twelve bits.
constexpr auto pairs = [] {
    std::array<std::array<char, 2>, 4096> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
    return table;
}();

constexpr std::uint32_t bad = 0xff000000;

/// The six bits of each character, shifted to its place in a group of four.
constexpr auto make_values(int shift)
{
    std::array<std::uint32_t, 256> table{};
    table.fill(bad);
    for (std::uint32_t i = 0; i < 64; ++i)
        table[static_cast<unsigned char>(alphabet[i])] = i << shift;
    table['-'] = 62u << shift;
    table['_'] = 63u << shift;
    return table;
}

constexpr std::array values{make_values(18), make_values(12), make_values(6), make_values(0)};

std::uint32_t value(std::size_t place, char character) noexcept
{
    return values[place][static_cast<unsigned char>(character)];
}

} // namespace

void base64_encode(std::span<const std::byte> bytes, char* to) noexcept
{
    encode_base64_blocks(bytes, to);
    const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t left = bytes.size();
    for (; left >= 3; left -= 3, from += 3, to += 4) {
        const std::uint32_t bits =
            std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
        std::memcpy(to, pairs[bits >> 12].data(), 2);
        std::memcpy(to + 2, pairs[bits & 4095].data(), 2);
    }
    if (left == 0) return;
    const std::uint32_t bits =
        std::uint32_t{from[0]} << 16 | (left == 2 ? std::uint32_t{from[1]} << 8 : 0);
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = left == 2 ? alphabet[bits >> 6 & 63] : '=';
    to[3] = '=';
}

std::optional<std::size_t> base64_decode(std::string_view text, std::byte* to) noexcept
{
    if (text.size() % 4 == 0 && text.ends_with('='))
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    const auto* const begin = to;
    decode_base64_blocks(text, to);
    const char* from = text.data();
    std::size_t left = text.size();
    const auto put = [&to](std::uint32_t bits, int count) {
        for (int i = 0; i < count; ++i) *to++ = static_cast<std::byte>(bits >> (16 - 8 * i));
    };
    for (; left >= 4; left -= 4, from += 4) {
        const auto bits =
            value(0, from[0]) | value(1, from[1]) | value(2, from[2]) | value(3, from[3]);
        if (bits & bad) return std::nullopt;
        put(bits, 3);
    }
    if (left == 1) return std::nullopt;
    if (left != 0) {
        const auto bits =
            value(0, from[0]) | value(1, from[1]) | (left == 3 ? value(2, from[2]) : 0);
        const std::uint32_t spare = left == 3 ? 0xff : 0xffff; // bits that belong to no byte
        if (bits & (bad | spare)) return std::nullopt;
        put(bits, static_cast<int>(left) - 1);
    }
    return static_cast<std::size_t>(to - begin);
}

std::optional<std::size_t> base64_decode_leniently(std::string_view text, std::byte* to) noexcept
{
    constexpr std::string_view blank = " \t\r\n\f\v";
    text = text.substr(0, text.find_last_not_of("= \t\r\n\f\v") + 1);
    const auto* const begin = to;
    std::uint32_t bits = 0;
    int count = 0; // bits that belong to no byte yet
    for (const char c : text) {
        if (blank.find(c) != blank.npos) continue;
        const auto six = value(3, c);
        if (six & bad) return std::nullopt;
        bits = bits << 6 | six;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        *to++ = static_cast<std::byte>(bits >> count);
        bits &= (1u << count) - 1;
    }
    if (count == 6) return std::nullopt; // a lone character holds less than a byte
    return static_cast<std::size_t>(to - begin);
}

} // namespace gemini::live::base
