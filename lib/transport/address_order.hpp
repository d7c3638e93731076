// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/ip/address.hpp>

#include <optional>
#include <vector>

namespace gemini::live::transport {

/// Whether IPv6 addresses are tried before IPv4 ones: what the rules of RFC 6724 amount to with the
/// default policy table. `source` is the address from which this machine would send to `target`;
/// absent if it has no route. Unique local, 6to4 and Teredo addresses rank below IPv4.
[[nodiscard]] bool prefers_ipv6(
    const asio::ip::address_v6& target, const std::optional<asio::ip::address_v6>& source);

/// Alternates between the lists, beginning with `first`; within each, keeps the order.
[[nodiscard]] std::vector<asio::ip::address> interleaved(
    std::vector<asio::ip::address> first, const std::vector<asio::ip::address>& second);

} // namespace gemini::live::transport
