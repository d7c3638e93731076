// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <string_view>
#include <vector>

namespace gemini::live::transport {
namespace {

[[noreturn]] void refuse_pem()
{
    ERR_clear_error();
    throw error(errc::tls_failed,
        "tls_options::ca_pem holds no certificate in PEM form: give the text from \"-----BEGIN "
        "CERTIFICATE-----\" to \"-----END CERTIFICATE-----\".",
        {phase::tls});
}

void trust_pem(X509_STORE* store, const std::string& pem)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    int count = 0;
    ERR_clear_error();
    while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
        X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
        ++count;
    }
    const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (count == 0 || !at_the_end) refuse_pem();
    ERR_clear_error();
}

int fault_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// The peer has gone without a TLS close.
bool is_end(unsigned long code)
{
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
    return ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
#else
    return code == 0;
#endif
}

void on_progress(const SSL* connection, int where, int result)
{
    if ((where & SSL_CB_EXIT) == 0 || result > 0) return;
    if (const auto code = ERR_peek_last_error(); code != 0 && !is_end(code))
        SSL_set_ex_data(const_cast<SSL*>(connection), fault_index(), reinterpret_cast<void*>(code));
}

/// Replaces the callback that lws sets. That one finds its connection by an index that changes as
/// soon as any thread makes an lws context; then it trusts nobody.
int verify(X509_STORE_CTX* certificate, void* by_address)
{
    X509_STORE_CTX_set_verify_cb(certificate, [](int trusted, X509_STORE_CTX*) { return trusted; });
    if (by_address) X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(certificate), nullptr, 0);
    return X509_verify_cert(certificate);
}

std::shared_ptr<SSL_CTX> make_context(const tls_options& trust, const std::string& ipv6_peer)
{
    std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    if (!made) throw error(errc::tls_failed, "OpenSSL could not be set up.", {phase::tls});
    auto* context = made.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // libwebsockets repeats a write from another address; idle sessions should hold no buffers
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, &verify, ipv6_peer.empty() ? nullptr : context);
    if (!ipv6_peer.empty())
        X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), ipv6_peer.c_str());
    SSL_CTX_set_info_callback(context, &on_progress);
    if (trust.system_store) SSL_CTX_set_default_verify_paths(context);
    if (!trust.ca_pem.empty()) {
        auto* store = SSL_CTX_get_cert_store(context);
        trust_pem(store, trust.ca_pem);
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN); // what was given need not be a root
    }
    return made;
}

const char* advice(long result)
{
    switch (result) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "If you trust its issuer (a company's proxy, a test server), give the issuer's "
               "certificate in tls_options::ca_pem, or install ca-certificates.";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "Use the host name that the certificate is for.";
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED: return "Check the clock of this machine.";
    default: return "Check the certificates of the server and of this machine.";
    }
}

} // namespace

std::shared_ptr<SSL_CTX> client_tls_context(const tls_options& trust, const std::string& ipv6_peer)
{
    struct entry {
        tls_options trust;
        std::string ipv6_peer;
        std::weak_ptr<SSL_CTX> context;
    };
    static std::mutex mutex;
    static std::vector<entry> made;
    const std::lock_guard lock(mutex);
    std::erase_if(made, [](const auto& each) { return each.context.expired(); });
    for (const auto& each : made)
        if (each.trust == trust && each.ipv6_peer == ipv6_peer)
            if (auto shared = each.context.lock()) return shared;
    auto fresh = make_context(trust, ipv6_peer);
    made.push_back({trust, ipv6_peer, fresh});
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

std::string handshake_fault(const SSL* connection)
{
    const auto code = reinterpret_cast<unsigned long>(SSL_get_ex_data(connection, fault_index()));
    if (code == 0) return {};
    const char* text = ERR_reason_error_string(code);
    return text ? text : "unknown error";
}

error distrust(long result, const std::string& host)
{
    return {errc::tls_failed,
        fmt::format("The certificate of {} is not trusted: {}. {}", host,
            X509_verify_cert_error_string(result), advice(result)),
        {phase::tls}};
}

} // namespace gemini::live::transport
