// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Where text lands on a terminal. Pure, but for the locale's table of character widths.
namespace chat {

/// The end of a text that was written from the left edge of a terminal.
struct extent {
    std::size_t row = 0;       ///< 0: where it began.
    std::size_t column = 0;    ///< Up to and with the number of columns: the cursor then waits.
    std::size_t row_begin = 0; ///< Where in the text its last row begins.
};

/// Colours (`ESC [ … m`) take no room. `text` has no line breaks.
[[nodiscard]] extent measure(std::string_view text, std::size_t columns);

/// `text`, which goes on after `open` on the same line, with a line break at the end of each row
/// that terminals measure in different ways, as they do composed emoji. All others wrap by
/// themselves.
[[nodiscard]] std::string break_doubtful_rows(
    std::string_view open, std::string_view text, std::size_t columns);

/// The beginning of `text` that fits one row.
[[nodiscard]] std::string_view fit(std::string_view text, std::size_t columns);

/// `text` with line breaks between words, so that no row is longer.
[[nodiscard]] std::string wrap_words(std::string_view text, std::size_t columns);

/// `text` without what would command the terminal: control characters other than line breaks.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace chat
