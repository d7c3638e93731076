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

/// The calls that request tokens, and their answers. Pure.
namespace gemini::live::auth {

using wall_time = std::chrono::system_clock::time_point;

enum class grant {
    assertion,     ///< Sends a service account's assertion, signed with its key.
    refresh_token, ///< Sends a user's refresh token.
    subject,       ///< Asks another identity provider for a subject token.
    exchange,      ///< Exchanges the subject token for one of Google's.
    impersonation, ///< Exchanges a token for that of a service account.
    machine,       ///< Asks the metadata server.
};

struct token_call {
    auth::grant grant;
    std::string name; ///< The requester, for messages: "Credential file /home/me/key.json".
    transport::http_request request{}; ///< Without trust, proxy and deadlines.
    std::vector<secret> secrets{};     ///< Must not appear in messages if they are echoed.
};

[[nodiscard]] token_call by_assertion(
    const service_account& account, std::string name, wall_time now);
[[nodiscard]] token_call by_refresh_token(const authorized_user& user, std::string name);
[[nodiscard]] token_call for_subject(const external_identity& identity, std::string name);
[[nodiscard]] token_call by_exchange(
    const external_identity& identity, const secret& subject, std::string name);
[[nodiscard]] token_call by_impersonation(
    const impersonation& whom, const secret& bearer, std::string name);
/// `host` is "host" or "host:port". `path` is relative to /computeMetadata/v1/.
[[nodiscard]] token_call of_machine(const std::string& host, std::string_view path);
[[nodiscard]] std::string machine_token_path(std::string_view account);

/// Returns the token that a service account signs itself.
[[nodiscard]] secret self_signed_token(
    const service_account& account, std::string_view name, wall_time now);
constexpr std::chrono::seconds self_signed_lifetime = std::chrono::hours(1);

struct token_answer {
    secret token;
    std::optional<std::chrono::seconds> lifetime{}; ///< Absent: not reported.
};

/// Returns the token in a body with status 2xx. Throws errc::unavailable if there is none.
[[nodiscard]] token_answer read_answer(
    const token_call& call, std::string_view body, wall_time now);
/// Returns the subject token in a file or an answer, which is the whole text or a member of the
/// JSON. Throws errc::missing_credentials.
[[nodiscard]] secret read_subject(
    const external_identity& identity, std::string_view text, std::string_view name);

/// Returns why a call with a status other than 2xx was refused, and what to do about it.
[[nodiscard]] error refused(
    const token_call& call, const transport::http_response& response, wall_time now);

} // namespace gemini::live::auth
