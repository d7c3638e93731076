// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/network.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>

/// OpenSSL as a client needs it: whom to trust, and why somebody was not trusted.
namespace gemini::live::transport {

/// TLS 1.2 or later, trusting as `trust` says. Reading the system's certificates takes 16 ms, so
/// those who ask for the same trust share one context while any of them holds it. The peer's name
/// is what libwebsockets sets for each connection; an IPv6 address, which it cannot, is given here.
/// From any thread. Throws `live::error` with errc::tls_failed when `ca_pem` is not PEM.
[[nodiscard]] std::shared_ptr<SSL_CTX> client_tls_context(
    const tls_options& trust, const std::string& ipv6_peer = {});

/// What OpenSSL says of a handshake that failed on a connection of such a context; empty when it
/// was not OpenSSL that failed it. libwebsockets throws away what OpenSSL's error queue says.
[[nodiscard]] std::string handshake_fault(const SSL* connection);

/// Why verification of the certificate of `host` failed; `result` is an X509_V_ERR_*.
[[nodiscard]] error distrust(long result, const std::string& host);

} // namespace gemini::live::transport
