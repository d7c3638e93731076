// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/script/script.hpp"

#include <cstddef>
#include <string_view>

namespace gemini::live::emulation {

inline constexpr std::size_t max_recording = 1u << 30;

/// The server's side of what a `wire_tap` has recorded: what it sent, after the client's messages
/// that it had got by then, known by their kind; pauses are as long as they were, times `pace`.
/// Audio and video may come in another number than they did: one message is waited for, and only
/// where the server has waited for nothing else. Media that was recorded by its size is sent as
/// zeros. Connections that did not reach the server are left out. Throws errc::invalid_argument:
/// "Line 3 of the recording: …".
[[nodiscard]] script read_recording(std::string_view text, double pace);

} // namespace gemini::live::emulation
