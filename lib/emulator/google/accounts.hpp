// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/google/rsa_key.hpp"

#include <gemini/live/testing/fake_google.hpp>

#include <string>

/// The accounts that the fake Google knows, and their credential files.
namespace gemini::live::emulator {

/// The URLs of the fake Google.
struct google_urls {
    std::string base; ///< "http://127.0.0.1:4711"
    std::string metadata_host;

    [[nodiscard]] std::string token() const { return base + "/token"; }
    [[nodiscard]] std::string sts() const { return base + "/v1/token"; }
    [[nodiscard]] std::string subject() const { return base + "/subject"; }
    [[nodiscard]] std::string impersonation(const std::string& email) const;
};

struct google_accounts {
    /// All secrets are new, except for the key.
    explicit google_accounts(const testing::fake_google_options& options);

    std::string project;
    std::string location;
    std::string universe_domain;
    std::string quota_project;
    const rsa_key* key; // of the service account and the external provider
    // Service account.
    std::string service_email;
    std::string key_id;
    // Authorized user.
    std::string client_id;
    std::string client_secret;
    std::string refresh_token;
    bool logged_out = false;
    // External account.
    std::string pool;                  // the provider's full resource name
    std::string subject_authorization; // the header value that its URL expects
};

inline constexpr const char* project_number = "123456789012";
inline constexpr const char* cloud_scope = "https://www.googleapis.com/auth/cloud-platform";
inline constexpr const char* jwt_type = "urn:ietf:params:oauth:token-type:jwt";

[[nodiscard]] std::string service_account_text(
    const google_accounts& accounts, const google_urls& urls);
[[nodiscard]] std::string authorized_user_text(
    const google_accounts& accounts, const google_urls& urls);
[[nodiscard]] std::string external_account_text(const google_accounts& accounts,
    const google_urls& urls, const testing::external_account_kind& kind);
[[nodiscard]] std::string impersonated_text(
    const google_accounts& accounts, const google_urls& urls);

/// Returns the external provider's subject token for its workload.
[[nodiscard]] std::string subject_token_text(const google_accounts& accounts,
    const google_urls& urls, std::chrono::system_clock::time_point now);

} // namespace gemini::live::emulator
