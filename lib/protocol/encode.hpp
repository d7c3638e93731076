// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/setup.hpp>

#include <span>
#include <string>
#include <string_view>

/// Between typed messages and JSON text. Pure functions.
namespace gemini::live::protocol {

// What a client sends. Each throws errc::invalid_argument, naming the member, for what JSON cannot
// carry (text that is not UTF-8, a number that is not finite) or the API does not take.
[[nodiscard]] base::frame encode_setup(const setup& setup, std::string_view handle);
[[nodiscard]] base::frame encode_client_content(std::span<const content> turns, bool turn_complete);
[[nodiscard]] base::frame encode_realtime_input(const realtime_input& input);
/// The same as for `realtime_input::audio(pcm, rate)`, straight from the caller's bytes into the
/// frame.
[[nodiscard]] base::frame encode_realtime_audio(std::span<const std::byte> pcm, int rate);
/// "audio/pcm;rate=16000"
[[nodiscard]] std::string pcm_mime_type(int rate);
[[nodiscard]] base::frame encode_tool_response(std::span<const function_response> responses);

// What a server sends, in the service's style: indented by two spaces, a newline at the end.
[[nodiscard]] std::string encode_server_message(const server_message::members& members);

} // namespace gemini::live::protocol
