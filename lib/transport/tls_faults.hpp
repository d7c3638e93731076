// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/tls_context_test.cpp
#pragma once

#include <gemini/live/error.hpp>

#include <openssl/ssl.h>

#include <optional>
#include <string>

/// What went wrong in TLS on one connection. It is noted with the connection as it happens, since
/// libwebsockets discards OpenSSL's errors and certificates before it reports a failure.
namespace gemini::live::transport {

// Called by OpenSSL's callbacks, which must not throw. Notes for which memory runs out are lost.

/// Notes an error of OpenSSL's.
void note_error(SSL* connection, unsigned long code) noexcept;
/// Notes a fatal alert of the peer's.
void note_alert(SSL* connection, int description) noexcept;
/// Notes that the peer asked for a certificate of ours, and that there is none.
void note_request_for_certificate(SSL* connection) noexcept;
/// Notes that the peer's certificate was not trusted. `store` is as for `distrust`.
void note_distrust(
    SSL* connection, const X509_STORE_CTX* verification, const std::string& store) noexcept;

/// Returns the error for a handshake with `host` that failed; `peer` is host:port. Nothing when TLS
/// was not the cause: the network broke, or the peer ended the connection.
[[nodiscard]] std::optional<error> handshake_fault(
    const SSL* connection, const std::string& host, const std::string& peer);

/// Returns the error when the peer has refused our certificate, or its absence; else nothing. With
/// TLS 1.3 it does so after the handshake.
[[nodiscard]] std::optional<error> certificate_refusal(
    const SSL* connection, const std::string& peer);

} // namespace gemini::live::transport
