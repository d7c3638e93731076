// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What the persona needs to read what is said to it.
namespace gemini::live::emulation {

[[nodiscard]] std::string lower(std::string_view text);

/// Position of `phrase` in `text` as whole words, or npos.
[[nodiscard]] std::size_t find_words(std::string_view text, std::string_view phrase);
[[nodiscard]] bool says(std::string_view text, std::string_view phrase);
[[nodiscard]] bool says_any(std::string_view text, std::span<const std::string_view> phrases);

/// Without blanks and sentence marks at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
/// Takes the first word off `text`.
[[nodiscard]] std::string_view take_word(std::string_view& text);
/// The first whole number.
[[nodiscard]] std::optional<int> number_in(std::string_view words);

/// As much of `text` as fits into so many bytes without cutting a character.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

} // namespace gemini::live::emulation
