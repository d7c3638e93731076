// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <algorithm>
#include <cwchar>
#include <utility>

namespace chat {
namespace {

struct character {
    char32_t code;
    std::size_t size; ///< In bytes.
};

/// The first character of `text`, which is not empty. Invalid UTF-8 counts byte by byte.
character first_of(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 1 || size > text.size()) return {lead, 1};
    char32_t code = lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i)
        code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
    return {code, size};
}

constexpr char32_t joiner = 0x200D;
constexpr char32_t emoji_style = 0xFE0F; ///< Makes the character before it an emoji.

/// The width that the fewest terminals exceed.
std::size_t width_of(char32_t code)
{
    if (code == emoji_style) return 1;
    return static_cast<std::size_t>(std::max(0, ::wcwidth(static_cast<wchar_t>(code))));
}

/// Characters that combine with the previous one: composed emoji, flags, skin tones.
bool is_composed(char32_t code)
{
    const bool skin = code >= 0x1F3FB && code <= 0x1F3FF;
    const bool flag = code >= 0x1F1E6 && code <= 0x1F1FF;
    return code == joiner || code == emoji_style || skin || flag;
}

/// Scripts without spaces break between any two characters, but not before or after these.
constexpr std::u32string_view never_first = U"、。，．・：；？！）」』】〉》〕］｝ー々…";
constexpr std::u32string_view never_last = U"（「『【〈《〔［｛";

bool may_break(char32_t before, char32_t next)
{
    if (before == ' ') return next != ' ';
    if (next == ' ' || before == joiner || width_of(next) == 0 || is_composed(next)) return false;
    const bool has_no_spaces = width_of(before) == 2 || width_of(next) == 2;
    return has_no_spaces && never_first.find(next) == std::u32string_view::npos &&
           never_last.find(before) == std::u32string_view::npos;
}

/// Returns the length of the color sequence that `text` begins with; 0 if there is none.
std::size_t color_size(std::string_view text)
{
    if (!text.starts_with("\x1b[")) return 0;
    const auto end = text.find('m');
    return end == std::string_view::npos ? 0 : end + 1;
}

} // namespace

extent measure(std::string_view text, std::size_t columns)
{
    extent end;
    for (std::size_t at = 0; at < text.size();) {
        if (const auto size = color_size(text.substr(at))) {
            at += size;
            continue;
        }
        const auto next = first_of(text.substr(at));
        const auto width = width_of(next.code);
        if (end.column + width > columns) {
            ++end.row;
            end.column = 0;
            end.row_begin = at;
        }
        end.column += width;
        at += next.size;
    }
    return end;
}

std::string_view fit(std::string_view text, std::size_t columns)
{
    std::size_t column = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto next = first_of(text.substr(at));
        column += width_of(next.code);
        if (column > columns) return text.substr(0, at);
        at += next.size;
    }
    return text;
}

text_flow::step text_flow::add(std::string_view text, std::size_t columns)
{
    // A terminal that was narrowed has wrapped the row by itself.
    const auto before = row_.substr(measure(row_, columns).row_begin);
    const auto whole = before + std::string(text);
    row_.clear();
    std::string rows; // those that are complete
    std::size_t column = 0;
    std::size_t words = 0; // size of the row's whole words, and their width
    std::size_t words_column = 0;
    char32_t previous = 0;
    bool full = false;
    const auto may_end_here = [&] {
        words = row_.size();
        words_column = column;
    };
    const auto end_row = [&] {
        rows += row_.substr(0, words) + '\n';
        row_.erase(0, words);
        column -= words_column;
        words = words_column = 0;
    };
    for (std::size_t at = 0; at < whole.size();) {
        if (at == before.size()) full = full_;
        const auto rest = std::string_view(whole).substr(at);
        if (const auto size = color_size(rest)) {
            row_ += rest.substr(0, size);
            at += size;
            continue;
        }
        const auto next = first_of(rest);
        const auto width = width_of(next.code);
        const bool has_room = column + width <= columns;
        at += next.size;
        if (next.code == '\n') {
            may_end_here();
            end_row();
            full = false;
            previous = 0;
        } else if (next.code == ' ' && !has_room) {
            full = true;
        } else {
            if (full || (previous != 0 && may_break(previous, next.code))) may_end_here();
            if (column != 0 && (full || !has_room)) {
                if (words == 0) may_end_here(); // a word that is longer than a row
                end_row();
            }
            full = false;
            row_ += rest.substr(0, next.size);
            column += width;
            previous = next.code;
        }
    }
    if (!text.empty()) full_ = full;
    auto shown = rows + row_;
    if (shown.starts_with(before)) return {false, shown.substr(before.size())};
    return {true, std::move(shown)};
}

void text_flow::clear()
{
    row_.clear();
    full_ = false;
}

std::string wrap_words(std::string_view text, std::size_t columns)
{
    return text_flow().add(text, columns).text;
}

std::string printable(std::string_view text)
{
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto next = first_of(text.substr(at));
        const bool control = next.code < 0x20 || (next.code >= 0x7F && next.code < 0xA0);
        if (next.code == '\t')
            clean += ' ';
        else if (!control || next.code == '\n')
            clean += text.substr(at, next.size);
        at += next.size;
    }
    return clean;
}

} // namespace chat
