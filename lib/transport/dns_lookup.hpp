// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/resolver_test.cpp
#pragma once

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// Whom to ask. Read anew for each look-up, since networks change.
struct name_servers {
    std::string resolv_conf = "/etc/resolv.conf"; ///< The servers and the search list.
    std::uint16_t port = 53;
};

/// The addresses of a host, in the order of the answers.
struct host_addresses {
    std::vector<asio::ip::address> v4;
    std::vector<asio::ip::address> v6;
};

/// Asks name servers for the addresses of `host`, of both families at once, without a thread. When
/// one family has been found, the other is waited for only briefly (RFC 8305). Look-ups are
/// independent of each other; nothing is kept for the next one.
///
/// Returns at least one address. Throws `live::error` with phase::resolve: errc::resolve_failed,
/// errc::timed_out (with a zero `limit`, only after some tries). Cancellation: total; nothing is
/// left behind.
[[nodiscard]] asio::awaitable<host_addresses> ask_name_servers(
    std::string host, std::chrono::milliseconds limit, name_servers whom);

} // namespace gemini::live::transport
