// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_context.hpp"

#include "transport/openssl_objects.hpp"
#include "transport/pinned_keys.hpp"
#include "transport/tls_credentials.hpp"
#include "transport/tls_faults.hpp"
#include "transport/tls_sessions.hpp"

#include <gemini/live/error.hpp>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <mutex>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::transport {
namespace {

/// How a context verifies certificates.
struct verification {
    std::vector<key_digest> pins;
    bool by_address = false; // an IPv6 one, not the name that lws sets
    std::string store_fault; // of the system's certificates
};

/// The peer has gone without a TLS close.
bool is_end(unsigned long code)
{
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
    return ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
#else
    return code == 0;
#endif
}

bool is_fatal(const SSL* connection, int level, int description)
{
    const bool is_warning =
        description == SSL_AD_CLOSE_NOTIFY || description == SSL_AD_USER_CANCELLED;
    return level == SSL3_AL_FATAL || (SSL_version(connection) >= TLS1_3_VERSION && !is_warning);
}

void on_progress(const SSL* connection, int where, int result)
{
    auto* const changed = const_cast<SSL*>(connection);
    // libwebsockets makes the SSL and starts its handshake in one call. This is the only place
    // where the SSL exists and its first message does not.
    if ((where & SSL_CB_HANDSHAKE_START) != 0) offer_session(changed);
    if (where == SSL_CB_READ_ALERT && is_fatal(connection, result >> 8, result & 0xff))
        note_alert(changed, result & 0xff);
    if ((where & SSL_CB_EXIT) == 0 || result > 0) return;
    if (const auto code = ERR_peek_last_error(); code != 0 && !is_end(code))
        note_error(changed, code);
}

/// Called when the server asks for a client certificate and none is configured.
int on_request_for_certificate(SSL* connection, X509**, EVP_PKEY**)
{
    note_request_for_certificate(connection);
    return 0; // continue without one: the server may not insist
}

/// Replaces the callback that lws sets. That one finds its connection by an index that changes as
/// soon as any thread makes an lws context; then it trusts nobody.
int verify(X509_STORE_CTX* certificate, void* by)
{
    const auto& how = *static_cast<const verification*>(by);
    X509_STORE_CTX_set_verify_cb(certificate, [](int trusted, X509_STORE_CTX*) { return trusted; });
    if (how.by_address)
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(certificate), nullptr, 0);
    int trusted = X509_verify_cert(certificate);
    if (trusted == 1 && !is_pinned(X509_STORE_CTX_get0_chain(certificate), how.pins)) {
        X509_STORE_CTX_set_error(certificate, X509_V_ERR_APPLICATION_VERIFICATION);
        X509_STORE_CTX_set_error_depth(certificate, 0);
        X509_STORE_CTX_set_current_cert(certificate, X509_STORE_CTX_get0_cert(certificate));
        trusted = 0;
    }
    if (trusted == 1) return 1;
    auto* const connection = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(certificate, SSL_get_ex_data_X509_STORE_CTX_idx()));
    note_distrust(connection, certificate, how.store_fault);
    drop_session(connection);
    return 0;
}

std::shared_ptr<SSL_CTX> make_context(const tls_options& trust, const std::string& ipv6_peer)
{
    std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    auto* const context = made.get();
    auto* const how =
        made ? place_in<verification>::put(context, std::make_unique<verification>()) : nullptr;
    if (!how) throw error(errc::tls_failed, "OpenSSL could not be set up.", {phase::tls});
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // libwebsockets repeats a write from another address; idle sessions should hold no buffers
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, &verify, how);
    if (!ipv6_peer.empty())
        X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), ipv6_peer.c_str());
    SSL_CTX_set_info_callback(context, &on_progress);
    SSL_CTX_set_client_cert_cb(context, &on_request_for_certificate);
    keep_sessions(context);
    how->pins = read_pins(trust.pinned_public_keys);
    how->by_address = !ipv6_peer.empty();
    how->store_fault = use_authorities(context, trust);
    use_client_certificate(context, trust);
    return made;
}

} // namespace

std::shared_ptr<SSL_CTX> client_tls_context(const tls_options& trust, const std::string& ipv6_peer)
{
    struct entry {
        tls_options trust;
        std::vector<file_stamp> files;
        std::string ipv6_peer;
        std::weak_ptr<SSL_CTX> context;
    };
    static std::mutex mutex;
    static std::vector<entry> made;
    const auto files = stamps_of(trust);
    const std::lock_guard lock(mutex);
    std::erase_if(made, [](const auto& each) { return each.context.expired(); });
    for (const auto& each : made)
        if (each.trust == trust && each.files == files && each.ipv6_peer == ipv6_peer)
            if (auto shared = each.context.lock()) return shared;
    auto fresh = make_context(trust, ipv6_peer);
    made.push_back({trust, files, ipv6_peer, fresh});
    return fresh;
}

tls_handle client_tls(SSL_CTX* context, const std::string& host)
{
    tls_handle made(SSL_new(context), &SSL_free);
    if (!made) throw std::bad_alloc();
    auto* const tls = made.get();
    auto* const expected = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
    const bool is_named =
        is_address || (X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) == 1 &&
                          SSL_set_tlsext_host_name(tls, host.c_str()) == 1);
    constexpr std::string_view protocols = "\x08http/1.1";
    const auto* const offered = reinterpret_cast<const unsigned char*>(protocols.data());
    if (!is_named || SSL_set_alpn_protos(tls, offered, protocols.size()) != 0)
        throw std::bad_alloc();
    SSL_set_connect_state(tls);
    ERR_clear_error();
    return made;
}

} // namespace gemini::live::transport
