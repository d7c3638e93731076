// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_socket.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <optional>

namespace test {

/// A server of raw sockets on 127.0.0.1, for what no proper WebSocket server would do.
///
///     raw_peer server(io);
///     auto socket = co_await server.accept();
///     auto request = co_await socket.read_head();
///     co_await socket.write(switching_protocols(request) + raw_frame::close(1008, "no").bytes());
class raw_peer {
public:
    explicit raw_peer(asio::io_context& io, std::optional<pem_identity> identity = {});

    [[nodiscard]] std::uint16_t port() const;
    /// Returns the next connection, encrypted if an identity was given.
    asio::awaitable<raw_socket> accept();
    /// Returns the next connection, after a valid upgrade.
    asio::awaitable<raw_socket> accept_websocket();

    /// The request of the last `accept_websocket()`.
    [[nodiscard]] const http_head& request() const noexcept { return request_; }

private:
    asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<tls_server> tls_; // null: plain
    http_head request_;
};

/// Returns the valid answer to an upgrade request.
[[nodiscard]] std::string switching_protocols(const http_head& request);

/// A port of 127.0.0.1 without a listener.
[[nodiscard]] std::uint16_t closed_port(asio::io_context& io);

/// A port of 127.0.0.1 that answers no TCP handshake, like a firewall that drops packets.
class silent_port {
public:
    explicit silent_port(asio::io_context& io);
    [[nodiscard]] std::uint16_t port() const;

private:
    asio::ip::tcp::acceptor acceptor_;
    std::vector<asio::ip::tcp::socket> fillers_;
};

} // namespace test
