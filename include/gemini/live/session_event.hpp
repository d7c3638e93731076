// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/reconnect.hpp>
#include <gemini/live/turn_record.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// The state of a session.
enum class session_status {
    disconnected, ///< Nothing has begun to connect.
    connecting,   ///< The first connection is being made.
    connected,    ///< The server has accepted the setup (setupComplete).
    reconnecting, ///< The connection was lost; the session connects again, or waits to.
    closed,       ///< The program has closed the session.
    failed,       ///< The session has failed for good; its operations throw why.
};
[[nodiscard]] const char* to_string(session_status) noexcept;

/// A change of a session's status.
struct status_change {
    session_status from = session_status::disconnected; ///< The status before.
    session_status to = session_status::disconnected;   ///< The status from now on.
    std::optional<error> cause{};                       ///< Why, if the reason is an error.
    int attempt = 0; ///< To `connecting` or `reconnecting`: number of the coming attempt, from 1.
    /// To `connecting` or `reconnecting`: the wait before the coming attempt.
    std::chrono::milliseconds delay{0};
    /// A question has no whole answer, gets none, and is not sent again: ask again. Set once for
    /// each such question, on the change that reports it: the loss of the connection, a handover,
    /// or the connection on which the session could not ask again after all.
    bool ask_again = false;
    bool turn_cut = false; ///< Always equal to `ask_again`.

    // `connected`:
    bool resumed = false;      ///< To `connected`: the server has resumed the conversation.
    bool handover = false;     ///< From `connected` to a new connection, because of a goAway.
    bool context_lost = false; ///< To `connected`: the server has forgotten the conversation.
    /// To `connected`: the server had forgotten the conversation and was sent it again; see
    /// `context_loss::restore`.
    bool restored = false;
    std::chrono::milliseconds outage{0}; ///< To `connected`: the time without a connection.
    std::size_t replayed = 0; ///< To `connected`: messages sent again; see `live::replay`.
    /// Of `replayed`: messages that were on their way when the server made its newest handle, so it
    /// may have heard them before. 0 with `session_resumption::transparent`.
    std::size_t maybe_heard = 0;
    /// To `connected`: audio and video messages dropped since the last connection.
    std::size_t dropped = 0;
    /// To `connected`: messages given up unconfirmed; whether they arrived is unknown. There was no
    /// room in `limits::outbox`, or, with `replay::none`, a handover left no time to wait.
    std::size_t uncertain = 0;
    /// To `connected`: function calls that the server has forgotten. A response to them is dropped;
    /// the server may call again.
    std::vector<std::string> forgotten_calls{};
};

/// A server message that could not be read, or not entirely. The session continues.
struct malformed_message {
    /// errc::malformed_message. Names a path inside the message: of the member that puts the turn
    /// in doubt, else of the first unreadable one.
    error why;
    /// True: the message was delivered just before this event, without `omitted`. False: it was
    /// skipped.
    bool delivered = false;
    /// The unreadable part may have been the end of the turn, or a function call.
    bool turn_in_doubt = true;
    std::vector<omitted_member> omitted{}; ///< As in `server_message_members::omitted`.
};

/// The server is connected but silent, or its turns are empty; see `live::watchdogs`.
struct stalled {
    bool after_resume = false; ///< Silent since a resume; false: in the middle of a turn.
    std::chrono::milliseconds silence{0}; ///< How long it has been silent.
    int empty_turns = 0; ///< Number of empty turns in a row that led to this; 0: the silence did.
    watchdog_action action = watchdog_action::tell; ///< What the session does about it.
};

/// The server resumed the conversation, but counts far fewer prompt tokens than before (less than
/// two thirds): it may have forgotten what was said. Reported once for each resume, after the first
/// `usage_metadata` on the new connection. Not reported if `setup::context_window_compression`
/// explains the drop.
struct memory_doubtful {
    int prompt_tokens_before = 0; ///< `usage_metadata::prompt_token_count` before the resume.
    int prompt_tokens_now = 0;    ///< `usage_metadata::prompt_token_count` after the resume.
};

/// What `session::events()` returns, in wire order; a `turn_record` only with
/// `telemetry_options::turn_records`.
using session_event = std::variant<server_message, status_change, malformed_message, stalled,
    memory_doubtful, turn_record>;

} // namespace gemini::live
#pragma GCC visibility pop
