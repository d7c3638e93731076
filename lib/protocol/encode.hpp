// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "protocol/client_message.hpp"
#include "protocol/endpoint.hpp"

#include <gemini/live/flavour.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/setup.hpp>

#include <span>
#include <string>
#include <string_view>

/// Between typed messages and JSON text. Pure functions.
namespace gemini::live::protocol {

// What a client sends. Each throws errc::invalid_argument, naming the member, for what JSON cannot
// carry (text that is not UTF-8, a number that is not finite) or the API does not take.
/// With the full name of the model, and `handle`, if there is one, in the place of the setup's own.
/// Refuses what the model is known not to take, as the next does.
[[nodiscard]] base::frame encode_setup(
    const setup& setup, std::string_view handle, const addressing& to);
/// What a setup asks for, as the value of the member `setup`; the model may be left open, and with
/// `is_partial` what else a session must say.
[[nodiscard]] std::string encode_constraints(
    const setup& setup, bool is_partial, const addressing& to);
[[nodiscard]] base::frame encode_client_content(
    std::span<const content> turns, bool turn_complete, flavour flavour);
[[nodiscard]] base::frame encode_realtime_input(const realtime_input& input, flavour flavour);
/// The same as for `realtime_input::audio(pcm, rate)`, straight from the caller's bytes into the
/// frame.
[[nodiscard]] base::frame encode_realtime_audio(std::span<const std::byte> pcm, int rate);
/// Throws errc::invalid_argument for no samples, or half of one.
void check_samples(std::span<const std::byte> pcm);
/// "audio/pcm;rate=16000"
[[nodiscard]] std::string pcm_mime_type(int rate);
[[nodiscard]] base::frame encode_tool_response(
    std::span<const function_response> responses, flavour flavour);
[[nodiscard]] base::frame encode_context_update(const context_update& update, flavour flavour);

// The same of a music session.
[[nodiscard]] base::frame encode_weighted_prompts(std::span<const weighted_prompt> prompts);
[[nodiscard]] base::frame encode_music_generation_config(const music_generation_config& config);
[[nodiscard]] base::frame encode_playback_control(playback_control control);

/// Any message of a client, as it stands.
[[nodiscard]] base::frame encode_client_message(const client_message& message, flavour flavour);

/// What a server sends, in the service's style: indented by two spaces, a newline at the end.
[[nodiscard]] std::string encode_server_message(
    const server_message::members& members, flavour flavour = flavour::gemini_api);

} // namespace gemini::live::protocol
