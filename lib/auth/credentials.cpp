// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/auth/headers_test.cpp
#include <gemini/live/credentials.hpp>

#include <utility>

namespace gemini::live {

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
