// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/text_util.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace gemini::live::emulator {
namespace {

using base::is_letter_or_digit;

} // namespace

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::size_t find_words(std::string_view text, std::string_view phrase)
{
    for (auto at = text.find(phrase); at != std::string_view::npos;
         at = text.find(phrase, at + 1)) {
        const auto end = at + phrase.size();
        if ((at == 0 || !is_letter_or_digit(text[at - 1])) &&
            (end == text.size() || !is_letter_or_digit(text[end])))
            return at;
    }
    return std::string_view::npos;
}

bool says(std::string_view text, std::string_view phrase)
{
    return find_words(text, phrase) != std::string_view::npos;
}

bool says_any(std::string_view text, std::span<const std::string_view> phrases)
{
    return std::any_of(
        phrases.begin(), phrases.end(), [text](std::string_view each) { return says(text, each); });
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view around = " \t\r\n.,;:!?\"";
    const auto begin = text.find_first_not_of(around);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(around) - begin + 1);
}

std::string_view take_word(std::string_view& text)
{
    constexpr std::string_view blank = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    const auto word = text.substr(0, text.find_first_of(blank));
    text.remove_prefix(word.size());
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    return word;
}

std::optional<int> number_in(std::string_view words)
{
    const auto at = words.find_first_of("0123456789");
    if (at == std::string_view::npos) return std::nullopt;
    int value = 0;
    const auto [end, failed] =
        std::from_chars(words.data() + at, words.data() + words.size(), value);
    return failed == std::errc() ? std::optional(value) : std::nullopt;
}

std::string shortened(std::string_view text, std::size_t most)
{
    return std::string(base::truncate_utf8(text, most));
}

} // namespace gemini::live::emulator
