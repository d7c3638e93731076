// SPDX-License-Identifier: Apache-2.0
#include "base/complaint.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace gemini::live::base {
namespace {

bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Returns a blank, and then each word in lower case followed by a blank. "apiKey" and "APIKey" are
/// two words. An apostrophe is part of a word.
std::string words_of(std::string_view text)
{
    std::string words = " ";
    const auto at = [text](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\'') continue;
        const bool is_other = static_cast<unsigned char>(c) >= 0x80; // of a non-ASCII character
        if (!is_lower(c) && !is_upper(c) && !is_digit(c) && !is_other) {
            if (words.back() != ' ') words += ' ';
            continue;
        }
        const char before = i == 0 ? '\0' : text[i - 1];
        const bool begins_hump =
            is_upper(c) && (is_lower(before) || (is_upper(before) && is_lower(at(i + 1))));
        if (begins_hump && words.back() != ' ') words += ' ';
        words += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (words.back() != ' ') words += ' ';
    return words;
}

/// Whether the number at `place` is a status, rather than a count or a measurement.
bool is_status_at(std::string_view text, std::size_t place)
{
    constexpr std::array<std::string_view, 5> before{
        " http", " http 1 1", " code", " status", " error"};
    text = text.substr(0, place);
    return text.empty() || std::any_of(before.begin(), before.end(),
                               [text](std::string_view word) { return text.ends_with(word); });
}

/// `wanted` comes from `words_of`. Its last word may be a prefix of one in `text`, unless it is a
/// number.
bool contains(const std::string& text, std::string wanted)
{
    const bool is_number = is_digit(wanted[wanted.size() - 2]);
    if (!is_number) wanted.pop_back();
    for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at + 1))
        if (!is_number || is_status_at(text, at)) return true;
    return false;
}

} // namespace

bool mentions(std::string_view reason, std::string_view alternatives)
{
    if (alternatives.empty()) return true;
    const auto text = words_of(reason);
    while (!alternatives.empty()) {
        const auto end = std::min(alternatives.find('|'), alternatives.size());
        if (contains(text, words_of(alternatives.substr(0, end)))) return true;
        alternatives.remove_prefix(std::min(end + 1, alternatives.size()));
    }
    return false;
}

errc cause_of_refusal(int status, std::string_view words)
{
    if (status == 408 || status == 425 || status >= 500) return errc::unavailable;
    if (status == 429) return errc::quota_exceeded;
    if (mentions(words, complaint::of_location) || mentions(words, complaint::of_model))
        return errc::rejected;
    const bool about_permission = mentions(words, complaint::of_permission);
    if (!about_permission && status >= 400 && mentions(words, complaint::of_quota))
        return errc::quota_exceeded;
    if (status == 401 || status == 403) return errc::unauthorized;
    const bool about_caller = about_permission || mentions(words, complaint::of_key) ||
                              mentions(words, "unregistered callers");
    return status >= 400 && about_caller ? errc::unauthorized : errc::rejected;
}

} // namespace gemini::live::base
