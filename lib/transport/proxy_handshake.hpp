// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/proxied_connection_test.cpp
#pragma once

#include "transport/byte_stream.hpp"
#include "transport/lws_handshake.hpp"
#include "transport/proxy.hpp"
#include "transport/transport.hpp"
#include "transport/tunnel.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace gemini::live::transport {

/// What follows once a connection to a proxy has been made: the tunnel, and TLS in it.
class proxy_handshake {
public:
    /// `tls`: for a peer with TLS, else null.
    proxy_handshake(
        const proxy_address& proxy, const request_head& request, std::shared_ptr<SSL_CTX> tls);

    /// Goes as far as the wire allows, and returns what to wait for before the next call.
    /// `at_once`: the peer is reached. `broken`: it will not be; see `why`.
    [[nodiscard]] moved::next advance(
        byte_stream& wire, std::span<char> buffer, lws_handshake& progress);
    /// Whether the proxy has refused, and only more of its words may come.
    [[nodiscard]] bool is_refused() const noexcept { return state_ == tunnel::state::refused; }
    /// Why the peer is not reached.
    [[nodiscard]] error why() const { return why_ ? *why_ : tunnel_->why(); }

private:
    [[nodiscard]] moved::next write(byte_stream& wire);
    [[nodiscard]] moved::next read(byte_stream& wire, std::span<char> buffer);
    [[nodiscard]] moved::next encrypt(byte_stream& wire, lws_handshake& progress);

    std::string proxy_; // for sentences
    std::string host_;  // of the peer
    std::shared_ptr<SSL_CTX> tls_;
    std::unique_ptr<tunnel> tunnel_; // until TLS begins in it
    tunnel::state state_ = tunnel::state::asking;
    std::string unsent_; // what the proxy is asked
    bool write_failed_ = false;
    std::optional<error> why_;
};

} // namespace gemini::live::transport
