// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The escapes of JSON's strings. Pure.
namespace gemini::live::protocol {

/// A code unit of UTF-16.
struct code_unit {
    unsigned value;

    [[nodiscard]] constexpr bool is_high() const noexcept { return value >> 10 == 0x36; }
    [[nodiscard]] constexpr bool is_low() const noexcept { return value >> 10 == 0x37; }
};

/// Returns the code unit of the escape at `at`, such as \ud83d, or nothing if there is no escape.
[[nodiscard]] std::optional<code_unit> code_unit_at(std::string_view text, std::size_t at) noexcept;

/// simdjson keeps a copy of every string until the whole text has been read. Longer ones are read
/// by the functions below, which make none.
inline constexpr std::size_t longest_copied_string = 64u << 10;

/// Returns what the text between the quotes of a string means, or nothing if it has an invalid
/// escape or half a surrogate pair. simdjson has found the text to be UTF-8 without bare control
/// characters.
[[nodiscard]] std::optional<std::string> unescape(std::string_view text);
/// Returns whether `unescape` would return something.
[[nodiscard]] bool has_sound_escapes(std::string_view text) noexcept;

} // namespace gemini::live::protocol
