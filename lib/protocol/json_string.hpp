// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The escapes of JSON strings. Pure.
namespace gemini::live::protocol {

/// A UTF-16 code unit.
struct code_unit {
    static constexpr std::size_t escape_size = 6; ///< \uXXXX

    unsigned value;

    [[nodiscard]] constexpr bool is_high() const noexcept { return value >> 10 == 0x36; }
    [[nodiscard]] constexpr bool is_low() const noexcept { return value >> 10 == 0x37; }
};

/// The value of each byte as a hexadecimal digit, or a negative number if it is not a digit.
inline constexpr auto hex_values = [] {
    std::array<std::int8_t, 256> all{};
    all.fill(-1);
    for (std::int8_t i = 0; i < 10; ++i) all['0' + i] = i;
    for (std::int8_t i = 10; i < 16; ++i) all['a' - 10 + i] = all['A' - 10 + i] = i;
    return all;
}();

/// Returns the code unit of the escape at `at`, such as \ud83d, or nothing if there is no escape.
[[nodiscard]] inline std::optional<code_unit> code_unit_at(
    std::string_view text, std::size_t at) noexcept
{
    if (at + code_unit::escape_size > text.size() || text[at] != '\\' || text[at + 1] != 'u')
        return std::nullopt;
    const auto digit = [digits = text.data() + at + 2](int place) -> int {
        return hex_values[static_cast<unsigned char>(digits[place])];
    };
    const int value = digit(0) << 12 | digit(1) << 8 | digit(2) << 4 | digit(3);
    if (value < 0) return std::nullopt; // at least one is not a digit
    return code_unit{static_cast<unsigned>(value)};
}

/// simdjson keeps a copy of every string until the whole text has been read. The functions below
/// read longer strings without a copy.
inline constexpr std::size_t longest_copied_string = 64u << 10;

/// Returns the unescaped text of what is between the quotes of a string, or nothing if it has an
/// invalid escape or half a surrogate pair. simdjson has already verified that the text is UTF-8
/// without raw control characters.
[[nodiscard]] std::optional<std::string> unescape(std::string_view text);
/// Returns whether `unescape` would return a value.
[[nodiscard]] bool has_sound_escapes(std::string_view text) noexcept;

} // namespace gemini::live::protocol
