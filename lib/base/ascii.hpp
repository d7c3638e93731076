// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/base/media_type_test.cpp, test/unit/base/loopback_test.cpp
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// Locale-independent handling of ASCII letters, for names in protocols.
namespace gemini::live::base {

[[nodiscard]] constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool is_letter_or_digit(char c) noexcept
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// Whether each character is a letter, a digit or one of `marks`.
[[nodiscard]] inline bool consists_of(std::string_view text, std::string_view marks) noexcept
{
    return std::all_of(text.begin(), text.end(),
        [marks](char c) { return is_letter_or_digit(c) || marks.find(c) != marks.npos; });
}

[[nodiscard]] inline std::string lowered(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

/// Whether both are equal, ignoring case.
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
        [](char one, char other) { return lower(one) == lower(other); });
}

} // namespace gemini::live::base
