// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/tls_context_test.cpp
#pragma once

#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// Public keys that a user requires of a server (`tls_options::pinned_public_keys`).
namespace gemini::live::transport {

/// The SHA-256 of a certificate's public key (its SubjectPublicKeyInfo).
using key_digest = std::array<std::byte, 32>;

/// Reads digests in base64, with or without "sha256//" before it. Throws `live::error` with
/// errc::invalid_argument, which names the entry.
[[nodiscard]] std::vector<key_digest> read_pins(const std::vector<std::string>& pins);

/// Returns nullopt when OpenSSL cannot encode the key.
[[nodiscard]] std::optional<key_digest> digest_of(const X509* certificate);

/// Returns a digest as it is given in `tls_options`.
[[nodiscard]] std::string pin_of(const key_digest& digest);

/// Whether the key of a certificate of the chain is pinned. Without pins every key is.
[[nodiscard]] bool is_pinned(const STACK_OF(X509) * chain, const std::vector<key_digest>& pins);

} // namespace gemini::live::transport
