// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "protocol/client_message.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <cstddef>
#include <string_view>

namespace gemini::live::protocol {

/// What one message may become, whatever its text.
struct decode_limits {
    /// Members of objects and elements of lists, known or not.
    std::size_t values = 100'000;
    /// Bytes of the lists and objects that it is read into. What stands in strings is as long as
    /// the text at most.
    std::size_t memory = 8u << 20;
};

/// Brackets, commas and colons, in strings or not: about as many as members and elements at most.
[[nodiscard]] std::size_t count_marks(std::string_view text) noexcept;

/// For texts of at most so many bytes.
[[nodiscard]] decode_limits limits_of_message(std::size_t text) noexcept;

/// Reads one server message. One forward pass; audio is decoded straight into the message, which
/// keeps the rest of the text. A member that cannot be read is left out, together with nothing
/// else, and named in `members::omitted`; a list's element likewise. Unknown members are kept in
/// `raw()` and named in `members::unknown`. Throws errc::malformed_message, naming the path inside
/// the message, for text that is not one JSON object: where brackets, commas, colons or quotes are
/// out of place. Throws errc::message_too_big, naming the path, beyond `limits`.
[[nodiscard]] server_message decode_server_message(
    base::padded_buffer text, decode_limits limits = {});

/// What cannot be read there may have been the end of a turn, or a function call.
[[nodiscard]] bool may_end_turn(std::string_view path);

/// What to tell of a server's message of which this has been left out.
[[nodiscard]] error malformed_by(const omitted_member& why);

/// Reads what a client has sent, as strictly as the service: an unknown member is refused. Names
/// may be in snake_case. Throws errc::malformed_message, naming the path, and
/// errc::message_too_big beyond the usual limits.
[[nodiscard]] client_message decode_client_message(std::string_view text);

} // namespace gemini::live::protocol
