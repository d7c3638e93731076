// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gemini::live {

enum class session_status {
    disconnected, ///< `connect()` has not been called.
    connecting,   ///< The first connection is being made.
    connected,    ///< setupComplete has come.
    reconnecting, ///< The connection was lost; another is being made or waited for.
    closed,       ///< The owner closed the session.
    failed,       ///< The policy has given up; the stream throws why.
};
[[nodiscard]] const char* to_string(session_status) noexcept;

/// A step of a session's life.
struct status_change {
    session_status from = session_status::disconnected;
    session_status to = session_status::disconnected;
    std::optional<error> cause{}; ///< Why, when it was an error.
    int attempt = 0; ///< `connecting`, `reconnecting`: number of the coming attempt, from 1.
    std::chrono::milliseconds delay{
        0}; ///< `connecting`, `reconnecting`: the wait before that attempt.
    /// What was asked has no whole answer, gets none, and is not sent again: ask again. Set once
    /// for each such question, on whichever change reports it: the loss of the connection, a
    /// handover, or the connection on which the session could not ask again after all.
    bool ask_again = false;
    bool turn_cut = false; ///< Always equal to `ask_again`.

    // `connected`:
    bool resumed = false;      ///< The server took the conversation up where it was.
    bool handover = false;     ///< From `connected`: to a new connection, at a goAway.
    bool context_lost = false; ///< The server has forgotten the conversation.
    bool restored = false;     ///< So it was told what was said; see `context_loss::restore`.
    std::chrono::milliseconds outage{0}; ///< Time without a connection.
    std::size_t replayed = 0;            ///< Messages sent again; see `live::replay`.
    /// Of `replayed`: on their way to the server when it made its newest handle, so that it may
    /// have heard them before. Never more than 0 with `session_resumption::transparent`.
    std::size_t maybe_heard = 0;
    std::size_t dropped = 0; ///< Audio and video messages dropped since the last connection.
    /// Messages given up unconfirmed: nobody knows whether they have arrived. For want of room in
    /// `limits::outbox`, or, with `replay::none`, at a handover whose deadline left no time.
    std::size_t uncertain = 0;
    /// Function calls that the server has forgotten: it will take no response to them (one that is
    /// sent is dropped), and may call again.
    std::vector<std::string> forgotten_calls{};
};

/// A server message that could not be read, or not wholly; the session continues.
struct malformed_message {
    /// errc::malformed_message; names a path inside the message: of what has put the turn in doubt,
    /// else the first.
    error why;
    /// The message was delivered just before this event, without `omitted`. False: it was skipped.
    bool delivered = false;
    /// What was unreadable may have been the end of the turn, or a function call.
    bool turn_in_doubt = true;
    std::vector<omitted_member> omitted{}; ///< As in `server_message::members`.
};

/// The server is there and says nothing; see `live::watchdogs`.
struct stalled {
    bool after_resume = false; ///< Since a resume; else in the middle of a turn.
    std::chrono::milliseconds silence{0};
};

/// The server resumed the conversation, but counts far fewer prompt tokens than before: it may have
/// forgotten what was said. Reported once for each resume, after the first `usage_metadata` on the
/// new connection; never where `setup::context_window_compression` explains the fall.
struct memory_doubtful {
    int prompt_tokens_before = 0; ///< `usage_metadata::prompt_token_count` before the resume.
    int prompt_tokens_now = 0;
};

/// What `events()` returns, in its true order.
using session_event =
    std::variant<server_message, status_change, malformed_message, stalled, memory_doubtful>;

} // namespace gemini::live
