// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace gemini::live::emulator {

/// The key of a service account: RSA, 2048 bits. Usable from any thread.
class rsa_key {
public:
    /// Generated once per process, because that is slow. Throws errc::tls_failed if OpenSSL fails.
    [[nodiscard]] static const rsa_key& common();

    /// Returns the key as unencrypted PKCS#8.
    [[nodiscard]] std::string private_pem() const;
    /// Signs with RS256: RSASSA-PKCS1-v1_5 with SHA-256.
    [[nodiscard]] std::string sign(std::string_view text) const;
    [[nodiscard]] bool verifies(std::string_view text, std::string_view signature) const;

private:
    rsa_key();
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

} // namespace gemini::live::emulator
