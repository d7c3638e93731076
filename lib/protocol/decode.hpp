// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <cstddef>
#include <string_view>

namespace gemini::live::protocol {

/// Limits on what one message may expand to, regardless of the length of its text.
struct decode_limits {
    /// Members of objects and elements of lists, known or unknown.
    std::size_t values = 100'000;
    /// Bytes of the lists and objects that the message is read into. Strings do not count: they
    /// cannot be longer than the text.
    std::size_t memory = 8u << 20;
};

/// Counts brackets, commas and colons, inside strings or outside. The result is roughly an upper
/// bound on the number of members and elements.
[[nodiscard]] std::size_t count_marks(std::string_view text) noexcept;
/// More marks than these are not parsed.
inline constexpr std::size_t most_marks = 1'000'000;

/// Returns the limits for texts of at most `text` bytes.
[[nodiscard]] decode_limits limits_of_message(std::size_t text) noexcept;

/// Reads one server message in a single forward pass. Audio is decoded straight into the message,
/// which keeps the rest of the text. A member or list element that cannot be read is left out,
/// without affecting any other, and named in `members::omitted`. Unknown members are kept in
/// `raw()` and named in `members::unknown`. Throws errc::malformed_message, naming the path inside
/// the message, for text that is not one JSON object: where brackets, commas, colons or quotes are
/// out of place. Throws errc::message_too_big, naming the path, beyond `limits`.
[[nodiscard]] server_message decode_server_message(
    base::padded_buffer text, decode_limits limits = {});

/// Returns whether an unreadable value at `path` may have been the end of a turn or a function
/// call.
[[nodiscard]] bool may_end_turn(std::string_view path);

/// Returns the error to report for a server message from which this member has been left out.
[[nodiscard]] error malformed_by(const omitted_member& why);

} // namespace gemini::live::protocol
