// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/turn_recorder_test.cpp
#include <gemini/live/turn_record.hpp>

namespace gemini::live {

const char* to_string(turn_end value) noexcept
{
    switch (value) {
    case turn_end::complete: return "complete";
    case turn_end::interrupted: return "interrupted";
    case turn_end::tool_call: return "tool_call";
    case turn_end::cut: return "cut";
    case turn_end::closed: return "closed";
    case turn_end::empty: return "empty";
    case turn_end::error: return "error";
    case turn_end::unreadable: return "unreadable";
    case turn_end::stalled: return "stalled";
    case turn_end::unfinished: return "unfinished";
    case turn_end::timed_out: return "timed_out";
    }
    return "unknown";
}

const char* to_string(turn_origin value) noexcept
{
    switch (value) {
    case turn_origin::speech: return "speech";
    case turn_origin::text: return "text";
    case turn_origin::tool_response: return "tool_response";
    case turn_origin::server: return "server";
    }
    return "unknown";
}

const char* to_string(speech_end_sign value) noexcept
{
    switch (value) {
    case speech_end_sign::none: return "none";
    case speech_end_sign::activity_end: return "activity_end";
    case speech_end_sign::audio_stream_end: return "audio_stream_end";
    case speech_end_sign::voice_activity: return "voice_activity";
    case speech_end_sign::last_loud_audio: return "last_loud_audio";
    }
    return "unknown";
}

const char* to_string(call_ending value) noexcept
{
    switch (value) {
    case call_ending::answered: return "answered";
    case call_ending::failed: return "failed";
    case call_ending::timed_out: return "timed_out";
    case call_ending::invalid_arguments: return "invalid_arguments";
    case call_ending::unknown_function: return "unknown_function";
    case call_ending::overloaded: return "overloaded";
    case call_ending::shut_down: return "shut_down";
    case call_ending::repeated: return "repeated";
    case call_ending::canceled: return "canceled";
    case call_ending::forgotten: return "forgotten";
    case call_ending::session_ended: return "session_ended";
    }
    return "unknown";
}

} // namespace gemini::live
