// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/google/request.hpp"

namespace gemini::live::emulator {

/// oauth2.googleapis.com/token: exchanges a service account's JWT or a user's refresh token for an
/// access token.
[[nodiscard]] testing::emulator_verdict answer_token_call(
    const google_request& call, google_state& google);

/// Whether Vertex AI accepts this bearer: a JWT that the service account issued for itself.
[[nodiscard]] bool is_self_signed_bearer(std::string_view bearer, const google_accounts& accounts,
    std::chrono::system_clock::time_point at);

} // namespace gemini::live::emulator
