// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/google/rsa_key.hpp"
#include "protocol/json_reader.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// JSON Web Tokens signed with RS256.
namespace gemini::live::emulator {

struct jwt {
    protocol::json_value header;
    protocol::json_value claims;
    bool genuine = false; ///< Uses RS256 and is signed by the key.

    /// Returns a claim, or a member of the header, if it is a string. Otherwise returns "".
    [[nodiscard]] std::string claim(std::string_view name) const;
    [[nodiscard]] std::string header_member(std::string_view name) const;
};

/// Returns nothing for text that is not a JWT.
[[nodiscard]] std::optional<jwt> read_jwt(std::string_view text, const rsa_key& key);

/// `claims` is a JSON object.
[[nodiscard]] std::string make_jwt(
    std::string_view claims, std::string_view key_id, const rsa_key& key);

/// Whether now is between `iat` and `exp`, and these are at most an hour apart. The issuer's clock
/// may be five minutes ahead.
enum class jwt_time { good, expired, unreasonable };
[[nodiscard]] jwt_time check_time(const jwt& token, std::chrono::system_clock::time_point now);

} // namespace gemini::live::emulator
