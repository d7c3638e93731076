// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/endpoint.hpp"

#include <gemini/live/credentials.hpp>
#include <gemini/live/ephemeral_token_request.hpp>

#include <string>
#include <string_view>

/// Ephemeral tokens on the wire. Pure functions.
namespace gemini::live::protocol {

/// The body of a request for a token. Throws errc::invalid_argument as `encode_setup` does, for a
/// negative number of uses, and for a name that no field has.
[[nodiscard]] std::string encode_token_request(
    const ephemeral_token_request& request, const addressing& to);

/// The path of a field that may be named without generationConfig, such as "temperature"; other
/// names as they are.
[[nodiscard]] std::string full_path(std::string_view name);

/// The token in the service's answer. Throws errc::malformed_message when there is none.
[[nodiscard]] ephemeral_token decode_token(std::string_view answer);

} // namespace gemini::live::protocol
