// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON that a strict parser refuses although every bracket stands in its place. Pure.
namespace gemini::live::protocol {

/// `text` in UTF-8, with U+FFFD in the place of what is not, and of half a surrogate pair in a
/// string; without a byte order mark.
[[nodiscard]] std::string mend_characters(std::string_view text);

/// Text that is valid JSON.
struct mended_json {
    std::string text;
    /// Where values that were nested too deeply have become null, in `text`, in ascending order.
    std::vector<std::size_t> cuts{};
};

/// Longer texts are not mended: that takes several passes.
inline constexpr std::size_t longest_to_mend = 4u << 20;

/// Makes JSON of `text`, whose characters have been mended: numbers that no double holds, NaN, and
/// whatever else is neither a number nor a word of JSON's become strings; what a string may not
/// hold is escaped in it; what is nested deeper than 64 levels becomes null. Nothing where
/// brackets, commas, colons or quotes are not where they belong, and of a text that is longer than
/// `longest_to_mend` or would grow by more than 256 KiB.
[[nodiscard]] std::optional<mended_json> mend_json(std::string_view text);

} // namespace gemini::live::protocol
