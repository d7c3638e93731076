// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt.hpp"

#include "base/base64.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>

namespace gemini::live::auth {
namespace {

template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;

[[noreturn]] void refuse_key(std::string_view name, std::string_view why)
{
    ERR_clear_error();
    throw error(errc::missing_credentials, fmt::format("{} {}.", name, why));
}

/// Prevents OpenSSL from prompting for a passphrase in the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

owned<EVP_PKEY> read_key(const secret& pem, std::string_view name)
{
    const auto& text = pem.reveal();
    const owned<BIO> memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
        [](BIO* each) { BIO_free_all(each); });
    owned<EVP_PKEY> key(
        memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr) : nullptr,
        &EVP_PKEY_free);
    if (!key) refuse_key(name, "is not an unencrypted private key in PEM");
    if (EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        refuse_key(name, "is not an RSA key, as those of service accounts are");
    return key;
}

/// Encodes in the URL-safe alphabet, without padding.
std::string base64url(std::string_view bytes)
{
    std::string text(base::base64_size(bytes.size()), '\0');
    base::base64_encode(std::as_bytes(std::span(bytes)), text.data());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::min(text.find('='), text.size()));
    return text;
}

std::string sign(EVP_PKEY* key, std::string_view text, std::string_view name)
{
    const owned<EVP_MD_CTX> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    std::string signature;
    bool done = digest &&
                EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) == 1;
    if (done) {
        signature.resize(size);
        auto* const to = reinterpret_cast<unsigned char*>(signature.data());
        done = EVP_DigestSign(digest.get(), to, &size, bytes, text.size()) == 1;
    }
    if (!done) refuse_key(name, "is an RSA key that OpenSSL cannot sign with: it may be too short");
    signature.resize(size);
    return signature;
}

} // namespace

secret make_jwt(
    std::string_view claims, std::string_view key_id, const secret& key, std::string_view name)
{
    const auto private_key = read_key(key, name);
    protocol::json_writer header;
    header.begin_object().member("alg", "RS256").member("typ", "JWT");
    header.unless_default("kid", std::string(key_id)).end_object();
    auto text = base64url(header.text()) + '.' + base64url(claims);
    const auto signature = sign(private_key.get(), text, name);
    return secret(text + '.' + base64url(signature));
}

} // namespace gemini::live::auth
