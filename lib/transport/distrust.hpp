// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/tls_context_test.cpp
#pragma once

#include <gemini/live/error.hpp>

#include <openssl/x509.h>

#include <string>

/// Why a certificate was not trusted, for people.
namespace gemini::live::transport {

/// Returns whose certificate it is, who issued it and when it is valid: "CN=server", issued by
/// "CN=Some CA", valid from 2026-11-01 12:00:00 UTC to 2027-11-01 12:00:00 UTC. On one line and
/// bounded, whatever it contains.
[[nodiscard]] std::string facts_of(const X509* certificate);

/// Returns the facts of the certificate at which verification failed: also which hosts it names, or
/// that it is an issuer's. On one line and bounded, too.
[[nodiscard]] std::string facts_of_failure(const X509_STORE_CTX* verification);

/// Returns the error for the certificate of `host`. `result` is an X509_V_ERR_*; `facts` those
/// above. `store`: what is wrong with the system's certificates; empty: nothing.
[[nodiscard]] error distrust(
    long result, const std::string& host, const std::string& facts, const std::string& store);

} // namespace gemini::live::transport
