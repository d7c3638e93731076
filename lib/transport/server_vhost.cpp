// SPDX-License-Identifier: Apache-2.0
#include "transport/server_vhost.hpp"

#include "transport/server_websocket.hpp"
#include "transport/tls_credentials.hpp"

#include <gemini/live/error.hpp>

#include <asio/execution/context.hpp>
#include <openssl/err.h>

#include <utility>

namespace gemini::live::transport {
namespace {

const lws_retry_bo_t never{}; // no pings, and silent clients stay connected

/// Copies the identity to the context that lws has made for the host.
bool copy_identity(SSL_CTX* identity, SSL_CTX* to)
{
    // lws would choose an identity among all servers of its context by the client's SNI
    SSL_CTX_set_tlsext_servername_callback(to, nullptr);
    SSL_CTX_set_min_proto_version(to, TLS1_2_VERSION);
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(identity, &chain);
    return SSL_CTX_use_cert_and_key(to, SSL_CTX_get0_certificate(identity),
               SSL_CTX_get0_privatekey(identity), chain, 1) == 1;
}

/// Holds the host of plain connections until the execution context is destroyed.
class common_vhost : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit common_vhost(asio::execution_context& owner) : asio::execution_context::service(owner)
    {
    }

    std::shared_ptr<server_vhost> host;

private:
    void shutdown() override {}
};

} // namespace

std::shared_ptr<SSL_CTX> server_identity(
    const std::string& certificate_pem, const std::string& private_key_pem)
{
    std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    const bool complete = made && use_chain(made.get(), certificate_pem) &&
                          use_key(made.get(), private_key_pem) == key_fault::none;
    ERR_clear_error();
    if (!complete) {
        throw error(errc::tls_failed,
            "The server's identity cannot be used: give a certificate and the key that belongs to "
            "it, both in PEM form.",
            {phase::tls});
    }
    return made;
}

struct server_vhost::baggage {
    std::shared_ptr<SSL_CTX> identity;
    std::shared_ptr<SSL_CTX> client; // else lws would make one, and read all system CAs
    lws* created = nullptr;
};

const lws_protocols server_vhost::protocols[] = {
    {"gemini-live", &server_vhost::callback, 0, server_websocket::rx_buffer_size, 0, nullptr,
        lws_runtime::tx_packet_size},
    {},
};

namespace {

lws_context_creation_info server_info(
    const lws_protocols* protocols, void* user, bool tls, SSL_CTX* client)
{
    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = protocols;
    info.user = user;
    info.retry_and_idle_policy = &never;
    info.provided_client_ssl_ctx = client;
    if (tls) info.options = LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    return info;
}

} // namespace

server_vhost::server_vhost(std::shared_ptr<lws_runtime> runtime, std::shared_ptr<SSL_CTX> identity)
    : baggage_(std::make_shared<baggage>(
          baggage{std::move(identity), {SSL_CTX_new(TLS_client_method()), &SSL_CTX_free}})),
      host_(std::move(runtime),
          server_info(
              protocols, baggage_.get(), baggage_->identity != nullptr, baggage_->client.get()),
          baggage_)
{
}

std::shared_ptr<server_vhost> server_vhost::common(const std::shared_ptr<lws_runtime>& runtime)
{
    auto& context = asio::query(runtime->executor(), asio::execution::context);
    auto& holder = asio::use_service<common_vhost>(context);
    if (!holder.host) holder.host = std::make_shared<server_vhost>(runtime, nullptr);
    return holder.host;
}

lws* server_vhost::adopt(int socket, server_websocket& stream)
{
    lws_adopt_desc_t how{};
    how.vh = host_.get();
    how.type =
        static_cast<lws_adoption_type>(LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL);
    how.fd.sockfd = socket;
    how.opaque = &stream;
    baggage_->created = nullptr;
    lws_adopt_descriptor_vhost_via_info(&how);
    host_.runtime()->kick();
    return std::exchange(baggage_->created, nullptr);
}

int server_vhost::callback(
    lws* connection, lws_callback_reasons reason, void* user, void* in, std::size_t size) noexcept
{
    const auto baggage_of = [](lws_vhost* host) {
        return static_cast<baggage*>(lws_vhost_user(host));
    };
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: {
        const auto& identity = baggage_of(static_cast<lws_vhost*>(in))->identity;
        return copy_identity(identity.get(), static_cast<SSL_CTX*>(user)) ? 0 : -1;
    }
    case LWS_CALLBACK_WSI_CREATE:
        baggage_of(lws_get_vhost(connection))->created = connection;
        return 0;
    default: return server_websocket::callback(connection, reason, in, size);
    }
}

} // namespace gemini::live::transport
