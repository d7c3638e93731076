// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/rsa_key.hpp"

#include <gemini/live/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace gemini::live::emulator {
namespace {

constexpr int bits = 2048;

template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;

void check(bool succeeded)
{
    if (succeeded) return;
    ERR_clear_error();
    throw error(errc::tls_failed, "OpenSSL could not make or use an RSA key.");
}

owned<EVP_PKEY> make_key()
{
    const owned<EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    check(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), bits) == 1 &&
          EVP_PKEY_keygen(context.get(), &key) == 1);
    return {key, &EVP_PKEY_free};
}

owned<EVP_MD_CTX> make_digest() { return {EVP_MD_CTX_new(), &EVP_MD_CTX_free}; }

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

rsa_key::rsa_key() : key_(make_key()) {}

const rsa_key& rsa_key::common()
{
    static const rsa_key one;
    return one;
}

std::string rsa_key::private_pem() const
{
    const owned<BIO> memory(BIO_new(BIO_s_mem()), [](BIO* each) { BIO_free_all(each); });
    check(memory && PEM_write_bio_PKCS8PrivateKey(
                        memory.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string rsa_key::sign(std::string_view text) const
{
    const auto digest = make_digest();
    std::size_t size = 0;
    check(digest &&
          EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
          EVP_DigestSign(digest.get(), nullptr, &size, bytes_of(text), text.size()) == 1);
    std::string signature(size, '\0');
    check(EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
              bytes_of(text), text.size()) == 1);
    signature.resize(size);
    return signature;
}

bool rsa_key::verifies(std::string_view text, std::string_view signature) const
{
    const auto digest = make_digest();
    const bool holds =
        digest &&
        EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(
            digest.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
    ERR_clear_error();
    return holds;
}

} // namespace gemini::live::emulator
