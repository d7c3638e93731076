// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/auth/headers_test.cpp
#include <gemini/live/credentials.hpp>

#include "base/trim.hpp"

#include <utility>

namespace gemini::live {

api_key::api_key(std::string key, std::string origin)
    : key_(base::trimmed(secret(std::move(key)))), origin_(std::move(origin))
{
}

ephemeral_token::ephemeral_token(std::string name) : name_(base::trimmed(secret(std::move(name))))
{
}

access_token::access_token(
    std::string token, std::string quota_project, std::optional<time_point> expires)
    : token_(base::trimmed(secret(std::move(token)))), quota_project_(std::move(quota_project)),
      expires_(expires)
{
}

} // namespace gemini::live
