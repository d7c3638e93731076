// SPDX-License-Identifier: Apache-2.0
#include "transport/self_signed.hpp"

#include "transport/openssl_objects.hpp"

#include <gemini/live/error.hpp>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>

namespace gemini::live::transport {
namespace {

constexpr long day = 24 * 3600;        // s
constexpr long clock_difference = 600; // s by which a client's clock may be behind

void check(bool succeeded)
{
    if (succeeded) return;
    ERR_clear_error();
    throw error(errc::tls_failed, "OpenSSL could not make a certificate.", {phase::tls});
}

owned<EVP_PKEY> make_key()
{
    const owned<EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    check(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
          EVP_PKEY_keygen(context.get(), &key) == 1);
    return {key, &EVP_PKEY_free};
}

/// Clients that have seen an earlier certificate distinguish this one by its number.
void number_at_random(X509* certificate)
{
    const owned<BIGNUM> number(BN_new(), &BN_free);
    check(number && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
          BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void extend(X509* certificate, int what, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const owned<X509_EXTENSION> extension(
        X509V3_EXT_conf_nid(nullptr, &context, what, value), &X509_EXTENSION_free);
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

/// Only letters, digits, dots and hyphens are accepted, since other characters could add meaning in
/// a certificate.
std::string names_of(const std::vector<std::string>& host_names)
{
    std::string all = "DNS:localhost,IP:127.0.0.1,IP:::1";
    for (const auto& each : host_names) {
        const bool fits = !each.empty() && each.size() <= 253 &&
                          std::all_of(each.begin(), each.end(), [](unsigned char c) {
                              return std::isalnum(c) != 0 || c == '.' || c == '-';
                          });
        if (!fits)
            throw error(errc::invalid_argument,
                "\"" + each + "\" is no host name: letters, digits, dots and hyphens.");
        const bool is_address = each.find_first_not_of("0123456789.") == std::string::npos;
        all += (is_address ? ",IP:" : ",DNS:") + each;
    }
    return all;
}

owned<X509> make_certificate(EVP_PKEY* key, const std::string& names)
{
    owned<X509> certificate(X509_new(), &X509_free);
    auto* const made = certificate.get();
    check(made && X509_set_version(made, 2) == 1);
    number_at_random(made);
    check(X509_gmtime_adj(X509_getm_notBefore(made), -clock_difference) != nullptr);
    check(X509_gmtime_adj(X509_getm_notAfter(made), day) != nullptr);
    auto* const name = X509_get_subject_name(made);
    const auto* const common_name = reinterpret_cast<const unsigned char*>("localhost");
    check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1);
    check(X509_set_issuer_name(made, name) == 1 && X509_set_pubkey(made, key) == 1);
    extend(made, NID_basic_constraints, "critical,CA:TRUE"); // some clients trust no other kind
    extend(made, NID_subject_alt_name, names.c_str());
    check(X509_sign(made, key, EVP_sha256()) != 0);
    return certificate;
}

template <class Write>
std::string pem(Write write)
{
    const owned<BIO> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
    check(memory && write(memory.get()) == 1);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

} // namespace

std::pair<std::string, std::string> make_self_signed(const std::vector<std::string>& host_names)
{
    const auto names = names_of(host_names);
    const auto key = make_key();
    const auto certificate = make_certificate(key.get(), names);
    return {
        pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate.get()); }), pem([&](BIO* to) {
            return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        })};
}

} // namespace gemini::live::transport
