// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "base/exported.hpp"
#include "protocol/endpoint.hpp"

#include <gemini/live/backend.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/setup.hpp>

#include <span>
#include <string>
#include <string_view>

/// Converts typed messages to JSON text. Pure functions.
namespace gemini::live::protocol {

// Client messages. Each function throws errc::invalid_argument, naming the member, for values that
// JSON cannot carry (text that is not UTF-8, a number that is not finite) or that the API does not
// accept.
/// Encodes a setup with the full name of its model. A nonempty `handle` replaces the setup's own.
/// Refuses what the model is known not to accept.
[[nodiscard]] base::frame encode_setup(
    const setup& setup, std::string_view handle, const addressing& to);
/// Returns what a setup asks for, as the value of the member `setup`. The model may be missing, and
/// with `is_partial` so may everything else that a session requires. Refuses what the model is
/// known not to accept.
[[nodiscard]] std::string encode_constraints(
    const setup& setup, bool is_partial, const addressing& to);
[[nodiscard]] base::frame encode_client_content(
    std::span<const content> turns, bool turn_complete, backend backend);
[[nodiscard]] base::frame encode_realtime_input(const realtime_input& input, backend backend);
/// Equivalent to `realtime_input::audio(pcm, rate)`, but writes the caller's bytes straight into
/// the frame.
[[nodiscard]] base::frame encode_realtime_audio(std::span<const std::byte> pcm, int rate);
/// Throws errc::invalid_argument if there are no samples, or if the last one is incomplete.
void check_samples(std::span<const std::byte> pcm);
/// Returns "audio/pcm;rate=16000" for a rate of 16000.
[[nodiscard]] std::string pcm_mime_type(int rate);
[[nodiscard]] base::frame encode_tool_response(
    std::span<const function_response> responses, backend backend);
[[nodiscard]] base::frame encode_context_update(const context_update& update, backend backend);

// Client messages of a music session.
[[nodiscard]] base::frame encode_weighted_prompts(std::span<const weighted_prompt> prompts);
[[nodiscard]] base::frame encode_music_generation_config(const music_generation_config& config);
[[nodiscard]] base::frame encode_playback_control(playback_control control);

/// Encodes a server message in the service's style: indented by two spaces, with a trailing
/// newline.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string encode_server_message(
    const server_message_members& members, backend backend = backend::gemini_api);

} // namespace gemini::live::protocol
