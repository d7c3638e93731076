// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gemini::live {

/// How a turn ended.
enum class turn_end {
    complete,    ///< turnComplete, after an answer: the only whole one.
    interrupted, ///< The user cut in.
    tool_call,   ///< The model calls `turn::tool_calls`; call `turn()` again after answering them.
    cut,         ///< The connection was lost in the middle; the server does not finish such a turn.
    closed,      ///< The session was closed.
    empty,       ///< turnComplete without words, sound or call: the model said nothing.
    error,       ///< The server reported an error inside the stream; see `turn::cause`.
    unreadable,  ///< A message could not be read, and may have held the rest of the turn; see
                 ///< `malformed_message::turn_in_doubt`.
    stalled,     ///< The server fell silent; see `client_options::watchdogs`.
    unfinished,  ///< More than `limits::turn` has come; the next `turn()` returns what follows.
};
[[nodiscard]] const char* to_string(turn_end) noexcept;

/// What belongs to the turn before but arrived after `turn()` had returned that one: late
/// transcriptions, and what the model says after a function call in the turn that made it.
struct late_words {
    std::string text;
    std::string output_transcription;
    std::string input_transcription;
    bytes audio; ///< Mono pcm16, little endian, 24 kHz.
};

/// What the model said in one turn.
struct turn_result {
    turn_end end = turn_end::complete;
    std::string text;                 ///< Text parts without thoughts.
    std::string output_transcription; ///< What it spoke.
    std::string input_transcription;  ///< What it heard.
    bytes audio;                      ///< Mono pcm16, little endian, 24 kHz.
    std::vector<function_call> tool_calls;
    std::optional<usage_metadata> usage{};
    late_words late{}; ///< Of the turn before: play and show it first.
    /// Why, for `cut` (where known), `error`, `unreadable` and `stalled`.
    std::optional<error> cause{};
    /// Why the model ended the turn, where the server says so (a refusal, say).
    open_enum<live::turn_complete_reason> reason{};

    /// True if this is the model's whole answer.
    [[nodiscard]] bool is_whole() const noexcept { return end == turn_end::complete; }
    /// True if the question has no whole answer and the session does not ask again by itself: the
    /// connection was lost, the server fell silent or said nothing, or a message was unreadable.
    [[nodiscard]] bool ask_again() const noexcept
    {
        return end == turn_end::cut || end == turn_end::empty || end == turn_end::unreadable ||
               end == turn_end::stalled;
    }
};

} // namespace gemini::live
