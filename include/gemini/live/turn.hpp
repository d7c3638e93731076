// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// How a turn ended.
enum class turn_end {
    complete,    ///< turnComplete after an answer. Only such a turn is whole.
    interrupted, ///< The user interrupted the model.
    tool_call,   ///< The model calls `turn_result::tool_calls`. Answer them, then call
                 ///< `session::turn` again.
    cut,         ///< The connection ended in the middle; the server does not finish such a turn.
    closed,      ///< The session was closed.
    empty,       ///< turnComplete without text, audio or function call.
    error,       ///< The server reported an error in the stream; see `turn_result::cause`.
    unreadable,  ///< A message could not be read and may have held the rest of the turn; see
                 ///< `malformed_message::turn_in_doubt`.
    stalled,     ///< The server fell silent; see `client_options::watchdogs`.
    unfinished,  ///< More than `limits::turn` has come; the next `session::turn` returns what
                 ///< follows.
};
[[nodiscard]] const char* to_string(turn_end) noexcept;

/// What belongs to the previous turn but arrived after `session::turn` had returned it: late
/// transcriptions, and what the model says after a function call in the turn that made it.
struct late_words {
    std::string text;                 ///< Text parts without thoughts.
    std::string output_transcription; ///< What the model spoke.
    std::string input_transcription;  ///< What the model heard.
    bytes audio;                      ///< Mono pcm16, little endian, 24 kHz.
};

/// What the model said in one turn.
struct turn_result {
    turn_end end = turn_end::complete;     ///< How the turn ended.
    std::string text;                      ///< Text parts without thoughts.
    std::string output_transcription;      ///< What the model spoke.
    std::string input_transcription;       ///< What the model heard.
    bytes audio;                           ///< Mono pcm16, little endian, 24 kHz.
    std::vector<function_call> tool_calls; ///< What the model calls; see `turn_end::tool_call`.
    std::optional<usage_metadata> usage{}; ///< The newest token count; absent: none came.
    late_words late{};                     ///< Of the previous turn: play and show it first.
    /// The error behind `turn_end::cut` (if known), `error`, `unreadable` and `stalled`.
    std::optional<error> cause{};
    /// Why the model ended the turn, such as a refusal, if the server reports it.
    open_enum<live::turn_complete_reason> reason{};

    /// True if this is the model's entire answer.
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
#pragma GCC visibility pop
