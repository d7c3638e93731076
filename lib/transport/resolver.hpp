// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace gemini::live::transport {

/// The first one's family, then the other, by turns; else the order stays.
[[nodiscard]] std::vector<asio::ip::address> alternate_families(
    std::vector<asio::ip::address> addresses);

/// The addresses of a host in the order in which to try them, at least one; an address is its own.
/// Throws `live::error`: errc::resolve_failed, errc::timed_out (a zero `limit` never does).
/// Cancellation: total; the system's look-up itself goes on in Asio's thread until it ends.
[[nodiscard]] asio::awaitable<std::vector<asio::ip::address>> resolve(
    std::string host, std::chrono::milliseconds limit);

} // namespace gemini::live::transport
