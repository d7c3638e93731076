// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_socket.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace test {

/// How a proxy reacts to CONNECT.
enum class proxy_answer {
    tunnel,       ///< 200, then passes bytes on to that port of 127.0.0.1, whatever the host.
    refuse,       ///< 403.
    authenticate, ///< 407.
    garbage,      ///< Bytes that are not HTTP.
    silence,      ///< No answer at all.
};

/// An HTTP proxy on 127.0.0.1, with TLS if it has an identity. Serves any number of clients until
/// its destruction.
class proxy_peer {
public:
    explicit proxy_peer(asio::io_context& io, proxy_answer answer = proxy_answer::tunnel,
        std::optional<pem_identity> identity = {});
    proxy_peer(const proxy_peer&) = delete;
    proxy_peer& operator=(const proxy_peer&) = delete;
    ~proxy_peer();

    [[nodiscard]] std::uint16_t port() const;
    /// The requests so far; `target()` of each is "host:port".
    [[nodiscard]] const std::vector<http_head>& requests() const;
    /// "user:password" of request `i`; empty if it had none.
    [[nodiscard]] std::string credentials(std::size_t i) const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace test
