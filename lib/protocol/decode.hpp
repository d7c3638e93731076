// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "protocol/client_message.hpp"

#include <gemini/live/messages.hpp>

#include <string_view>

namespace gemini::live::protocol {

/// Reads one server message. One forward pass; audio is decoded straight into the message, which
/// keeps the text. Throws errc::malformed_message, naming the path inside the message, for text
/// that is not JSON in UTF-8, a member of the wrong type, bad base64 or a bad duration. Unknown
/// members are kept in `raw()` and named in `members::unknown`.
[[nodiscard]] server_message decode_server_message(base::padded_buffer text);

/// Reads what a client has sent, as strictly as the service: an unknown member is refused. Names
/// may be in snake_case. Throws errc::malformed_message, naming the path.
[[nodiscard]] client_message decode_client_message(std::string_view text);

} // namespace gemini::live::protocol
