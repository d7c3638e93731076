// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_faults.hpp"

#include "transport/distrust.hpp"
#include "transport/openssl_objects.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace gemini::live::transport {
namespace {

struct notes {
    unsigned long error = 0; // OpenSSL's
    std::optional<int> alert;
    bool asked_for_certificate = false;
    std::string distrusted; // the facts of a certificate
    std::string store;
};

/// Null when there is no memory for them.
notes* notes_of(SSL* connection)
{
    if (auto* const kept = place_in<notes>::get(connection)) return kept;
    return place_in<notes>::put(connection, std::make_unique<notes>());
}

template <class Change>
void note(SSL* connection, Change change) noexcept
try {
    if (auto* const kept = notes_of(connection)) change(*kept);
} catch (const std::exception&) {
    return;
}

/// Whether an alert of a server's can only be about our certificate, or about its absence.
bool is_about_certificate(int alert, bool have_one)
{
    switch (alert) {
    case SSL_AD_DECRYPT_ERROR: return have_one; // its issuer has signed with another key
    case SSL_AD_NO_CERTIFICATE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
    }
}

/// In OpenSSL's words.
std::string text_of(const notes& kept)
{
    const auto code = kept.error != 0 || !kept.alert
                          ? kept.error
                          : ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + *kept.alert);
    const char* const text = ERR_reason_error_string(code);
    return text ? text : "unknown error";
}

notes read_notes(const SSL* connection)
{
    const auto* const kept = place_in<notes>::get(connection);
    return kept ? *kept : notes();
}

error failed(const std::string& sentence) { return {errc::tls_failed, sentence, {phase::tls}}; }

} // namespace

void note_error(SSL* connection, unsigned long code) noexcept
{
    note(connection, [code](notes& kept) { kept.error = code; });
}

void note_alert(SSL* connection, int description) noexcept
{
    note(connection, [description](notes& kept) { kept.alert = description; });
}

void note_request_for_certificate(SSL* connection) noexcept
{
    note(connection, [](notes& kept) { kept.asked_for_certificate = true; });
}

void note_distrust(
    SSL* connection, const X509_STORE_CTX* verification, const std::string& store) noexcept
{
    note(connection, [&](notes& kept) {
        kept.distrusted = facts_of_failure(verification);
        kept.store = store;
    });
}

std::optional<error> handshake_fault(
    const SSL* connection, const std::string& host, const std::string& peer)
{
    const auto kept = read_notes(connection);
    if (const auto result = SSL_get_verify_result(connection); result != X509_V_OK)
        return distrust(result, host, kept.distrusted, kept.store);
    if (auto refusal = certificate_refusal(connection, peer)) return refusal;
    if (kept.error == 0 && !kept.alert) return std::nullopt;
    return failed(fmt::format("No encrypted connection to {}: {}. Check the port, and that the "
                              "server speaks TLS 1.2 or later.",
        peer, text_of(kept)));
}

std::optional<error> certificate_refusal(const SSL* connection, const std::string& peer)
{
    const auto kept = read_notes(connection);
    if (!kept.alert) return std::nullopt;
    const auto* const ours = SSL_get_certificate(connection);
    const bool of_certificate = is_about_certificate(*kept.alert, ours != nullptr);
    if (kept.asked_for_certificate && (of_certificate || *kept.alert == SSL_AD_HANDSHAKE_FAILURE))
        return failed(fmt::format("{} asks for a client certificate ({}): give one in "
                                  "tls_options::certificate_file, with its key.",
            peer, text_of(kept)));
    if (of_certificate)
        return failed(fmt::format("{} did not accept the client certificate ({}): it is {}.", peer,
            text_of(kept), facts_of(ours)));
    return std::nullopt;
}

} // namespace gemini::live::transport
