// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/field.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/music.hpp>
#include <gemini/live/setup.hpp>

#include <optional>
#include <vector>

namespace gemini::live::protocol {

/// Wire: clientContent. In a music session, it carries the prompts.
struct client_content {
    std::vector<content> turns{};
    std::optional<bool> turn_complete{};
    std::vector<weighted_prompt> weighted_prompts{};
    friend bool operator==(const client_content&, const client_content&) = default;
};

/// Wire: toolResponse.
struct tool_response {
    std::vector<function_response> function_responses{};
    friend bool operator==(const tool_response&, const tool_response&) = default;
};

/// One client message. Exactly one member is set.
struct client_message {
    std::optional<live::setup> setup{};
    std::optional<protocol::client_content> client_content{};
    std::optional<live::realtime_input_members> realtime_input{};
    std::optional<protocol::tool_response> tool_response{};
    std::optional<live::context_update> context_update{};
    std::optional<live::music_generation_config> music_generation_config{};
    open_enum<live::playback_control> playback_control{};
    friend bool operator==(const client_message&, const client_message&) = default;
};

// clang-format off
template <> inline constexpr auto fields<client_content> = std::tuple{
    field<&client_content::turns>{"turns"},
    field<&client_content::turn_complete>{"turnComplete"},
    field<&client_content::weighted_prompts>{"weightedPrompts"}};
template <> inline constexpr auto fields<tool_response> = std::tuple{
    field<&tool_response::function_responses>{"functionResponses", true}};
template <> inline constexpr auto fields<client_message> = std::tuple{
    field<&client_message::setup>{"setup"},
    field<&client_message::client_content>{"clientContent"},
    field<&client_message::realtime_input>{"realtimeInput"},
    field<&client_message::tool_response>{"toolResponse"},
    field<&client_message::context_update>{"contextUpdate"},
    field<&client_message::music_generation_config>{"musicGenerationConfig"},
    field<&client_message::playback_control>{"playbackControl"}};
// clang-format on

} // namespace gemini::live::protocol
