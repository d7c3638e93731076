// SPDX-License-Identifier: Apache-2.0
#include "transport/pinned_keys.hpp"

#include "base/base64.hpp"
#include "transport/openssl_objects.hpp"

#include <gemini/live/error.hpp>

#include <openssl/evp.h>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace gemini::live::transport {
namespace {

constexpr std::string_view prefix = "sha256//";

std::optional<key_digest> read_pin(std::string_view pin)
{
    if (pin.starts_with(prefix)) pin.remove_prefix(prefix.size());
    if (pin.size() > base::base64_size(sizeof(key_digest))) return std::nullopt;
    std::vector<std::byte> bytes(base::base64_capacity(pin.size()));
    if (base::base64_decode(pin, bytes.data()) != sizeof(key_digest)) return std::nullopt;
    key_digest digest;
    std::copy_n(bytes.begin(), digest.size(), digest.begin());
    return digest;
}

} // namespace

std::vector<key_digest> read_pins(const std::vector<std::string>& pins)
{
    std::vector<key_digest> read;
    for (std::size_t i = 0; i < pins.size(); ++i) {
        const auto digest = read_pin(pins[i]);
        if (!digest) {
            throw error(errc::invalid_argument,
                fmt::format(
                    "tls_options::pinned_public_keys[{}] is no SHA-256 of a public key: give "
                    "it in base64, which has 44 characters, with or without {} before it.",
                    i, prefix));
        }
        read.push_back(*digest);
    }
    return read;
}

std::optional<key_digest> digest_of(const X509* certificate)
{
    unsigned char* bytes = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
    if (size <= 0) return std::nullopt;
    const owned<unsigned char> encoded(bytes, [](unsigned char* of) { OPENSSL_free(of); });
    key_digest digest;
    const bool made =
        EVP_Digest(encoded.get(), static_cast<std::size_t>(size),
            reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(), nullptr) == 1;
    return made ? std::optional(digest) : std::nullopt;
}

std::string pin_of(const key_digest& digest)
{
    std::string text(base::base64_size(digest.size()), ' ');
    base::base64_encode(digest, text.data());
    return std::string(prefix) + text;
}

bool is_pinned(const STACK_OF(X509) * chain, const std::vector<key_digest>& pins)
{
    if (pins.empty()) return true;
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        const auto digest = digest_of(sk_X509_value(chain, i));
        if (digest && std::find(pins.begin(), pins.end(), *digest) != pins.end()) return true;
    }
    return false;
}

} // namespace gemini::live::transport
