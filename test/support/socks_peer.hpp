// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace test {

/// How a SOCKS 5 proxy reacts.
struct socks_behavior {
    std::string user{}; ///< Wants this one, with the password; empty: wants none.
    std::string password{};
    std::uint8_t code = 0; ///< Of its reply; others than 0 end the connection.
};

/// What a client has asked of it.
struct socks_request {
    std::uint8_t type; ///< 1: IPv4, 3: name, 4: IPv6.
    std::string host;  ///< A name, or the bytes of an address.
    std::uint16_t port;
    std::string user; ///< Empty, like the password: not shown.
    std::string password;
};

/// A SOCKS 5 proxy on 127.0.0.1, which connects to the port of 127.0.0.1, whatever the host. Serves
/// any number of clients until its destruction.
class socks_peer {
public:
    explicit socks_peer(asio::io_context& io, socks_behavior behavior = {});
    socks_peer(const socks_peer&) = delete;
    socks_peer& operator=(const socks_peer&) = delete;
    ~socks_peer();

    [[nodiscard]] std::uint16_t port() const;
    /// The requests so far.
    [[nodiscard]] const std::vector<socks_request>& requests() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace test
