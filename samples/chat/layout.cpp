// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <algorithm>
#include <cwchar>

namespace chat {
namespace {

struct character {
    char32_t code;
    std::size_t size; ///< In bytes.
};

/// The first character of `text`, which is not empty. What is not UTF-8 counts byte by byte.
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

/// As few terminals as possible take more.
std::size_t width_of(char32_t code)
{
    if (code == emoji_style) return 1;
    return static_cast<std::size_t>(std::max(0, ::wcwidth(static_cast<wchar_t>(code))));
}

bool is_doubtful(char32_t code)
{
    const bool skin = code >= 0x1F3FB && code <= 0x1F3FF;
    const bool flag = code >= 0x1F1E6 && code <= 0x1F1FF;
    return code == joiner || code == emoji_style || skin || flag;
}

/// Length of the colour sequence that `text` begins with; 0: none.
std::size_t colour_size(std::string_view text)
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
        if (const auto size = colour_size(text.substr(at))) {
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

std::string break_doubtful_rows(std::string_view open, std::string_view text, std::size_t columns)
{
    const std::string line = std::string(open) + std::string(text);
    std::string broken;
    std::size_t column = 0;
    bool doubtful = false;
    for (std::size_t at = 0; at < line.size();) {
        const auto rest = std::string_view(line).substr(at);
        auto size = colour_size(rest);
        if (size == 0) {
            const auto next = first_of(rest);
            const auto width = width_of(next.code);
            size = next.size;
            if (next.code == '\n' || column + width > columns) {
                if (doubtful && next.code != '\n' && at >= open.size()) broken += '\n';
                column = 0;
                doubtful = false;
            }
            column += width;
            doubtful = doubtful || is_doubtful(next.code);
        }
        if (at >= open.size()) broken += rest.substr(0, size);
        at += size;
    }
    return broken;
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

std::string wrap_words(std::string_view text, std::size_t columns)
{
    std::string wrapped;
    for (std::string_view row = fit(text, columns); row.size() < text.size();
         row = fit(text, columns)) {
        const auto line_break = row.find('\n');
        const auto space = text[row.size()] == ' ' ? row.size() : row.rfind(' ');
        const auto end = line_break != std::string_view::npos ? line_break
                         : space != std::string_view::npos    ? space
                                                              : row.size();
        wrapped += text.substr(0, end);
        wrapped += '\n';
        const bool blank = end < text.size() && (text[end] == ' ' || text[end] == '\n');
        text.remove_prefix(end + (blank ? 1 : 0));
    }
    return wrapped += text;
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
