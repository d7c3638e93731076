// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_socket.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <optional>

namespace test {

/// A server of raw sockets on 127.0.0.1: what no proper WebSocket server would do, it does.
///
///     raw_peer server(io);
///     auto socket = co_await server.accept();
///     auto request = co_await socket.read_head();
///     co_await socket.write(switching_protocols(request) + raw_frame::close(1008, "no").bytes());
class raw_peer {
public:
    explicit raw_peer(asio::io_context& io, std::optional<pem_identity> identity = {});

    [[nodiscard]] std::uint16_t port() const;
    /// The next connection, encrypted where an identity was given.
    asio::awaitable<raw_socket> accept();
    /// The next connection, after a proper upgrade.
    asio::awaitable<raw_socket> accept_websocket();

    /// The request of the last `accept_websocket()`.
    [[nodiscard]] const http_head& request() const noexcept { return request_; }

private:
    asio::ip::tcp::acceptor acceptor_;
    std::optional<pem_identity> identity_;
    http_head request_;
};

/// The proper answer to an upgrade request.
[[nodiscard]] std::string switching_protocols(const http_head& request);

/// A port of 127.0.0.1 on which nobody listens.
[[nodiscard]] std::uint16_t closed_port(asio::io_context& io);

/// A port of 127.0.0.1 that answers no TCP handshake, as a firewall that drops packets.
class silent_port {
public:
    explicit silent_port(asio::io_context& io);
    [[nodiscard]] std::uint16_t port() const;

private:
    asio::ip::tcp::acceptor acceptor_;
    std::vector<asio::ip::tcp::socket> fillers_;
};

} // namespace test
