// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace gemini::live::emulation {

/// Key of a service account: RSA, 2048 bits. From any thread.
class rsa_key {
public:
    /// Made once in a process, since that takes time. Throws errc::tls_failed where OpenSSL cannot.
    [[nodiscard]] static const rsa_key& common();

    /// PKCS#8, unencrypted.
    [[nodiscard]] std::string private_pem() const;
    /// RS256: RSASSA-PKCS1-v1_5 with SHA-256.
    [[nodiscard]] std::string sign(std::string_view text) const;
    [[nodiscard]] bool verifies(std::string_view text, std::string_view signature) const;

private:
    rsa_key();
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

} // namespace gemini::live::emulation
