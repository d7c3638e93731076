// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/credentials.hpp>

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

} // namespace gemini::live
