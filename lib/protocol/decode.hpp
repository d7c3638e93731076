// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"

#include <gemini/live/messages.hpp>

namespace gemini::live::protocol {

/// Reads one server message. One forward pass; audio is decoded straight into the message, which
/// keeps the text. Throws errc::malformed_message, naming the path inside the message, for text
/// that is not JSON in UTF-8, a member of the wrong type, bad base64 or a bad duration. Unknown
/// members are kept in `raw()` and named in `members::unknown`.
[[nodiscard]] server_message decode_server_message(base::padded_buffer text);

} // namespace gemini::live::protocol
