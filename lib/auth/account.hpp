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

/// Parses the credential files that Google Cloud issues. Pure.
namespace gemini::live::auth {

/// A service account with its own key.
struct service_account {
    std::string email;
    std::string key_id; ///< Empty: not in the file.
    secret private_key; ///< PEM
    std::string token_url;
};

/// A user who has logged in.
struct authorized_user {
    std::string client_id;
    secret client_secret;
    secret refresh_token;
    std::string token_url;
};

/// An identity known to an external identity provider.
struct external_identity {
    std::string audience;
    std::string subject_token_type;
    std::string token_url;
    /// Where the subject token comes from: exactly one of the two is set.
    std::string file;
    std::string url;
    std::vector<std::pair<std::string, secret>> headers; ///< Sent to the URL.
    std::string token_member; ///< JSON member that holds the token; empty: it is the whole text.
    std::string client_id;    ///< With the secret: basic authentication. Empty: none.
    secret client_secret;
    std::string workforce_project; ///< workforce_pool_user_project
};

/// The service account that the holder impersonates.
struct impersonation {
    std::string url;
    std::vector<std::string> delegates;
    std::chrono::seconds lifetime;
};

struct account {
    std::variant<service_account, authorized_user, external_identity> who;
    std::optional<impersonation> acts_for;
    std::string project;         ///< Empty: not in the file.
    std::string quota_project;   ///< Empty: the account's own.
    std::string universe_domain; ///< Empty: googleapis.com.
};

/// Throws errc::missing_credentials, naming the file by `name`, and the member. The error shows
/// types, but no values.
[[nodiscard]] account read_account(std::string_view text, std::string_view name);

} // namespace gemini::live::auth
