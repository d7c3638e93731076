// SPDX-License-Identifier: Apache-2.0
#include "base/loopback.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gemini::live::base {
namespace {

using ipv4 = std::array<std::uint8_t, 4>;
using ipv6 = std::array<std::uint16_t, 8>;

template <class Number>
std::optional<Number> number_in(std::string_view text, int base, std::size_t longest) noexcept
{
    Number value = 0;
    if (text.empty() || text.size() > longest) return std::nullopt;
    const auto* end = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data(), end, value, base);
    if (failed != std::errc() || at != end) return std::nullopt;
    return value;
}

/// Parses four decimal parts. Leading zeros are rejected, since some parsers read them as octal.
std::optional<ipv4> ipv4_in(std::string_view text) noexcept
{
    ipv4 parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto end = i + 1 < parts.size() ? text.find('.') : text.size();
        if (end == std::string_view::npos) return std::nullopt;
        const auto part = text.substr(0, end);
        const auto value = number_in<std::uint8_t>(part, 10, 3);
        if (!value || (part.size() > 1 && part.front() == '0')) return std::nullopt;
        parts[i] = *value;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

/// Parses the groups of an IPv6 address, or of one side of its "::". Returns their number.
std::optional<std::size_t> groups_in(std::string_view text, ipv6& groups) noexcept
{
    std::size_t count = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find(':'), text.size());
        const auto group = text.substr(0, end);
        if (end == text.size() && group.find('.') != std::string_view::npos) {
            const auto last = ipv4_in(group);
            if (!last || count + 2 > groups.size()) return std::nullopt;
            groups[count++] = static_cast<std::uint16_t>((*last)[0] << 8 | (*last)[1]);
            groups[count++] = static_cast<std::uint16_t>((*last)[2] << 8 | (*last)[3]);
            return count;
        }
        const auto value = number_in<std::uint16_t>(group, 16, 4);
        if (!value || count == groups.size() || end + 1 == text.size()) return std::nullopt;
        groups[count++] = *value;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return count;
}

std::optional<ipv6> ipv6_in(std::string_view text) noexcept
{
    ipv6 whole{};
    const auto gap = text.find("::");
    if (gap == std::string_view::npos)
        return groups_in(text, whole) == whole.size() ? std::optional(whole) : std::nullopt;
    ipv6 tail{};
    const auto before = groups_in(text.substr(0, gap), whole);
    const auto behind = groups_in(text.substr(gap + 2), tail);
    if (!before || !behind || *before + *behind >= whole.size()) return std::nullopt;
    std::copy_n(tail.begin(), *behind, whole.end() - static_cast<std::ptrdiff_t>(*behind));
    return whole;
}

bool is_loopback(const ipv6& address) noexcept
{
    constexpr ipv6 one{0, 0, 0, 0, 0, 0, 0, 1};
    constexpr ipv6 mapped{0, 0, 0, 0, 0, 0xffff};
    return address == one || (std::equal(mapped.begin(), mapped.begin() + 6, address.begin()) &&
                                 address[6] >> 8 == 127);
}

bool ends_with_localhost(std::string_view name) noexcept
{
    constexpr std::string_view localhost = "localhost";
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() < localhost.size()) return false;
    const auto end = name.substr(name.size() - localhost.size());
    const auto before = name.substr(0, name.size() - localhost.size());
    return equal_ignoring_case(end, localhost) &&
           (before.empty() ||
               (before.size() > 1 && before.ends_with('.') && !before.starts_with('.')));
}

} // namespace

bool is_loopback(std::string_view host) noexcept
{
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return false;
        const auto address = ipv6_in(host.substr(1, host.size() - 2));
        return address && is_loopback(*address);
    }
    if (ends_with_localhost(host)) return true;
    if (const auto address = ipv4_in(host)) return address->front() == 127;
    const auto address = ipv6_in(host);
    return address && is_loopback(*address);
}

} // namespace gemini::live::base
