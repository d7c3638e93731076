// SPDX-License-Identifier: Apache-2.0
#include "transport/http_fields.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace gemini::live::transport {
namespace {

constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(24);

} // namespace

std::string_view header_of(const headers& fields, std::string_view name) noexcept
{
    const auto found = std::find_if(
        fields.begin(), fields.end(), [name](const auto& each) { return each.first == name; });
    return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now)
{
    std::chrono::seconds result{};
    long long number = 0;
    const auto* end = value.data() + value.size();
    if (const auto [stopped, failed] = std::from_chars(value.data(), end, number);
        stopped == end && failed != std::errc::invalid_argument) {
        result = failed == std::errc::result_out_of_range ? longest_retry_after
                                                          : std::chrono::seconds(number);
    } else {
        std::tm date{};
        const std::string text(value);
        if (!::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date)) return std::nullopt;
        // in seconds: a date may lie beyond the range of the clock
        result = std::chrono::seconds(::timegm(&date)) -
                 std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    }
    return std::clamp(result, std::chrono::seconds(0), longest_retry_after);
}

} // namespace gemini::live::transport
