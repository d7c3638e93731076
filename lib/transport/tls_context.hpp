// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_connect_test.cpp
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/network.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>

/// OpenSSL for clients: which peers to trust, and why one was not trusted.
namespace gemini::live::transport {

/// Returns a context for TLS 1.2 or later that trusts as `trust` says. Reading the system's
/// certificates takes 16 ms, so users with the same trust share one context while any of them holds
/// it. libwebsockets sets the peer's name for each connection; it cannot set an IPv6 address, so
/// that is passed here. Callable from any thread. Throws `live::error` with errc::tls_failed when
/// `ca_pem` is not PEM.
[[nodiscard]] std::shared_ptr<SSL_CTX> client_tls_context(
    const tls_options& trust, const std::string& ipv6_peer = {});

using tls_handle = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// Returns our end of TLS with `host`, a name or an address, whose certificate must be for it. It
/// has nothing to read from and write to yet. Throws std::bad_alloc.
[[nodiscard]] tls_handle client_tls(SSL_CTX* context, const std::string& host);

/// What OpenSSL reports about a failed handshake on a connection of such a context; empty when
/// OpenSSL was not the cause. libwebsockets discards OpenSSL's error queue.
[[nodiscard]] std::string handshake_fault(const SSL* connection);

/// Returns why verification of the certificate of `host` failed; `result` is an X509_V_ERR_*.
[[nodiscard]] error distrust(long result, const std::string& host);

} // namespace gemini::live::transport
