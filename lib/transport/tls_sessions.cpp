// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_sessions.hpp"

#include "transport/openssl_objects.hpp"

#include <openssl/x509.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::transport {
namespace {

constexpr std::size_t most_hosts = 16;

/// OpenSSL marks a session as not resumable when one of its connections ends without a TLS close.
/// So each connection gets a session of its own, and what is kept belongs to none.
owned<SSL_SESSION> copy_of(const SSL_SESSION* session)
{
    return {SSL_SESSION_dup(const_cast<SSL_SESSION*>(session)), &SSL_SESSION_free};
}

class session_store {
public:
    void keep(std::string_view host, owned<SSL_SESSION> session)
    {
        const std::lock_guard lock(mutex_);
        erase(host);
        if (sessions_.size() == most_hosts) sessions_.erase(sessions_.begin());
        sessions_.emplace_back(host, std::move(session));
    }

    [[nodiscard]] owned<SSL_SESSION> find(std::string_view host)
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [each, session] : sessions_)
            if (each == host) return copy_of(session.get());
        return {nullptr, &SSL_SESSION_free};
    }

    void drop(std::string_view host)
    {
        const std::lock_guard lock(mutex_);
        erase(host);
    }

private:
    void erase(std::string_view host)
    {
        std::erase_if(sessions_, [host](const auto& each) { return each.first == host; });
    }

    std::mutex mutex_;
    std::vector<std::pair<std::string, owned<SSL_SESSION>>> sessions_; // oldest first
};

/// Marks connections whose handshake was to resume a session.
struct resuming {};

/// The name that the peer's certificate is verified for. Without one nothing is resumed.
std::string_view host_of(const SSL* connection) noexcept
{
    const char* const name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    return name ? name : std::string_view();
}

session_store* store_of(const SSL* connection) noexcept
{
    return place_in<session_store>::get(SSL_get_SSL_CTX(connection));
}

/// Whether the certificate that was verified when the session began is still valid: a resumed
/// handshake does not verify it again.
bool is_valid_now(const SSL_SESSION* session) noexcept
{
    const X509* const certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
    return certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

int on_new_session(SSL* connection, SSL_SESSION* session) noexcept
try {
    auto* const store = store_of(connection);
    const auto host = host_of(connection);
    if (store && !host.empty() && SSL_SESSION_is_resumable(session) == 1)
        if (auto copy = copy_of(session)) store->keep(host, std::move(copy));
    return 0; // OpenSSL keeps its own
} catch (const std::exception&) {
    return 0; // the next handshake is a whole one
}

} // namespace

void keep_sessions(SSL_CTX* context)
{
    if (!place_in<session_store>::put(context, std::make_unique<session_store>())) return;
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &on_new_session);
}

void offer_session(SSL* connection) noexcept
try {
    auto* const store = store_of(connection);
    if (!store || SSL_get_session(connection)) return; // not the first handshake
    const auto session = store->find(host_of(connection));
    if (!session) return;
    if (!is_valid_now(session.get())) return store->drop(host_of(connection));
    if (SSL_set_session(connection, session.get()) == 1)
        place_in<resuming>::put(connection, std::make_unique<resuming>());
} catch (const std::exception&) {
    return;
}

bool drop_session(SSL* connection) noexcept
{
    if (auto* const store = store_of(connection)) store->drop(host_of(connection));
    return place_in<resuming>::get(connection) != nullptr;
}

} // namespace gemini::live::transport
