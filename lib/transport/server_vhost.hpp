// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/lws_runtime.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace gemini::live::transport {

class server_websocket;

/// A certificate chain with its key, checked. Throws `live::error` with errc::tls_failed.
[[nodiscard]] std::shared_ptr<SSL_CTX> server_identity(
    const std::string& certificate_pem, const std::string& private_key_pem);

/// A virtual host of lws on the server's side, without a port of its own.
class server_vhost {
public:
    /// Speaks TLS where there is an `identity`. To be made on the runtime's executor.
    server_vhost(std::shared_ptr<lws_runtime> runtime, std::shared_ptr<SSL_CTX> identity);
    server_vhost(const server_vhost&) = delete;
    server_vhost& operator=(const server_vhost&) = delete;

    /// The host of all plain connections on an execution context. By the Host field of a request,
    /// lws moves connections among the servers of its context; as they all look alike, to the one
    /// made first. This is it, and it stays.
    [[nodiscard]] static std::shared_ptr<server_vhost> common(
        const std::shared_ptr<lws_runtime>& runtime);

    /// Gives an accepted socket to lws, which owns it in any case. Null when lws has made nothing
    /// of it; else callbacks will come, or have already come.
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
