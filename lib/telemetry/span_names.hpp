// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/telemetry/session_trace_test.cpp
#pragma once

#include <gemini/live/backend.hpp>

/// Names of the OpenTelemetry semantic conventions for generative AI, which are in development.
namespace gemini::live::telemetry::span_names {

/// The version of the conventions that the names are taken from.
inline constexpr auto version =
    "semantic-conventions-genai 0.1.0"; // the scope's gemini_live.conventions

inline constexpr auto operation = "gen_ai.operation.name";     // what the span is
inline constexpr auto answers = "generate_content";            // operation: a turn
inline constexpr auto calls = "execute_tool";                  // operation: a function call
inline constexpr auto provider = "gen_ai.provider.name";       // gcp.gemini or gcp.vertex_ai
inline constexpr auto model = "gen_ai.request.model";          // the name in the setup
inline constexpr auto conversation = "gen_ai.conversation.id"; // the same in all spans of a session
inline constexpr auto input_tokens = "gen_ai.usage.input_tokens"; // of the prompt
inline constexpr auto output_tokens =
    "gen_ai.usage.output_tokens"; // of the response, with thoughts
inline constexpr auto cached_tokens =
    "gen_ai.usage.cache_read.input_tokens"; // of the prompt, from a cache
inline constexpr auto thought_tokens =
    "gen_ai.usage.reasoning.output_tokens"; // of the response, thoughts only
inline constexpr auto first_chunk =
    "gen_ai.response.time_to_first_chunk";                  // seconds to the first message
inline constexpr auto tool_name = "gen_ai.tool.name";       // the function's
inline constexpr auto tool_call_id = "gen_ai.tool.call.id"; // the call's
inline constexpr auto tool_type = "gen_ai.tool.type";       // always function
inline constexpr auto function = "function";                // tool type
inline constexpr auto error_type = "error.type";            // how a turn or a call failed

// What the conventions have no name for.
inline constexpr auto turn_number = "gemini_live.turn.number";              // from 1
inline constexpr auto turn_origin = "gemini_live.turn.origin";              // a turn_origin
inline constexpr auto turn_end = "gemini_live.turn.end";                    // a turn_end
inline constexpr auto speech_end = "gemini_live.turn.speech_end";           // a speech_end_sign
inline constexpr auto first_audio = "gemini_live.turn.time_to_first_audio"; // seconds
inline constexpr auto first_heard = "gemini_live.turn.time_to_first_heard"; // seconds
inline constexpr auto silence = "gemini_live.turn.interruption_to_silence"; // seconds
inline constexpr auto losses = "gemini_live.turn.losses";                   // connections lost
inline constexpr auto handovers = "gemini_live.turn.handovers";             // because of a goAway
inline constexpr auto resumes = "gemini_live.turn.resumes";                 // conversations resumed
inline constexpr auto call_ending = "gemini_live.tool_call.ending";         // a call_ending
inline constexpr auto session = "gemini_live session";                      // the span of a session

/// Value of `provider`.
[[nodiscard]] constexpr const char* provider_of(backend which) noexcept
{
    return which == backend::vertex_ai ? "gcp.vertex_ai" : "gcp.gemini";
}

} // namespace gemini::live::telemetry::span_names
