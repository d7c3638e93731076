// SPDX-License-Identifier: Apache-2.0
#include "transport/address_order.hpp"

#include <algorithm>
#include <cstddef>

namespace gemini::live::transport {
namespace {

/// Neither private to a site nor made to carry IPv6 over IPv4.
bool is_native(const asio::ip::address_v6& address)
{
    const auto bytes = address.to_bytes();
    const bool unique_local = (bytes[0] & 0xfe) == 0xfc;
    const bool six_to_four = bytes[0] == 0x20 && bytes[1] == 0x02;
    const bool teredo = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0;
    return !unique_local && !six_to_four && !teredo && !address.is_v4_mapped() &&
           !address.is_site_local();
}

} // namespace

bool prefers_ipv6(
    const asio::ip::address_v6& target, const std::optional<asio::ip::address_v6>& source)
{
    return source && is_native(target) && is_native(*source);
}

std::vector<asio::ip::address> interleaved(
    std::vector<asio::ip::address> first, const std::vector<asio::ip::address>& second)
{
    for (std::size_t i = 0; i < second.size(); ++i) {
        const auto place = std::min(2 * i + 1, first.size());
        first.insert(first.begin() + static_cast<std::ptrdiff_t>(place), second[i]);
    }
    return first;
}

} // namespace gemini::live::transport
