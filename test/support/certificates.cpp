// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <vector>

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
    explicit state(
        const std::string& name, const state* issuer = nullptr, validity when = validity::now)
        : own(new_certificate(name, own_key.get(), when))
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

certificate_authority::certificate_authority(const std::string& name)
    : state_(std::make_unique<state>(name))
{
}

certificate_authority::certificate_authority(std::unique_ptr<state> state)
    : state_(std::move(state))
{
}

certificate_authority::~certificate_authority() = default;

const std::string& certificate_authority::pem() const { return state_->pem; }

certificate_authority certificate_authority::issue_authority(validity when) const
{
    return certificate_authority(
        std::make_unique<state>("Throw-away CA in between", state_.get(), when));
}

pem_identity certificate_authority::issue(
    const std::string& names, validity when, const std::string& subject) const
{
    const auto own_key = new_key();
    const auto made = new_certificate(subject, own_key.get(), when);
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

namespace {

owned<BIO> reader_of(const std::string& pem)
{
    return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all};
}

certificate certificate_in(const std::string& pem)
{
    certificate read(
        PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr), &X509_free);
    check(read != nullptr);
    return read;
}

} // namespace

std::string encrypted(const std::string& private_key, const std::string& password)
{
    const key read(PEM_read_bio_PrivateKey(reader_of(private_key).get(), nullptr, nullptr, nullptr),
        &EVP_PKEY_free);
    check(read != nullptr);
    return pem_text([&](BIO* to) {
        return PEM_write_bio_PKCS8PrivateKey(to, read.get(), EVP_aes_128_cbc(), password.data(),
            static_cast<int>(password.size()), nullptr, nullptr);
    });
}

std::string pin_of(const std::string& certificate)
{
    const auto read = certificate_in(certificate);
    std::vector<unsigned char> encoded(
        static_cast<std::size_t>(i2d_PUBKEY(X509_get0_pubkey(read.get()), nullptr)));
    auto* to = encoded.data();
    check(i2d_PUBKEY(X509_get0_pubkey(read.get()), &to) > 0);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(encoded.data(), encoded.size(), hash.data());
    std::array<unsigned char, 48> text{};
    const auto size = EVP_EncodeBlock(text.data(), hash.data(), hash.size());
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

std::string folder_name_of(const std::string& certificate)
{
    std::array<char, 9> text{};
    const auto read = certificate_in(certificate);
    std::snprintf(text.data(), text.size(), "%08lx", X509_subject_name_hash(read.get()));
    return text.data();
}

} // namespace test
