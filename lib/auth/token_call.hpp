// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "auth/account.hpp"
#include "transport/transport.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/secret.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The calls by which tokens are asked for, and what is answered to them. Pure.
namespace gemini::live::auth {

using wall_time = std::chrono::system_clock::time_point;

enum class grant {
    assertion,     ///< A service account's, signed by its key.
    refresh_token, ///< A user's.
    subject,       ///< Asks another identity provider who we are.
    exchange,      ///< Gives what it has said for one of Google's tokens.
    impersonation, ///< Gives a token for that of a service account.
    machine,       ///< Asks the metadata server.
};

struct token_call {
    auth::grant grant;
    std::string name; ///< Of whom asks, for sentences: "Credential file /home/me/key.json".
    transport::http_request request{}; ///< Without trust, proxy and deadlines.
    std::vector<secret> secrets{};     ///< Must not be in a sentence, should they come back.
};

[[nodiscard]] token_call by_assertion(
    const service_account& account, std::string name, wall_time now);
[[nodiscard]] token_call by_refresh_token(const authorized_user& user, std::string name);
[[nodiscard]] token_call for_subject(const external_identity& identity, std::string name);
[[nodiscard]] token_call by_exchange(
    const external_identity& identity, const secret& subject, std::string name);
[[nodiscard]] token_call by_impersonation(
    const impersonation& whom, const secret& bearer, std::string name);
/// `host` is "host" or "host:port", `path` what is asked for behind /computeMetadata/v1/.
[[nodiscard]] token_call of_machine(const std::string& host, std::string_view path);
[[nodiscard]] std::string machine_token_path(std::string_view account);

/// The token that a service account signs itself.
[[nodiscard]] secret self_signed_token(
    const service_account& account, std::string_view name, wall_time now);
constexpr std::chrono::seconds self_signed_lifetime = std::chrono::hours(1);

struct token_answer {
    secret token;
    std::optional<std::chrono::seconds> lifetime{}; ///< Absent: not told.
};

/// The token in a body with status 2xx. Throws errc::unavailable when there is none.
[[nodiscard]] token_answer read_answer(
    const token_call& call, std::string_view body, wall_time now);
/// The subject token in a file or an answer: all of it, or a member of the JSON. Throws
/// errc::missing_credentials.
[[nodiscard]] secret read_subject(
    const external_identity& identity, std::string_view text, std::string_view name);

/// Why a call with another status than 2xx was refused, and what to do about it.
[[nodiscard]] error refused(
    const token_call& call, const transport::http_response& response, wall_time now);

} // namespace gemini::live::auth
