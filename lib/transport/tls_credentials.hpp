// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/tls_context_test.cpp
#pragma once

#include <gemini/live/network.hpp>
#include <gemini/live/secret.hpp>

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

/// Certificates and keys that a user gives as text or files. Errors name the member of
/// `tls_options`, and the file.
namespace gemini::live::transport {

/// Identifies the content of a file; it changes when the file is replaced. All zeros: no such file.
struct file_stamp {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::int64_t size = 0;
    std::int64_t changed = 0; ///< In nanoseconds.
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// Returns those of the files that `given` names.
[[nodiscard]] std::vector<file_stamp> stamps_of(const tls_options& given);

/// Makes a context trust the authorities of `given`, and the system's if that is wanted. OpenSSL
/// takes the latter from SSL_CERT_FILE and SSL_CERT_DIR if these are set, and ignores what it
/// cannot read: returns what that is, as a sentence; empty: nothing. Throws `live::error` with
/// errc::tls_failed.
[[nodiscard]] std::string use_authorities(SSL_CTX* context, const tls_options& given);

/// Gives a context the client certificate of `given`, if there is one. Throws as
/// `use_authorities`.
void use_client_certificate(SSL_CTX* context, const tls_options& given);

/// Gives a context the first certificate of a text, and the others as its chain. Returns false when
/// the text contains no certificate, one cannot be read, or OpenSSL does not accept it.
[[nodiscard]] bool use_chain(SSL_CTX* context, const std::string& pem);

enum class key_fault { none, unusable, encrypted, wrong_password, of_another_certificate };

/// Gives a context the first private key of a text, which belongs to its certificate.
[[nodiscard]] key_fault use_key(
    SSL_CTX* context, const std::string& pem, const secret& password = {});

} // namespace gemini::live::transport
