// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/secret.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace gemini::live {

/// A key of the Gemini API, or of Vertex AI in express mode. Travels in the header
/// `x-goog-api-key`, never in a URL.
///
/// White space around a key or token, a byte order mark before it and quotation marks around it are
/// taken off, as they are left there by files and shells. What then cannot be a key, since there is
/// a line break or a blank in its middle, is refused by the client with errc::invalid_argument.
class api_key {
public:
    api_key() = default;
    /// `origin` says in errors where the key came from: "GEMINI_API_KEY", "the file keys.txt".
    explicit api_key(std::string key, std::string origin = {});

    /// From `GOOGLE_API_KEY`, else `GEMINI_API_KEY`; empty when neither is set, and connecting then
    /// fails with errc::missing_credentials.
    [[nodiscard]] static api_key from_environment();

    [[nodiscard]] bool empty() const noexcept { return key_.empty(); }
    [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return key_.reveal(); }

private:
    secret key_;
    std::string origin_;
};

/// A short-lived token that a server made with its key, for clients that must not see the key:
/// "auth_tokens/…". Gemini API only. Travels in the header `Authorization`.
class ephemeral_token {
public:
    ephemeral_token() = default;
    explicit ephemeral_token(std::string name);

    [[nodiscard]] bool empty() const noexcept { return name_.empty(); }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return name_.reveal(); }

private:
    secret name_;
};

/// An OAuth token ("ya29.…", as `gcloud auth print-access-token` prints), for Vertex AI. Travels in
/// the header `Authorization`. A session lives on after its token has ended; a new connection needs
/// a valid one.
class access_token {
public:
    using time_point = std::chrono::system_clock::time_point;

    access_token() = default;
    /// `quota_project` pays instead of the token's own; empty: that one. Wire: x-goog-user-project.
    /// `expires` is for tokens that a `token_provider` gives.
    explicit access_token(std::string token, std::string quota_project = {},
        std::optional<time_point> expires = std::nullopt);

    [[nodiscard]] bool empty() const noexcept { return token_.empty(); }
    [[nodiscard]] const std::string& quota_project() const noexcept { return quota_project_; }
    [[nodiscard]] std::optional<time_point> expires() const noexcept { return expires_; }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return token_.reveal(); }

private:
    secret token_;
    std::string quota_project_;
    std::optional<time_point> expires_;
};

/// A coroutine of the program's that gives access tokens, for Vertex AI. All sessions of a client
/// share what it gave until shortly before `access_token::expires()`; a token that does not say
/// when it ends serves those that wait for it, and the next connection asks again. It runs on the
/// client's executor, once at a time. A `live::error` that it throws counts as one of the
/// library's, so one that is retryable is tried again; other exceptions are
/// errc::missing_credentials.
struct token_provider {
    std::function<asio::awaitable<access_token>()> ask{};
    gcc12_guard<token_provider> guard{}; ///< Not to be touched.
};

/// A file in JSON as Google Cloud gives it out, for Vertex AI: of a service account, a user
/// (`gcloud auth application-default login`), an external account (workload identity federation
/// with a subject token from a file or a URL) or a service account that one of these may
/// impersonate. Read whenever a token is needed, so it may be replaced. It says where to send its
/// secrets: take it from nobody you do not trust.
struct credential_file {
    std::string path{};
    secret text{};               ///< What would stand in the file, in place of `path`.
    std::string quota_project{}; ///< Pays instead of what the file says. Wire: x-goog-user-project.
    /// Service accounts only: the bearer is a token that the account signs itself, and Google is
    /// not asked for one.
    bool self_signed = false;
    gcc12_guard<credential_file> guard{}; ///< Not to be touched.
};

/// The service account of the machine in Google Cloud that the program runs on, for Vertex AI.
struct metadata_server {
    /// "host" or "host:port", unencrypted. Empty: `GCE_METADATA_HOST`, else `GCE_METADATA_IP`, else
    /// 169.254.169.254.
    std::string host{};
    std::string account{};                ///< Email address; empty: the machine's default account.
    std::string quota_project{};          ///< Who pays; empty: the account's own.
    gcc12_guard<metadata_server> guard{}; ///< Not to be touched.
};

/// Whatever there is, for Vertex AI (Application Default Credentials): `file`, else
/// `well_known_file` if it exists, else the machine's account.
struct application_default {
    std::string file{}; ///< Empty: `GOOGLE_APPLICATION_CREDENTIALS`.
    /// Empty: application_default_credentials.json in `CLOUDSDK_CONFIG`, else in
    /// `$HOME/.config/gcloud`.
    std::string well_known_file{};
    metadata_server machine{};
    std::string quota_project{};              ///< Pays instead of what the file says.
    gcc12_guard<application_default> guard{}; ///< Not to be touched.
};

/// What proves to the service who calls: one of the above, or nothing.
class credentials {
public:
    credentials() = default;
    /// A key that begins with "auth_tokens/" is an ephemeral token.
    credentials(api_key key);                   // NOLINT(google-explicit-constructor)
    credentials(ephemeral_token token);         // NOLINT(google-explicit-constructor)
    credentials(access_token token);            // NOLINT(google-explicit-constructor)
    credentials(token_provider provider);       // NOLINT(google-explicit-constructor)
    credentials(credential_file file);          // NOLINT(google-explicit-constructor)
    credentials(metadata_server server);        // NOLINT(google-explicit-constructor)
    credentials(application_default whichever); // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool empty() const noexcept { return is<std::monostate>(); }
    /// Whether they are a T, such as `api_key`.
    template <class T>
    [[nodiscard]] bool is() const noexcept
    {
        return std::holds_alternative<T>(held_);
    }
    /// The T that they are, or null.
    template <class T>
    [[nodiscard]] const T* get_if() const noexcept
    {
        return std::get_if<T>(&held_);
    }
    /// Whether they are only where tokens come from: those are fetched for connections, shared by
    /// all sessions of a client, and replaced before they end.
    [[nodiscard]] bool give_tokens() const noexcept
    {
        return is<token_provider>() || is<credential_file>() || is<metadata_server>() ||
               is<application_default>();
    }

private:
    std::variant<std::monostate, api_key, ephemeral_token, access_token, token_provider,
        credential_file, metadata_server, application_default>
        held_;
};

} // namespace gemini::live
