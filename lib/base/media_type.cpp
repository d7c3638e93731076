// SPDX-License-Identifier: Apache-2.0
#include "base/media_type.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace gemini::live::base {
namespace {

constexpr std::string_view blank = " \t";

std::string_view without_blanks(std::string_view text) noexcept
{
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    return text.substr(0, text.find_last_not_of(blank) + 1);
}

/// Consumes a parameter's value at the front of `text`. Quoted values may contain the separator.
std::string take_value(std::string_view& text)
{
    std::string value;
    const bool quoted = text.starts_with('"');
    if (!quoted) {
        const auto size = std::min(text.find(';'), text.size());
        value = without_blanks(text.substr(0, size));
        text.remove_prefix(size);
        return value;
    }
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
    }
    text.remove_prefix(std::min(text.find(';', std::min(at, text.size())), text.size()));
    return value;
}

} // namespace

bool is_of_type(std::string_view media_type, std::string_view type) noexcept
{
    media_type = without_blanks(media_type);
    return media_type.size() > type.size() && media_type[type.size()] == '/' &&
           equal_ignoring_case(media_type.substr(0, type.size()), type);
}

std::optional<std::string> media_parameter(std::string_view media_type, std::string_view name)
{
    media_type.remove_prefix(std::min(media_type.find(';'), media_type.size()));
    while (!media_type.empty()) {
        media_type = without_blanks(media_type.substr(1)); // after a semicolon
        const auto size = std::min(media_type.find_first_of("=;"), media_type.size());
        const auto each = without_blanks(media_type.substr(0, size));
        const bool has_value = size < media_type.size() && media_type[size] == '=';
        media_type.remove_prefix(size);
        if (!has_value) continue;
        media_type = without_blanks(media_type.substr(1));
        auto value = take_value(media_type);
        if (equal_ignoring_case(each, name)) return value;
    }
    return std::nullopt;
}

} // namespace gemini::live::base
