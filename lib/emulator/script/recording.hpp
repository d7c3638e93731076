// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/script/script.hpp"

#include <cstddef>
#include <string_view>

namespace gemini::live::emulator {

inline constexpr std::size_t max_recording = 1u << 30;

/// Converts what a `wire_tap` has recorded into the server's side of the conversation. The script
/// sends what the server sent, each message after the client messages that had preceded it, which
/// are recognized by their kind. Pauses have their original length, times `pace`. The client may
/// send a different number of audio and video messages than in the recording: the script waits for
/// a single one, and only where the server had waited for nothing else. Media that was recorded
/// only by its size is sent as zeros. Connections that never reached the server are omitted. Throws
/// errc::invalid_argument: "Line 3 of the recording: …".
[[nodiscard]] script read_recording(std::string_view text, double pace);

} // namespace gemini::live::emulator
