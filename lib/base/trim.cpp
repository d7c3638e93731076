// SPDX-License-Identifier: Apache-2.0
#include "base/trim.hpp"

#include <array>
#include <string>

namespace gemini::live::base {
namespace {

/// ASCII white space, NUL, no-break space, byte order mark and zero width space.
constexpr std::array<std::string_view, 10> blanks{" ", "\t", "\r", "\n", "\v", "\f",
    std::string_view("\0", 1), "\xc2\xa0", "\xef\xbb\xbf", "\xe2\x80\x8b"};

bool take_blank(std::string_view& text) noexcept
{
    for (const auto blank : blanks) {
        if (text.starts_with(blank)) {
            text.remove_prefix(blank.size());
            return true;
        }
        if (text.ends_with(blank)) {
            text.remove_suffix(blank.size());
            return true;
        }
    }
    return false;
}

bool take_quotes(std::string_view& text) noexcept
{
    const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                        (text.front() == '"' || text.front() == '\'');
    if (quoted) text = text.substr(1, text.size() - 2);
    return quoted;
}

} // namespace

std::string_view trimmed(std::string_view text) noexcept
{
    while (take_blank(text) || take_quotes(text)) {
    }
    return text;
}

secret trimmed(secret text)
{
    const auto rest = trimmed(std::string_view(text.reveal()));
    if (rest.size() == text.reveal().size()) return text;
    return secret(std::string(rest));
}

} // namespace gemini::live::base
