// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/call_ending.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/turn.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What made the model speak.
enum class turn_origin {
    speech,        ///< The user's speech.
    text,          ///< A text or another message of the user's.
    tool_response, ///< The answer to a function call.
    server,        ///< Nothing that was sent: the model began by itself.
};
[[nodiscard]] const char* to_string(turn_origin) noexcept;

/// What showed that the user had finished speaking.
enum class speech_end_sign {
    none,             ///< Nothing did, or the user did not speak.
    activity_end,     ///< The mark `realtime_input::activity_end`.
    audio_stream_end, ///< The mark `realtime_input::audio_stream_end`.
    voice_activity,   ///< The server's report of the end of speech, at its arrival.
    last_loud_audio,  ///< The last chunk of pcm16 above -40 dBFS that was sent.
};
[[nodiscard]] const char* to_string(speech_end_sign) noexcept;

/// A function call, timed from its arrival to its final response on the wire.
struct call_record {
    std::string id;   ///< `function_call::id`
    std::string name; ///< `function_call::name`
    /// `answered` (whatever the response says), `canceled`, `forgotten` or `session_ended`.
    call_ending ending = call_ending::answered;
    std::chrono::steady_clock::time_point began{}; ///< When the call arrived.
    std::chrono::microseconds duration{0};         ///< From `began` to its end.
};

/// How one turn of the model went, without anything that was said in it. See
/// `telemetry_options::turn_records`. There is one for each turn, in order, however the turn ends:
/// also when its connection is lost, the session fails, or it is closed. A question that the model
/// never begins to answer has none.
///
/// Times are absent if what they measure did not happen.
struct turn_record {
    using duration = std::chrono::microseconds; ///< The unit of all times.

    std::uint64_t number = 0;                 ///< Number of the turn in its session, from 1.
    turn_origin origin = turn_origin::server; ///< What made the model speak.
    speech_end_sign speech_end = speech_end_sign::none; ///< Of `turn_origin::speech`.
    /// When the turn began: at the end of the user's speech, or when text or response was sent. If
    /// that is unknown, with the first message of the model.
    std::chrono::steady_clock::time_point began{};

    /// From `began` to the model's first message. Absent also if nothing shows when the user
    /// finished, as are the next two.
    std::optional<duration> first_byte{};
    std::optional<duration> first_audio{}; ///< From `began` to the first audio received.
    /// From `began` to the first audio played, as told by `session::playback_started`.
    std::optional<duration> first_heard{};
    std::optional<duration> interrupted{}; ///< From `began` to the server's `interrupted`.
    /// From `interrupted` to silence, as told by `session::playback_stopped`.
    std::optional<duration> silence{};
    duration lasted{0};                ///< From `began` to the end.
    turn_end end = turn_end::complete; ///< How the turn ended.

    /// The calls that ended in this turn: those it made, unless they ended after the next one had
    /// begun. At most 32.
    std::vector<call_record> calls{};
    std::size_t calls_omitted = 0;         ///< Calls that ended, beyond those in `calls`.
    std::optional<usage_metadata> usage{}; ///< The newest token count; absent: none came.

    int losses = 0;    ///< Connections that were lost since `began`.
    int handovers = 0; ///< Changes of connection because of a goAway, since `began`.
    int resumes = 0;   ///< Connections that resumed the conversation, since `began`.
};

} // namespace gemini::live
#pragma GCC visibility pop
