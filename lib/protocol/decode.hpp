// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "protocol/client_message.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <string_view>

namespace gemini::live::protocol {

/// Reads one server message. One forward pass; audio is decoded straight into the message, which
/// keeps the text. A member that cannot be read is left out, together with nothing else, and named
/// in `members::omitted`; a list's element likewise. Unknown members are kept in `raw()` and named
/// in `members::unknown`. Throws errc::malformed_message, naming the path inside the message, for
/// text that is not one JSON object: where brackets, commas, colons or quotes are out of place.
[[nodiscard]] server_message decode_server_message(base::padded_buffer text);

/// What cannot be read there may have been the end of a turn, or a function call.
[[nodiscard]] bool may_end_turn(std::string_view path);

/// What to tell of a server's message of which this has been left out.
[[nodiscard]] error malformed_by(const omitted_member& why);

/// Reads what a client has sent, as strictly as the service: an unknown member is refused. Names
/// may be in snake_case. Throws errc::malformed_message, naming the path.
[[nodiscard]] client_message decode_client_message(std::string_view text);

} // namespace gemini::live::protocol
