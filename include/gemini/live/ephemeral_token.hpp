// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>
#include <gemini/live/credentials.hpp>
#include <gemini/live/ephemeral_token_request.hpp>

#include <asio/awaitable.hpp>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Requests a token from the Gemini API, with the API key of `client`. The service offers no way to
/// query or revoke a token. Arguments are copied at the call; argument errors are thrown when the
/// result is awaited.
///
/// Completion: when the service has answered. There is one attempt.
/// Errors:
/// - errc::missing_credentials: there is no API key;
/// - errc::invalid_argument: a request that can never work, a client of Vertex AI, other
///   credentials than an API key, or options that cannot work, such as a malformed proxy URL;
/// - errc::unauthorized, errc::quota_exceeded, errc::unavailable, errc::rejected: the service
///   refused, and `error::reason()` has its words;
/// - errc::resolve_failed, errc::connect_failed, errc::proxy_failed, errc::tls_failed,
///   errc::timed_out, errc::connection_lost, errc::protocol_violation: as in `session::connect`;
/// - errc::message_too_big: the answer exceeds 1 MiB;
/// - errc::malformed_message: the answer has no token in it.
/// Cancellation: ends the call. The service may have made a token nevertheless.
/// Threads: any.
[[nodiscard]] asio::awaitable<ephemeral_token> create_ephemeral_token(
    const client& client, ephemeral_token_request request);

} // namespace gemini::live
#pragma GCC visibility pop
