// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/dns_lookup.hpp"

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// Where the addresses of hosts are found; read anew each time.
struct name_sources {
    std::string hosts = "/etc/hosts";
    name_servers servers{}; ///< Asked if the file does not name the host.
};

/// Returns the addresses of a host in the order in which to try them, at least one. If the host is
/// an address, that is the only one; the names of this machine's loopback are known without asking.
/// Throws `live::error`: errc::resolve_failed, errc::timed_out (with a zero `limit`, only after
/// some tries). Cancellation: total; nothing is left behind.
[[nodiscard]] asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit);
[[nodiscard]] asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit, name_sources from);

} // namespace gemini::live::transport
