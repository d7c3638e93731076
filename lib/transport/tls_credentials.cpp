// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_credentials.hpp"

#include "base/excerpt.hpp"
#include "base/private_file.hpp"
#include "transport/openssl_objects.hpp"

#include <gemini/live/error.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t longest_file = 8u << 20; // bytes; all authorities of the web take 250 KB

[[noreturn]] void fail_to_use(const std::string& sentence)
{
    ERR_clear_error();
    throw error(errc::tls_failed, sentence, {phase::tls});
}

/// What a user gave, and how to call it in errors.
struct material {
    std::string name;
    secret text;
};

material read_file(std::string_view member, const std::string& path)
{
    auto name = fmt::format("The file {} of tls_options::{}", base::excerpt(path), member);
    try {
        auto text = base::read_file(path, longest_file);
        if (text) return {std::move(name), secret(std::move(*text))};
    } catch (const error& failure) {
        fail_to_use(fmt::format("tls_options::{}: {}", member, failure.what()));
    }
    fail_to_use(fmt::format("{} does not exist.", name));
}

/// The text of a member, or that of the file which another names.
material text_or_file(std::string_view member, const std::string& text,
    std::string_view file_member, const std::string& path)
{
    if (!path.empty()) return read_file(file_member, path);
    return {fmt::format("tls_options::{}", member), secret(text)};
}

owned<BIO> reader_of(const std::string& pem)
{
    return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all};
}

owned<X509> next_certificate(BIO* from)
{
    return {PEM_read_bio_X509(from, nullptr, nullptr, nullptr), &X509_free};
}

/// Whether reading certificates has stopped because there are no more of them.
bool is_at_the_end() { return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; }

void trust(X509_STORE* store, const material& given)
{
    const auto from = reader_of(given.text.reveal());
    int count = 0;
    ERR_clear_error();
    while (const auto certificate = next_certificate(from.get())) {
        X509_STORE_add_cert(store, certificate.get());
        ++count;
    }
    if (count == 0 || !is_at_the_end())
        fail_to_use(
            fmt::format("{} holds no certificate in PEM form: give the text from \"-----BEGIN "
                        "CERTIFICATE-----\" to \"-----END CERTIFICATE-----\".",
                given.name));
    ERR_clear_error();
}

/// OpenSSL would ask the terminal for the password of an encrypted key, if it were not given this.
struct password_source {
    const secret& password;
    bool asked = false;

    static int answer(char* to, int room, int, void* self)
    {
        auto& source = *static_cast<password_source*>(self);
        source.asked = true;
        const auto& text = source.password.reveal();
        if (text.empty() || text.size() > static_cast<std::size_t>(room)) return -1;
        std::memcpy(to, text.data(), text.size());
        return static_cast<int>(text.size());
    }
};

void use_client_key(SSL_CTX* context, const material& given, const secret& password)
{
    const auto end =
        "in PEM form: give the text from \"-----BEGIN PRIVATE KEY-----\" to \"-----END "
        "PRIVATE KEY-----\".";
    switch (use_key(context, given.text.reveal(), password)) {
    case key_fault::none: return;
    case key_fault::unusable:
        fail_to_use(fmt::format("{} holds no private key {}", given.name, end));
    case key_fault::encrypted:
        fail_to_use(fmt::format(
            "{} holds an encrypted key: give tls_options::private_key_password.", given.name));
    case key_fault::wrong_password:
        fail_to_use(fmt::format(
            "tls_options::private_key_password is not the password of the key: {} cannot be read.",
            given.name));
    case key_fault::of_another_certificate:
        fail_to_use(fmt::format(
            "{} holds the key of another certificate than that of tls_options.", given.name));
    }
}

std::string unreadable(const char* variable, std::string_view path)
{
    if (::access(std::string(path).c_str(), R_OK) == 0) return {};
    return fmt::format("{} names \"{}\", which cannot be read: {}.", variable, base::excerpt(path),
        std::generic_category().message(errno));
}

/// `store` has just read the system's certificates.
std::string fault_of_system_store(X509_STORE* store)
{
    if (const char* const file = ::secure_getenv("SSL_CERT_FILE")) { // as OpenSSL reads it
        if (auto fault = unreadable("SSL_CERT_FILE", file); !fault.empty()) return fault;
        if (sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) == 0)
            return fmt::format(
                "SSL_CERT_FILE names \"{}\", which holds no certificate in PEM form.",
                base::excerpt(file));
    }
    const char* const folders = ::secure_getenv("SSL_CERT_DIR");
    for (std::string_view rest = folders ? folders : ""; !rest.empty();) {
        const auto end = std::min(rest.find(':'), rest.size());
        if (auto fault = unreadable("SSL_CERT_DIR", rest.substr(0, end));
            end != 0 && !fault.empty())
            return fault;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

} // namespace

std::vector<file_stamp> stamps_of(const tls_options& given)
{
    std::vector<file_stamp> stamps;
    for (const auto* path : {&given.ca_file, &given.certificate_file, &given.private_key_file}) {
        if (path->empty()) continue;
        auto& stamp = stamps.emplace_back();
        struct stat found {};
        if (::stat(path->c_str(), &found) != 0) continue;
        stamp = {found.st_dev, found.st_ino, found.st_size,
            found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec};
    }
    return stamps;
}

std::string use_authorities(SSL_CTX* context, const tls_options& given)
{
    auto* const store = SSL_CTX_get_cert_store(context);
    std::string fault;
    if (given.system_store) {
        SSL_CTX_set_default_verify_paths(context);
        fault = fault_of_system_store(store);
    }
    if (given.ca_pem.empty() && given.ca_file.empty()) return fault;
    if (!given.ca_pem.empty()) trust(store, {"tls_options::ca_pem", secret(given.ca_pem)});
    if (!given.ca_file.empty()) trust(store, read_file("ca_file", given.ca_file));
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN); // what was given need not be a root
    return fault;
}

void use_client_certificate(SSL_CTX* context, const tls_options& given)
{
    if (given.certificate_pem.empty() && given.certificate_file.empty()) return;
    const auto chain = text_or_file(
        "certificate_pem", given.certificate_pem, "certificate_file", given.certificate_file);
    if (!use_chain(context, chain.text.reveal())) {
        const auto code = ERR_peek_last_error();
        const char* const text = is_at_the_end() ? nullptr : ERR_reason_error_string(code);
        fail_to_use(fmt::format("{} holds no usable client certificate in PEM form{}{}: give the "
                                "certificate first, then its issuers.",
            chain.name, text ? ", as OpenSSL says: " : "", text ? text : ""));
    }
    const bool has_key = !given.private_key_pem.empty() || !given.private_key_file.empty();
    use_client_key(context,
        has_key ? text_or_file("private_key_pem", given.private_key_pem.reveal(),
                      "private_key_file", given.private_key_file)
                : chain,
        given.private_key_password);
}

bool use_chain(SSL_CTX* context, const std::string& pem)
{
    ERR_clear_error();
    const auto from = reader_of(pem);
    const auto own = next_certificate(from.get());
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return false;
    while (const auto issuer = next_certificate(from.get()))
        if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return false;
    return is_at_the_end();
}

key_fault use_key(SSL_CTX* context, const std::string& pem, const secret& password)
{
    password_source source{password};
    ERR_clear_error();
    const owned<EVP_PKEY> key(
        PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, &password_source::answer, &source),
        &EVP_PKEY_free);
    if (!key && !source.asked) return key_fault::unusable;
    if (!key) return password.empty() ? key_fault::encrypted : key_fault::wrong_password;
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return key_fault::of_another_certificate;
    return key_fault::none;
}

} // namespace gemini::live::transport
