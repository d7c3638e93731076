// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_handshake_test.cpp, test/unit/transport/lws_connect_test.cpp
#pragma once

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// Alternates between the family of the first address and the other; otherwise keeps the order.
[[nodiscard]] std::vector<asio::ip::address> alternate_families(
    std::vector<asio::ip::address> addresses);

/// Returns the addresses of a host in the order in which to try them, at least one. If the host is
/// an address, that is the only one. Throws `live::error`: errc::resolve_failed, errc::timed_out
/// (never with a zero `limit`). Cancellation: total; the system's lookup itself continues in Asio's
/// thread until it ends.
[[nodiscard]] asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit);

} // namespace gemini::live::transport
