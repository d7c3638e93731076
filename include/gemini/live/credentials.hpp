// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/asio_check.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/secret.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#pragma GCC visibility push(default)
namespace gemini::live {

/// A key of the Gemini API, or of Vertex AI in express mode. Sent in the header `x-goog-api-key`,
/// never in a URL.
///
/// White space and quotation marks around a key or token, and a byte order mark before it, are
/// stripped: files and shells leave them there. The client refuses with errc::invalid_argument what
/// then cannot be a key, such as one with a line break or a blank in its middle.
class api_key {
public:
    api_key() = default;
    /// `origin` names in errors where the key came from: "GEMINI_API_KEY", "the file keys.txt".
    explicit api_key(std::string key, std::string origin = {});

    /// Returns the key in `GOOGLE_API_KEY`, else the one in `GEMINI_API_KEY`. Empty if neither is
    /// set; connecting then fails with errc::missing_credentials.
    [[nodiscard]] static api_key from_environment();

    /// True if there is no key.
    [[nodiscard]] bool empty() const noexcept { return key_.empty(); }
    /// Where the key came from; empty: not known.
    [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return key_.reveal(); }

private:
    secret key_;
    std::string origin_;
};

/// A short-lived token that a server made with its key, for clients that must not see the key:
/// "auth_tokens/…". Gemini API only. Sent in the header `Authorization`.
class ephemeral_token {
public:
    ephemeral_token() = default;
    /// `name` is the token: "auth_tokens/…".
    explicit ephemeral_token(std::string name);

    /// True if there is no token.
    [[nodiscard]] bool empty() const noexcept { return name_.empty(); }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return name_.reveal(); }

private:
    secret name_;
};

/// An OAuth token ("ya29.…", as printed by `gcloud auth print-access-token`), for Vertex AI. Sent
/// in the header `Authorization`. A connection outlives its token; a new connection needs a valid
/// one.
class access_token {
public:
    /// A time of the system's clock.
    using time_point = std::chrono::system_clock::time_point;

    access_token() = default;
    /// `quota_project` is billed in place of the token's own project; empty: the token's own. Wire:
    /// x-goog-user-project. `expires` matters only for tokens that a `token_provider` returns.
    explicit access_token(std::string token, std::string quota_project = {},
        std::optional<time_point> expires = std::nullopt);

    /// True if there is no token.
    [[nodiscard]] bool empty() const noexcept { return token_.empty(); }
    /// The project that is billed; empty: the token's own.
    [[nodiscard]] const std::string& quota_project() const noexcept { return quota_project_; }
    /// When the token expires; absent: not known.
    [[nodiscard]] std::optional<time_point> expires() const noexcept { return expires_; }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return token_.reveal(); }

private:
    secret token_;
    std::string quota_project_;
    std::optional<time_point> expires_;
};

/// A coroutine of the program that returns access tokens, for Vertex AI.
struct token_provider {
    /// Returns a token. All sessions of a client share it until shortly before
    /// `access_token::expires()`. A token without an expiry is used only by the connections that
    /// wait for it; later connections ask again. A token that the service does not accept (HTTP 401
    /// or 403) is replaced once.
    ///
    /// Completion: when there is a token. The connections that need it wait for at most 30 s, and
    /// then fail with errc::timed_out.
    /// Errors: a `live::error` fails the connections that wait, as in `session::connect`. One whose
    /// condition is `retryable` or `quota` is retried first, in up to 4 tries within those 30 s.
    /// Any other exception and an empty token become errc::missing_credentials.
    /// Cancellation: after those 30 s, or when no connection waits any longer (`terminal`). A
    /// provider that ignores it prolongs the wait; `session::close` ends the wait nevertheless.
    /// Threads: runs on the client's executor, once at a time.
    std::function<asio::awaitable<access_token>()> ask{};
    gcc12_guard<token_provider> guard{}; ///< Do not touch.
};

/// A JSON file issued by Google Cloud, for Vertex AI: of a service account, a user
/// (`gcloud auth application-default login`), an external account (workload identity federation
/// with a subject token from a file or a URL), or a service account that one of these impersonates.
/// Read each time a token is needed, so it may be replaced; this is blocking I/O on the client's
/// executor. It names the servers that its secrets are sent to: never use one from an untrusted
/// source.
struct credential_file {
    std::string path{};          ///< Where the file is.
    secret text{};               ///< The file's content, in place of `path`.
    std::string quota_project{}; ///< Billed in place of the file's. Wire: x-goog-user-project.
    /// Service accounts only: the account signs the token itself, and Google is not asked for one.
    bool self_signed = false;
    gcc12_guard<credential_file> guard{}; ///< Do not touch.
};

/// The service account of the Google Cloud machine that the program runs on, for Vertex AI.
struct metadata_server {
    /// "host" or "host:port", unencrypted. Empty: `GCE_METADATA_HOST`, else `GCE_METADATA_IP`, else
    /// 169.254.169.254.
    std::string host{};
    std::string account{};                ///< Email address; empty: the machine's default account.
    std::string quota_project{};          ///< The project that is billed; empty: the account's own.
    gcc12_guard<metadata_server> guard{}; ///< Do not touch.
};

/// Application Default Credentials, for Vertex AI: `file`, else `well_known_file` if it exists,
/// else the account of `machine`.
struct application_default {
    std::string file{}; ///< Path of a credential file. Empty: `GOOGLE_APPLICATION_CREDENTIALS`.
    /// Path of gcloud's file. Empty: application_default_credentials.json in `CLOUDSDK_CONFIG`,
    /// else in `$HOME/.config/gcloud`.
    std::string well_known_file{};
    metadata_server machine{};                ///< Asked if there is no file.
    std::string quota_project{};              ///< Billed in place of the file's or the account's.
    gcc12_guard<application_default> guard{}; ///< Do not touch.
};

/// What authenticates the program to the service: one of the above, or nothing.
class credentials {
public:
    credentials() = default;
    /// Each accepts one kind of credentials. An empty key, token, provider or file is nothing. A
    /// key that begins with "auth_tokens/" is an ephemeral token.
    credentials(api_key key);                   // NOLINT(google-explicit-constructor)
    credentials(ephemeral_token token);         // NOLINT(google-explicit-constructor)
    credentials(access_token token);            // NOLINT(google-explicit-constructor)
    credentials(token_provider provider);       // NOLINT(google-explicit-constructor)
    credentials(credential_file file);          // NOLINT(google-explicit-constructor)
    credentials(metadata_server server);        // NOLINT(google-explicit-constructor)
    credentials(application_default whichever); // NOLINT(google-explicit-constructor)

    /// True if these are nothing.
    [[nodiscard]] bool empty() const noexcept { return is<std::monostate>(); }
    /// True if these are a T, such as `api_key`.
    template <class T>
    [[nodiscard]] bool is() const noexcept
    {
        return std::holds_alternative<T>(held_);
    }
    /// Returns the T that these are, or null.
    template <class T>
    [[nodiscard]] const T* get_if() const noexcept
    {
        return std::get_if<T>(&held_);
    }
    /// True if these are a source of access tokens, not a token or key. Tokens are fetched for
    /// connections, shared by all sessions of a client, and replaced before they expire.
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
#pragma GCC visibility pop
