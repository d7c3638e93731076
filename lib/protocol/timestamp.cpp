// SPDX-License-Identifier: Apache-2.0
#include "protocol/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace gemini::live::protocol {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Consumes a fraction such as ".846" at the front of `text`. Returns nothing if no digits follow
/// the point.
std::optional<nanoseconds> take_fraction(std::string_view& text)
{
    if (!text.starts_with('.')) return nanoseconds(0);
    std::int64_t count = 0;
    std::int64_t unit = 100'000'000;
    std::size_t size = 1;
    for (; size < text.size() && text[size] >= '0' && text[size] <= '9' && unit != 0; unit /= 10)
        count += (text[size++] - '0') * unit;
    if (size == 1) return std::nullopt;
    text.remove_prefix(size);
    return nanoseconds(count);
}

/// Consumes exactly `count` digits and then `behind` at the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count, std::string_view behind)
{
    if (text.size() < count) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    if (!text.starts_with(behind)) return std::nullopt;
    text.remove_prefix(behind.size());
    return number;
}

/// A time in UTC: its second may be beyond what nanoseconds can count.
struct utc_time {
    std::chrono::sys_seconds second;
    nanoseconds rest;
};

std::optional<utc_time> read_timestamp(std::string_view text)
{
    using namespace std::chrono;
    const auto year_ = take_digits(text, 4, "-");
    const auto month_ = year_ ? take_digits(text, 2, "-") : std::nullopt;
    const auto day_ = month_ ? take_digits(text, 2, "T") : std::nullopt;
    const auto hour = day_ ? take_digits(text, 2, ":") : std::nullopt;
    const auto minute = hour ? take_digits(text, 2, ":") : std::nullopt;
    const auto second = minute ? take_digits(text, 2, "") : std::nullopt;
    if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const auto rest = take_fraction(text);
    const year_month_day date{
        year(*year_), month(static_cast<unsigned>(*month_)), day(static_cast<unsigned>(*day_))};
    if (!rest || !date.ok()) return std::nullopt;
    auto offset = minutes(0);
    if (text.starts_with('+') || text.starts_with('-')) {
        const bool west = text.front() == '-';
        text.remove_prefix(1);
        const auto hours_ = take_digits(text, 2, ":");
        const auto minutes_ = hours_ ? take_digits(text, 2, "") : std::nullopt;
        if (!minutes_ || *hours_ > 23 || *minutes_ > 59) return std::nullopt;
        offset = hours(*hours_) + minutes(*minutes_);
        if (west) offset = -offset;
    } else if (text.starts_with('Z')) {
        text.remove_prefix(1);
    } else {
        return std::nullopt;
    }
    if (!text.empty()) return std::nullopt;
    return utc_time{
        sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) - offset, *rest};
}

std::string fraction_text(nanoseconds rest)
{
    if (rest.count() == 0) return {};
    auto text = fmt::format(".{:09}", rest.count());
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

} // namespace

std::optional<nanoseconds> parse_duration(std::string_view text)
{
    const bool negative = text.starts_with('-');
    std::int64_t whole = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), whole);
    constexpr auto most = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
    if (failed != std::errc() || whole < -most || whole > most) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto rest = take_fraction(text);
    if (!rest || text != "s") return std::nullopt;
    return seconds(whole) + (negative ? -*rest : *rest);
}

std::optional<nanoseconds> parse_duration_leniently(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    constexpr std::string_view digits = "0123456789";
    const auto trim = [&] {
        text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
        text = text.substr(0, text.find_last_not_of(blank) + 1);
    };
    trim();
    if (text.starts_with('+') && text.find('-') == text.npos) text.remove_prefix(1);
    if (text.ends_with('s') || text.ends_with('S')) text.remove_suffix(1);
    trim();
    if (const auto point = text.find('.'); point != text.npos) {
        constexpr std::size_t most_decimals = 9;
        if (text.find_first_not_of(digits, point + 1) != text.npos) return std::nullopt;
        text = text.substr(0, point + 1 + most_decimals);
    }
    return parse_duration(std::string(text) + 's');
}

std::optional<nanoseconds> duration_of(std::int64_t whole, std::int64_t rest) noexcept
{
    constexpr auto unit = 1'000'000'000;
    constexpr auto most = std::numeric_limits<std::int64_t>::max() / unit - 1;
    if (whole < -most || whole > most || rest <= -unit || rest >= unit) return std::nullopt;
    return seconds(whole) + nanoseconds(rest);
}

std::string duration_text(nanoseconds value)
{
    const auto whole = std::chrono::duration_cast<seconds>(value);
    const char* const sign = value.count() < 0 ? "-" : "";
    return fmt::format("{}{}{}s", sign, std::chrono::abs(whole).count(),
        fraction_text(std::chrono::abs(value - whole)));
}

std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text)
{
    using namespace std::chrono;
    constexpr sys_days first(year(1678) / 1 / 1), end(year(2262) / 1 / 1); // of 64-bit nanoseconds
    const auto time = read_timestamp(text);
    if (!time || time->second < first || time->second >= end) return std::nullopt;
    return time_point_cast<system_clock::duration>(time->second + time->rest);
}

bool is_timestamp(std::string_view text) { return read_timestamp(text).has_value(); }

std::string timestamp_text(std::chrono::system_clock::time_point value)
{
    using namespace std::chrono;
    const auto whole = floor<seconds>(value);
    const auto midnight = floor<days>(whole);
    const year_month_day date{midnight};
    const hh_mm_ss time{whole - midnight};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        time.hours().count(), time.minutes().count(), time.seconds().count(),
        fraction_text(duration_cast<nanoseconds>(value - whole)));
}

} // namespace gemini::live::protocol
