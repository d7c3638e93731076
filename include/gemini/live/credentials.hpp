// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace gemini::live {

/// A key of the Gemini API, or of Vertex AI in express mode. Travels in the header
/// `x-goog-api-key`, never in a URL.
class api_key {
public:
    api_key() = default;
    explicit api_key(std::string key) : key_(std::move(key)) {}

    /// From `GOOGLE_API_KEY`, else `GEMINI_API_KEY`; empty when neither is set, and connecting then
    /// fails with errc::missing_credentials.
    [[nodiscard]] static api_key from_environment();

    [[nodiscard]] bool empty() const noexcept { return key_.empty(); }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return key_; }

private:
    std::string key_;
};

/// A short-lived token that a server made with its key, for clients that must not see the key:
/// "auth_tokens/…". Gemini API only. Travels in the header `Authorization`.
class ephemeral_token {
public:
    ephemeral_token() = default;
    explicit ephemeral_token(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] bool empty() const noexcept { return name_.empty(); }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return name_; }

private:
    std::string name_;
};

/// An OAuth token ("ya29.…", as `gcloud auth print-access-token` prints), for Vertex AI. Travels in
/// the header `Authorization`. A session lives on after its token has ended; a new connection needs
/// a valid one.
class access_token {
public:
    access_token() = default;
    /// `quota_project` pays instead of the token's own; empty: that one. Wire: x-goog-user-project.
    explicit access_token(std::string token, std::string quota_project = {})
        : token_(std::move(token)), quota_project_(std::move(quota_project))
    {
    }

    [[nodiscard]] bool empty() const noexcept { return token_.empty(); }
    [[nodiscard]] const std::string& quota_project() const noexcept { return quota_project_; }
    /// The secret itself. Do not print it.
    [[nodiscard]] const std::string& reveal() const noexcept { return token_; }

private:
    std::string token_;
    std::string quota_project_;
};

/// What proves to the service who calls: one of the above, or nothing.
class credentials {
public:
    credentials() = default;
    /// A key that begins with "auth_tokens/" is an ephemeral token.
    credentials(api_key key);           // NOLINT(google-explicit-constructor)
    credentials(ephemeral_token token); // NOLINT(google-explicit-constructor)
    credentials(access_token token);    // NOLINT(google-explicit-constructor)

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

private:
    std::variant<std::monostate, api_key, ephemeral_token, access_token> held_;
};

} // namespace gemini::live
