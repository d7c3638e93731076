// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/listener_test.cpp
#pragma once

#include "transport/lws_runtime.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace gemini::live::transport {

class server_websocket;

/// Returns a certificate chain with its key, checked. Throws `live::error` with errc::tls_failed.
[[nodiscard]] std::shared_ptr<SSL_CTX> server_identity(
    const std::string& certificate_pem, const std::string& private_key_pem);

/// A virtual host of lws on the server's side, without a port of its own.
class server_vhost {
public:
    /// Uses TLS if there is an `identity`. Create it on the runtime's executor.
    server_vhost(std::shared_ptr<lws_runtime> runtime, std::shared_ptr<SSL_CTX> identity);
    server_vhost(const server_vhost&) = delete;
    server_vhost& operator=(const server_vhost&) = delete;

    /// Returns the host of all plain connections on an execution context. lws assigns connections
    /// to the servers of its context by the Host field of a request. As plain servers all look
    /// alike to it, it picks the one made first. This is that one, and it stays.
    [[nodiscard]] static std::shared_ptr<server_vhost> common(
        const std::shared_ptr<lws_runtime>& runtime);

    /// Passes an accepted socket to lws, which owns it in any case. Returns null when lws could not
    /// use it; otherwise callbacks will come, or have already come.
    lws* adopt(int socket, server_websocket& stream);

private:
    struct baggage;
    static int callback(lws* connection, lws_callback_reasons reason, void* user, void* in,
        std::size_t size) noexcept;

    static const lws_protocols protocols[];
    std::shared_ptr<baggage> baggage_;
    lws_virtual_host host_;
};

} // namespace gemini::live::transport
