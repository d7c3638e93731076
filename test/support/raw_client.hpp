// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_socket.hpp"

#include <cstdint>

namespace test {

/// The key that `upgrade_request()` sends.
inline constexpr std::string_view client_key = "dGhlIHNhbXBsZSBub25jZQ==";

/// A valid upgrade request, with `fields` after the usual ones.
[[nodiscard]] std::string upgrade_request(
    std::string_view target, const header_fields& fields = {});

/// A TCP connection to 127.0.0.1.
asio::awaitable<raw_socket> raw_connect(std::uint16_t port);

/// Upgrades the connection and checks the answer; throws std::runtime_error unless it is 101.
asio::awaitable<void> upgrade(raw_socket& socket, std::string target);

/// Connects and upgrades.
asio::awaitable<raw_socket> raw_websocket(std::uint16_t port, std::string target);

} // namespace test
