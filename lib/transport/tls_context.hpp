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

/// What OpenSSL reports about a failed handshake on a connection of such a context; empty when
/// OpenSSL was not the cause. libwebsockets discards OpenSSL's error queue.
[[nodiscard]] std::string handshake_fault(const SSL* connection);

/// Returns why verification of the certificate of `host` failed; `result` is an X509_V_ERR_*.
[[nodiscard]] error distrust(long result, const std::string& host);

} // namespace gemini::live::transport
