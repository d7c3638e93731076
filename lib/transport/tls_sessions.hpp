// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

/// Resumption of TLS sessions: a client that has been connected to a host before needs neither its
/// certificate nor another signature (docs/adr/0015-tls-sessions). Callable from any thread.
namespace gemini::live::transport {

/// Makes a client's context keep the newest session of each of its hosts, in memory, as long as it
/// lives. Sessions are of the names that were verified by this context, and of no others. Call it
/// once, before the context has connections.
void keep_sessions(SSL_CTX* context);

/// Makes the handshake of a connection resume the session of its host, if there is one. Call it
/// when the handshake starts, before its first message is made.
void offer_session(SSL* connection) noexcept;

/// Call when a handshake has failed. The session of its host is not offered again; the next one is
/// from a whole handshake. Returns whether this one was to resume a session.
bool drop_session(SSL* connection) noexcept;

} // namespace gemini::live::transport
