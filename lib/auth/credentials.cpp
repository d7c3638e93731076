// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/credentials.hpp>

#include "auth/trim.hpp"

#include <utility>

namespace gemini::live {

api_key::api_key(std::string key, std::string origin)
    : key_(auth::trimmed(secret(std::move(key)))), origin_(std::move(origin))
{
}

ephemeral_token::ephemeral_token(std::string name) : name_(auth::trimmed(secret(std::move(name))))
{
}

access_token::access_token(
    std::string token, std::string quota_project, std::optional<time_point> expires)
    : token_(auth::trimmed(secret(std::move(token)))), quota_project_(std::move(quota_project)),
      expires_(expires)
{
}

credentials::credentials(api_key key)
{
    if (key.reveal().starts_with("auth_tokens/"))
        held_ = ephemeral_token(key.reveal());
    else if (!key.empty())
        held_ = std::move(key);
}

credentials::credentials(ephemeral_token token)
{
    if (!token.empty()) held_ = std::move(token);
}

credentials::credentials(access_token token)
{
    if (!token.empty()) held_ = std::move(token);
}

credentials::credentials(token_provider provider)
{
    if (provider.ask) held_ = std::move(provider);
}

credentials::credentials(credential_file file)
{
    if (!file.path.empty() || !file.text.empty()) held_ = std::move(file);
}

credentials::credentials(metadata_server server) : held_(std::move(server)) {}

credentials::credentials(application_default whichever) : held_(std::move(whichever)) {}

} // namespace gemini::live
