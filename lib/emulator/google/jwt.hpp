// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/google/rsa_key.hpp"
#include "protocol/json_reader.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// JSON web tokens, signed by RS256.
namespace gemini::live::emulation {

struct jwt {
    protocol::json_value header;
    protocol::json_value claims;
    bool genuine = false; ///< RS256, and signed by the key.

    /// A claim, or a member of the header, that is a string; else empty.
    [[nodiscard]] std::string claim(std::string_view name) const;
    [[nodiscard]] std::string header_member(std::string_view name) const;
};

/// Nothing for text that is not of this form.
[[nodiscard]] std::optional<jwt> read_jwt(std::string_view text, const rsa_key& key);

/// `claims` is a JSON object.
[[nodiscard]] std::string make_jwt(
    std::string_view claims, std::string_view key_id, const rsa_key& key);

/// Whether `iat` and `exp` have now between them, and are at most an hour apart. The issuer's clock
/// may be five minutes ahead.
enum class jwt_time { good, expired, unreasonable };
[[nodiscard]] jwt_time check_time(const jwt& token, std::chrono::system_clock::time_point now);

} // namespace gemini::live::emulation
