// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/secret.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What stands in the credential files that Google Cloud gives out. Pure.
namespace gemini::live::auth {

/// A robot with a key of its own.
struct service_account {
    std::string email;
    std::string key_id; ///< Empty: not told.
    secret private_key; ///< PEM
    std::string token_url;
};

/// Somebody who has logged in.
struct authorized_user {
    std::string client_id;
    secret client_secret;
    secret refresh_token;
    std::string token_url;
};

/// Somebody whom another identity provider knows.
struct external_identity {
    std::string audience;
    std::string subject_token_type;
    std::string token_url;
    /// Where the subject token is: one of the two.
    std::string file;
    std::string url;
    std::vector<std::pair<std::string, secret>> headers; ///< For the URL.
    std::string token_member; ///< Of the JSON that is there; empty: it is the token.
    std::string client_id;    ///< With the secret: basic authentication. Empty: none.
    secret client_secret;
    std::string workforce_project; ///< workforce_pool_user_project
};

/// The service account that the holder acts for.
struct impersonation {
    std::string url;
    std::vector<std::string> delegates;
    std::chrono::seconds lifetime;
};

struct account {
    std::variant<service_account, authorized_user, external_identity> who;
    std::optional<impersonation> acts_for;
    std::string project;         ///< Empty: not told.
    std::string quota_project;   ///< Empty: its own.
    std::string universe_domain; ///< Empty: googleapis.com.
};

/// Throws errc::missing_credentials that names the file by `name`, and the member; shows no value
/// but types.
[[nodiscard]] account read_account(std::string_view text, std::string_view name);

} // namespace gemini::live::auth
