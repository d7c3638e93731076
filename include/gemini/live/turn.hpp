// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstddef>
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
    unfinished,  ///< More than `turn_options::limit` has come; the next `session::turn` returns
                 ///< what follows.
    timed_out,   ///< `turn_options::deadline` has passed; the next `session::turn` returns what
                 ///< follows.
};
[[nodiscard]] const char* to_string(turn_end) noexcept;

/// What `session::turn` waits for, and how long.
struct turn_options {
    /// Time from the call to `turn_end::timed_out`, with what has come by then. 0 or more; zero: no
    /// limit.
    std::chrono::milliseconds deadline{0};
    /// The bytes of words and audio to collect, 1 or more. Absent: `limits::turn`.
    std::optional<std::size_t> limit{};
    /// False: a function call does not end the turn, since something else answers it. What the
    /// model says before the call and after the responses is then one turn, and
    /// `turn_result::tool_calls` lists all of its calls. If the model waits for none of them and
    /// ends its turn with words, that is `turn_end::complete`, and its answer to the responses is
    /// the next turn.
    ///
    /// A call that a `tool_dispatcher` answers is always treated like this, and is not listed.
    bool ends_at_function_calls = true;
};

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
    turn_end end = turn_end::complete; ///< How the turn ended.
    std::string text;                  ///< Text parts without thoughts.
    std::string output_transcription;  ///< What the model spoke.
    std::string input_transcription;   ///< What the model heard.
    bytes audio;                       ///< Mono pcm16, little endian, 24 kHz.
    /// What the model calls; see `turn_end::tool_call` and `turn_options::ends_at_function_calls`.
    std::vector<function_call> tool_calls;
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
