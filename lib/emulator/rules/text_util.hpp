// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/persona_test.cpp
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Text utilities with which the persona interprets what it hears.
namespace gemini::live::emulator {

[[nodiscard]] std::string lower(std::string_view text);

/// Returns the position of `phrase` in `text` as whole words, or npos.
[[nodiscard]] std::size_t find_words(std::string_view text, std::string_view phrase);
[[nodiscard]] bool says(std::string_view text, std::string_view phrase);
[[nodiscard]] bool says_any(std::string_view text, std::span<const std::string_view> phrases);

/// Strips blanks and punctuation at the ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
/// Removes and returns the first word of `text`.
[[nodiscard]] std::string_view take_word(std::string_view& text);
/// Returns the first whole number.
[[nodiscard]] std::optional<int> number_in(std::string_view words);

/// Returns the longest prefix of `text` that fits into `most` bytes without splitting a character.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

} // namespace gemini::live::emulator
