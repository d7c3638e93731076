// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Where text lands on a terminal. Pure, except for the locale's table of character widths.
namespace chat {

/// The end of a text that was written from the left edge of a terminal.
struct extent {
    std::size_t row = 0;    ///< 0: the row where it began.
    std::size_t column = 0; ///< At most the number of columns: the cursor then waits at the edge.
    std::size_t row_begin = 0; ///< Where in the text its last row begins.
};

/// Colors (`ESC [ … m`) take no space. `text` has no line breaks.
[[nodiscard]] extent measure(std::string_view text, std::size_t columns);

/// Returns the beginning of `text` that fits one row.
[[nodiscard]] std::string_view fit(std::string_view text, std::size_t columns);

/// Wraps text that arrives in pieces between words. A word whose end arrives later and does not fit
/// is moved to the next row.
class text_flow {
public:
    /// What to do on the screen, with the cursor at the end of the row.
    struct step {
        bool rewrites = false; ///< The row must be cleared first: `text` repeats its words.
        std::string text{};
    };
    [[nodiscard]] step add(std::string_view text, std::size_t columns);

    /// The last row as it stands on the screen, without a line break.
    [[nodiscard]] const std::string& row() const noexcept { return row_; }
    void clear();

private:
    std::string row_;
    bool full_ = false; ///< A space was omitted at the end of the row, as it had no room.
};

/// Returns `text` with line breaks between words, so that no row is longer.
[[nodiscard]] std::string wrap_words(std::string_view text, std::size_t columns);

/// Returns `text` without terminal commands: control characters other than line breaks.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace chat
