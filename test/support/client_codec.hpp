// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "protocol/client_message.hpp"

#include <gemini/live/backend.hpp>

#include <string_view>

namespace test {

/// Reads a client message as strictly as the service does: an unknown member is refused. Names may
/// be in snake_case. Throws errc::malformed_message, naming the path, and errc::message_too_big
/// beyond the usual limits.
[[nodiscard]] gemini::live::protocol::client_message decode_client_message(std::string_view text);

[[nodiscard]] gemini::live::base::frame encode_client_message(
    const gemini::live::protocol::client_message& message, gemini::live::backend backend);

} // namespace test
