// SPDX-License-Identifier: Apache-2.0
#include "base/base64_blocks.hpp"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <array>
#include <cstdint>

// Muła, Lemire: Faster Base64 Encoding and Decoding using AVX2 Instructions (2018).
namespace gemini::live::base {
namespace {

using lookup = std::array<std::uint8_t, 16>;

constexpr bool in_alphabet(int character)
{
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
           (character >= '0' && character <= '9') || character == '+' || character == '/';
}

/// Characters with the same upper four bits share a rule. Each rule has one bit.
constexpr std::uint8_t rule_of(int upper)
{
    switch (upper) {
    case 2: return 1;
    case 3: return 2;
    case 4:
    case 6: return 4;
    case 5:
    case 7: return 8;
    default: return 16;
    }
}

/// The rule for each upper half.
constexpr lookup rules = [] {
    lookup table{};
    for (int upper = 0; upper < 16; ++upper) table[upper] = rule_of(upper);
    return table;
}();

/// The rules that forbid each lower half.
constexpr lookup forbidden = [] {
    lookup table{};
    for (int upper = 0; upper < 16; ++upper)
        for (int lower = 0; lower < 16; ++lower)
            if (!in_alphabet(upper << 4 | lower)) table[lower] |= rule_of(upper);
    return table;
}();

/// The offset from a character to its six bits, by its upper half. '/' shares its upper half with
/// '+' and uses the preceding entry.
constexpr lookup to_value = [] {
    lookup table{};
    table[1] = static_cast<std::uint8_t>(63 - '/');
    table[2] = static_cast<std::uint8_t>(62 - '+');
    table[3] = static_cast<std::uint8_t>(52 - '0');
    table[4] = table[5] = static_cast<std::uint8_t>(0 - 'A');
    table[6] = table[7] = static_cast<std::uint8_t>(26 - 'a');
    return table;
}();

/// The offset from six bits to their character: entry 0 for an upper-case letter, 1 for a
/// lower-case letter, 2 to 11 for a digit, 12 for '+', 13 for '/'.
constexpr lookup to_character = [] {
    lookup table{};
    table[0] = 'A';
    table[1] = 'a' - 26;
    for (int digit = 2; digit < 12; ++digit) table[digit] = static_cast<std::uint8_t>('0' - 52);
    table[12] = static_cast<std::uint8_t>('+' - 62);
    table[13] = static_cast<std::uint8_t>('/' - 63);
    return table;
}();

[[gnu::target("avx2")]] __m256i in_both_halves(const lookup& table)
{
    return _mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
}

/// Encodes 24 bytes to 32 characters at a time. Reads 28 bytes.
[[gnu::target("avx2")]] void encode(std::span<const std::byte>& bytes, char*& to)
{
    // Reorders each three bytes a b c as b a c b, so that every six bits lie within one half of the
    // four.
    const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, //
        1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const __m256i characters = in_both_halves(to_character);
    while (bytes.size() >= 28) {
        const auto* from = reinterpret_cast<const __m128i*>(bytes.data());
        const auto* second = reinterpret_cast<const __m128i*>(bytes.data() + 12);
        __m256i in = _mm256_set_m128i(_mm_loadu_si128(second), _mm_loadu_si128(from));
        in = _mm256_shuffle_epi8(in, spread);
        const __m256i odd = _mm256_mulhi_epu16(
            _mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
        const __m256i even = _mm256_mullo_epi16(
            _mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
        const __m256i values = _mm256_or_si256(odd, even);

        const __m256i is_small = _mm256_cmpgt_epi8(values, _mm256_set1_epi8(25));
        const __m256i beyond_letters = _mm256_subs_epu8(values, _mm256_set1_epi8(50));
        const __m256i is_letter = _mm256_cmpgt_epi8(_mm256_set1_epi8(52), values);
        const __m256i kind = _mm256_blendv_epi8(
            beyond_letters, _mm256_and_si256(is_small, _mm256_set1_epi8(1)), is_letter);
        const __m256i out = _mm256_add_epi8(values, _mm256_shuffle_epi8(characters, kind));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), out);
        bytes = bytes.subspan(24);
        to += 32;
    }
}

/// Decodes 32 characters to 24 bytes at a time. Writes eight extra bytes, which the next block
/// overwrites.
[[gnu::target("avx2")]] void decode(std::string_view& text, std::byte*& to)
{
    const __m256i rule_table = in_both_halves(rules);
    const __m256i forbidden_table = in_both_halves(forbidden);
    const __m256i value_table = in_both_halves(to_value);
    const __m256i together =
        _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, //
            2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i without_gap = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    constexpr std::size_t block = 32;
    constexpr std::size_t room_for_more = 12; // characters, more than encode the eight bytes
    while (text.size() >= block + room_for_more) {
        const __m256i in = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data()));
        const __m256i lower = _mm256_and_si256(in, _mm256_set1_epi8(0x0f));
        const __m256i upper = _mm256_and_si256(_mm256_srli_epi32(in, 4), _mm256_set1_epi8(0x0f));
        const __m256i rule = _mm256_shuffle_epi8(rule_table, upper);
        if (_mm256_testz_si256(rule, _mm256_shuffle_epi8(forbidden_table, lower)) == 0) return;

        const __m256i is_slash = _mm256_cmpeq_epi8(in, _mm256_set1_epi8('/')); // -1 where equal
        const __m256i offset = _mm256_shuffle_epi8(value_table, _mm256_add_epi8(upper, is_slash));
        const __m256i values = _mm256_add_epi8(in, offset);
        const __m256i twelve_bits = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
        const __m256i bits = _mm256_madd_epi16(twelve_bits, _mm256_set1_epi32(0x00011000));
        const __m256i packed =
            _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(bits, together), without_gap);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), packed);
        text.remove_prefix(block);
        to += 24;
    }
}

const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;

} // namespace

void encode_base64_blocks(std::span<const std::byte>& bytes, char*& to) noexcept
{
    if (has_avx2) encode(bytes, to);
}

void decode_base64_blocks(std::string_view& text, std::byte*& to) noexcept
{
    if (has_avx2) decode(text, to);
}

} // namespace gemini::live::base

#else

namespace gemini::live::base {

void encode_base64_blocks(std::span<const std::byte>&, char*&) noexcept {}
void decode_base64_blocks(std::string_view&, std::byte*&) noexcept {}

} // namespace gemini::live::base

#endif
