// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/secret.hpp>

#include <string>
#include <string_view>

/// JSON web tokens, signed by RS256. Pure.
namespace gemini::live::auth {

/// `claims` is a JSON object; `key` an RSA key in PEM, unencrypted. Throws
/// errc::missing_credentials when it is none: "{name} …".
[[nodiscard]] secret make_jwt(
    std::string_view claims, std::string_view key_id, const secret& key, std::string_view name);

} // namespace gemini::live::auth
