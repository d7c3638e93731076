// SPDX-License-Identifier: Apache-2.0
#include "transport/http_fields.hpp"

#include "base/ascii.hpp"
#include "base/excerpt.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace gemini::live::transport {
namespace {

constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(24);

constexpr std::size_t most_of_location = 200; // bytes

/// The size of "https://" in front of a URL, or of "//"; 0: no host follows.
std::size_t size_of_scheme(std::string_view location)
{
    const auto colon = location.find(':');
    const bool has_scheme =
        colon != location.npos && base::consists_of(location.substr(0, colon), "+-.");
    const auto slashes = has_scheme ? colon + 1 : 0;
    return location.substr(slashes).starts_with("//") ? slashes + 2 : 0;
}

/// Names of parameters stay; what has no name may be a value.
std::string without_values(std::string_view query)
{
    std::string shown;
    while (true) {
        const auto end = std::min(query.find('&'), query.size());
        const auto name = query.substr(0, end);
        const auto equals = name.find('=');
        if (equals != name.npos) shown.append(name.substr(0, equals + 1));
        if (!name.empty()) shown += "…";
        if (end == query.size()) return shown;
        shown += '&';
        query.remove_prefix(end + 1);
    }
}

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

std::string where_it_leads(std::string_view location)
{
    location = location.substr(0, location.find('#'));
    if (location.empty()) return "nowhere";
    const auto scheme = size_of_scheme(location);
    const auto end_of_host = std::min(location.find_first_of("/?", scheme), location.size());
    const auto host = location.substr(scheme, end_of_host - scheme);
    const auto at = host.rfind('@');

    std::string shown(location.substr(0, scheme));
    shown += at == host.npos ? host : host.substr(at + 1);
    const auto rest = location.substr(end_of_host);
    const auto query = rest.find('?');
    shown += rest.substr(0, query);
    if (query != rest.npos) shown.append("?").append(without_values(rest.substr(query + 1)));
    const auto* const same_server = scheme == 0 ? " on the same server" : "";
    return "to " + base::excerpt(shown, most_of_location) + same_server;
}

} // namespace gemini::live::transport
