// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>
#include <gemini/live/credentials.hpp>
#include <gemini/live/ephemeral_token_request.hpp>

#include <asio/awaitable.hpp>

namespace gemini::live {

/// Asks the Gemini API for a token, with the API key of `client`. What is left of a token is in the
/// service's hands: it cannot be asked about, or called back.
///
/// Errors: errc::missing_credentials without an API key; errc::invalid_argument for what can never
/// work; errc::unauthorized, quota_exceeded, unavailable or rejected, with the service's words,
/// when it refuses; those of a connect; errc::malformed_message for an answer without a token.
/// Cancellation: gives up; the service may have made a token that nobody knows.
/// Threads: any.
[[nodiscard]] asio::awaitable<ephemeral_token> create_ephemeral_token(
    const client& client, ephemeral_token_request request);

} // namespace gemini::live
