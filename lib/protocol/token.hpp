// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"
#include "protocol/endpoint.hpp"

#include <gemini/live/credentials.hpp>
#include <gemini/live/ephemeral_token_request.hpp>

#include <string>
#include <string_view>

/// The wire format of ephemeral tokens. Pure functions.
namespace gemini::live::protocol {

/// Returns the body of a request for a token. Throws errc::invalid_argument as `encode_setup` does,
/// and also for a negative number of uses or a name that no field can have.
[[nodiscard]] std::string encode_token_request(
    const ephemeral_token_request& request, const addressing& to);

/// Returns the full path of a field that may be named without generationConfig, such as
/// "temperature". Returns other names unchanged.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string full_path(std::string_view name);

/// Returns the token in the service's answer. Throws errc::malformed_message if there is none.
[[nodiscard]] ephemeral_token decode_token(std::string_view answer);

} // namespace gemini::live::protocol
