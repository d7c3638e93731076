// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/network.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>

/// OpenSSL for clients.
namespace gemini::live::transport {

/// Returns a context for TLS 1.2 or later that trusts as `trust` says, shows its client
/// certificate, and resumes sessions. Reading the system's certificates takes 16 ms, so users with
/// the same trust share one context while any of them holds it; one whose files have changed since
/// is made anew. libwebsockets sets the peer's name for each connection; it cannot set an IPv6
/// address, so that is passed here. `handshake_fault` knows why a connection of such a context has
/// failed. Callable from any thread; reads files. Throws `live::error` with errc::tls_failed for
/// what is not PEM, a key that does not fit or a file that cannot be read, and with
/// errc::invalid_argument for a malformed pin.
[[nodiscard]] std::shared_ptr<SSL_CTX> client_tls_context(
    const tls_options& trust, const std::string& ipv6_peer = {});

using tls_handle = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// Returns our end of TLS with `host`, a name or an address, whose certificate must be for it. It
/// has nothing to read from and write to yet. Throws std::bad_alloc.
[[nodiscard]] tls_handle client_tls(SSL_CTX* context, const std::string& host);

} // namespace gemini::live::transport
