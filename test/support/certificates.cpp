// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace test {
namespace {

template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;
using key = owned<EVP_PKEY>;
using certificate = owned<X509>;

void check(bool ok)
{
    if (!ok) throw std::runtime_error("OpenSSL could not make a certificate for the test");
}

key new_key()
{
    const owned<EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr), &EVP_PKEY_CTX_free);
    check(EVP_PKEY_keygen_init(context.get()) == 1);
    check(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1);
    EVP_PKEY* made = nullptr;
    check(EVP_PKEY_keygen(context.get(), &made) == 1);
    return {made, &EVP_PKEY_free};
}

void add_extension(X509* to, X509* issuer, int which, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    const owned<X509_EXTENSION> extension(
        X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()), &X509_EXTENSION_free);
    check(extension && X509_add_ext(to, extension.get(), -1) == 1);
}

certificate new_certificate(const std::string& name, EVP_PKEY* own_key, validity when)
{
    static std::atomic<long> serial = 1;
    constexpr long day = 24 * 3600;
    certificate made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    const long from = when == validity::now ? -day : when == validity::expired ? -2 * day : day;
    X509_gmtime_adj(X509_getm_notBefore(made.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), when == validity::now ? day : from + day);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
        reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    check(X509_set_pubkey(made.get(), own_key) == 1);
    return made;
}

void sign(X509* what, X509* issuer, EVP_PKEY* with)
{
    X509_set_issuer_name(what, X509_get_subject_name(issuer));
    check(X509_sign(what, with, EVP_sha256()) != 0);
}

template <class Write>
std::string pem_text(Write write)
{
    const owned<BIO> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
    check(write(memory.get()) == 1);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* what)
{
    return pem_text([&](BIO* to) { return PEM_write_bio_X509(to, what); });
}

std::string pem_of(EVP_PKEY* what)
{
    return pem_text([&](BIO* to) {
        return PEM_write_bio_PrivateKey(to, what, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

} // namespace

struct certificate_authority::state {
    /// Signed by `issuer`; null: by itself.
    explicit state(const std::string& name, const state* issuer = nullptr)
        : own(new_certificate(name, own_key.get(), validity::now))
    {
        const auto& by = issuer ? *issuer : *this;
        add_extension(own.get(), by.own.get(), NID_basic_constraints, "critical,CA:TRUE");
        sign(own.get(), by.own.get(), by.own_key.get());
        pem = pem_of(own.get());
    }

    key own_key = new_key();
    certificate own;
    std::string pem;
};

certificate_authority::certificate_authority()
    : state_(std::make_unique<state>("Throw-away CA of the tests"))
{
}

certificate_authority::certificate_authority(std::unique_ptr<state> state)
    : state_(std::move(state))
{
}

certificate_authority::~certificate_authority() = default;

const std::string& certificate_authority::pem() const { return state_->pem; }

certificate_authority certificate_authority::issue_authority() const
{
    return certificate_authority(std::make_unique<state>("Throw-away CA in between", state_.get()));
}

pem_identity certificate_authority::issue(const std::string& names, validity when) const
{
    const auto own_key = new_key();
    const auto made = new_certificate("server", own_key.get(), when);
    add_extension(made.get(), state_->own.get(), NID_subject_alt_name, names);
    sign(made.get(), state_->own.get(), state_->own_key.get());
    return {pem_of(made.get()), pem_of(own_key.get())};
}

pem_identity self_signed(const std::string& names)
{
    const auto own_key = new_key();
    const auto made = new_certificate("server", own_key.get(), validity::now);
    add_extension(made.get(), made.get(), NID_subject_alt_name, names);
    sign(made.get(), made.get(), own_key.get());
    return {pem_of(made.get()), pem_of(own_key.get())};
}

} // namespace test
