// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/auth_test.cpp, test/unit/auth/token_call_test.cpp
#pragma once

#include <gemini/live/secret.hpp>

#include <string>
#include <string_view>

/// JSON Web Tokens signed with RS256. Pure.
namespace gemini::live::auth {

/// `claims` is a JSON object and `key` an unencrypted RSA key in PEM. Throws
/// errc::missing_credentials, with a message of the form "{name} …", if `key` is not such a key.
[[nodiscard]] secret make_jwt(
    std::string_view claims, std::string_view key_id, const secret& key, std::string_view name);

} // namespace gemini::live::auth
