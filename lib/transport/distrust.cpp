// SPDX-License-Identifier: Apache-2.0
#include "transport/distrust.hpp"

#include "base/excerpt.hpp"
#include "transport/openssl_objects.hpp"
#include "transport/pinned_keys.hpp"

#include <asio/ip/address.hpp>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string_view>
#include <vector>

namespace gemini::live::transport {
namespace {

constexpr std::size_t longest_name = 120; // bytes
constexpr std::size_t most_names = 5;

std::string shown(const X509_NAME* name)
{
    const owned<BIO> text(BIO_new(BIO_s_mem()), &BIO_free_all);
    constexpr unsigned long as_utf8 = XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB;
    if (!text || X509_NAME_print_ex(text.get(), name, 0, as_utf8) < 0) return "unknown";
    char* data = nullptr;
    const auto size = BIO_get_mem_data(text.get(), &data);
    return base::excerpt({data, static_cast<std::size_t>(std::max(size, 0L))}, longest_name);
}

std::string shown(const ASN1_TIME* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "unknown";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string_view bytes_of(const ASN1_STRING* text)
{
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
        static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_in(std::string_view bytes)
{
    const auto copied = [bytes](auto into) {
        std::copy(bytes.begin(), bytes.end(), into.begin());
        return into;
    };
    if (bytes.size() == 4)
        return asio::ip::address_v4(copied(asio::ip::address_v4::bytes_type())).to_string();
    if (bytes.size() == 16)
        return asio::ip::address_v6(copied(asio::ip::address_v6::bytes_type())).to_string();
    return "an address of a strange length";
}

/// The hosts that a certificate names; others (email, URI) name none.
std::vector<std::string> hosts_of(const X509* certificate)
{
    const owned<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
                                       certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free);
    std::vector<std::string> hosts;
    for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
        int kind = 0;
        const auto* const value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &kind);
        if (kind != GEN_DNS && kind != GEN_IPADD) continue;
        const auto bytes = bytes_of(static_cast<const ASN1_STRING*>(value));
        hosts.push_back(kind == GEN_DNS ? base::excerpt(bytes, longest_name) : address_in(bytes));
    }
    return hosts;
}

std::string shown(const std::vector<std::string>& hosts)
{
    if (hosts.empty()) return "no host";
    std::string text;
    const auto count = std::min(hosts.size(), most_names);
    for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + hosts[i];
    if (hosts.size() > count) text += fmt::format(" and {} more", hosts.size() - count);
    return text;
}

bool is_unknown_issuer(long result)
{
    constexpr std::array results{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
        X509_V_ERR_CERT_SIGNATURE_FAILURE};
    return std::find(results.begin(), results.end(), result) != results.end();
}

const char* advice(long result)
{
    if (is_unknown_issuer(result))
        return "If you trust its issuer (a company's proxy, a test server), give the issuer's "
               "certificate in tls_options::ca_file, or install ca-certificates.";
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "Use a host name that the certificate is for.";
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "Check the clock of this machine; if it is right, the server needs another one.";
    case X509_V_ERR_APPLICATION_VERIFICATION:
        return "If the server has a new key that you trust, add it to "
               "tls_options::pinned_public_keys.";
    default: return "Check the certificates of the server and of this machine.";
    }
}

} // namespace

std::string facts_of(const X509* certificate)
{
    if (!certificate) return "no certificate";
    return fmt::format("\"{}\", issued by \"{}\", valid from {} to {}",
        shown(X509_get_subject_name(certificate)), shown(X509_get_issuer_name(certificate)),
        shown(X509_get0_notBefore(certificate)), shown(X509_get0_notAfter(certificate)));
}

std::string facts_of_failure(const X509_STORE_CTX* verification)
{
    auto* const changed = const_cast<X509_STORE_CTX*>(verification);
    const auto* const failed = X509_STORE_CTX_get_current_cert(changed);
    auto facts = facts_of(failed);
    if (X509_STORE_CTX_get_error_depth(changed) > 0) return "that of an issuer: " + facts;
    if (failed) facts += ", for " + shown(hosts_of(failed));
    const bool is_unpinned =
        X509_STORE_CTX_get_error(changed) == X509_V_ERR_APPLICATION_VERIFICATION;
    if (const auto digest = failed && is_unpinned ? digest_of(failed) : std::nullopt)
        facts += ", with the key " + pin_of(*digest);
    return facts;
}

error distrust(
    long result, const std::string& host, const std::string& facts, const std::string& store)
{
    auto sentence = fmt::format("The certificate of {} is not trusted: {}", host,
        result == X509_V_ERR_APPLICATION_VERIFICATION ? "none of its keys is pinned"
                                                      : X509_verify_cert_error_string(result));
    if (!facts.empty()) sentence += fmt::format(" ({})", facts);
    sentence += fmt::format(". {}", advice(result));
    if (is_unknown_issuer(result) && !store.empty()) sentence += ' ' + store;
    return {errc::tls_failed, sentence, {phase::tls}};
}

} // namespace gemini::live::transport
