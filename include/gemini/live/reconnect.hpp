// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/gcc12_guard.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What a session does after a connection has failed or ended.
enum class reconnect_action {
    resume,   ///< Tries again with the newest handle.
    fresh,    ///< Drops the handle and tries again without one; `context_loss` applies.
    back_off, ///< Tries again later with the newest handle.
    give_up,  ///< Ends the session: another attempt cannot help.
};

/// The circumstances in which a connection failed or ended.
struct failure_context {
    bool was_open = false;    ///< setupComplete had come on this connection.
    bool handle_used = false; ///< The connection's setup had a resumption handle.
    bool has_worked = false;  ///< setupComplete had come on some connection of this session.
};

/// What is sent again after an outage if the server does not report what it has consumed. With
/// `session_resumption::transparent` it does, and exactly the rest is sent again, whatever is
/// chosen here. Otherwise audio and video are never sent again. A message sent again may be heard
/// twice; one not sent again may be lost.
enum class replay {
    /// Durable messages since the newest handle that the model has not begun to answer.
    unanswered,
    /// Every durable message since the newest handle: the server has forgotten them.
    all_since_handle,
    none, ///< Nothing.
};

/// What a session does when the server no longer knows the conversation: it has refused the handle,
/// or never sent one.
enum class context_loss {
    restart, ///< Continues with an empty conversation (`status_change::context_lost`).
    /// Continues with what the session remembers of the conversation (`status_change::restored`):
    /// the words of both sides and short descriptions of function calls, of the last
    /// `limits::history` bytes. Voices and pictures are not kept.
    restore,
    fail, ///< Ends the session with errc::context_lost.
};

/// How a session changes to a new connection when the server is going to end the present one
/// (goAway). The new connection is made while the old one still serves. It is used when a turn has
/// ended, no function call is open and a fresh handle has come, or shortly before time is up. Each
/// new connection counts as an attempt of `reconnect_policy`; the first in a row has no wait.
struct handover_policy {
    bool enabled = true; ///< False: the session waits for the loss of the connection.
    /// Time kept free before the server's deadline; at most half of the time that the server
    /// grants. 0 or more.
    std::chrono::milliseconds margin{10'000};
    /// Keeps the old connection open until the new one has been accepted. Most front ends of the
    /// service refuse a handle whose connection is still open.
    bool overlap = false;
};

/// What a session does about a server that is connected but says nothing.
enum class watchdog_action {
    tell,      ///< Only reports it. After a silence, `session::turn` ends (`turn_end::stalled`).
    nudge,     ///< Sends `watchdogs::nudge_text` as a turn of the user.
    reconnect, ///< Drops the connection and resumes the conversation, as after a loss.
    give_up,   ///< Ends the session with errc::timed_out.
};
[[nodiscard]] const char* to_string(watchdog_action) noexcept;

/// Limits for the silence of a connected server, and what to do when one is reached. Zero: off.
/// Each action is reported as `live::stalled` in `session::events()`.
struct watchdogs {
    /// Limit after a resume with something to answer.
    std::chrono::milliseconds after_resume{0};
    /// Limit between a durable message and the end of the model's turn, from the server's last
    /// message.
    std::chrono::milliseconds in_turn{0};
    /// Limit for turns in a row that end without text, audio or function call; 1 or more. Absent:
    /// off.
    std::optional<int> empty_turns{};
    /// What to do, one after the other; empty: only `tell`. The first is done when a limit is
    /// reached, each other one when the silence has lasted as long again, or another empty turn has
    /// come. After the last, nothing more is done. The list begins anew when the model speaks or
    /// calls a function; for a silence, also when it ends a turn, or the connection is lost by
    /// itself.
    std::vector<watchdog_action> actions{};
    /// Not sent again on another connection.
    std::string nudge_text = "Please go on.";
    gcc12_guard<watchdogs> guard{}; ///< Do not touch.
};

/// How a session comes back after it has lost its connection. The wait before attempt n is
/// uniformly random in [0, min(max_delay, first_delay × factor^(n-1))] (full jitter), and never
/// shorter than the server's Retry-After.
struct reconnect_policy {
    /// False: a lost connection ends the session. The first connection and handovers are not
    /// affected.
    bool enabled = true;
    std::chrono::milliseconds first_delay{500};  ///< The longest wait before attempt 1. 0 or more.
    double factor = 2.0;                         ///< Growth of the longest wait; 1 or more.
    std::chrono::milliseconds max_delay{30'000}; ///< Limit of the longest wait. 0 or more.
    /// Attempts in a row, after losses and goAways; 1 or more. Absent: no limit.
    std::optional<int> max_attempts = 10;
    /// Time from the loss to the start of the last attempt; zero: off.
    std::chrono::milliseconds max_outage{0};
    /// Attempts for the first connection; 1 or more. Absent: no limit, so `session::connect` waits
    /// until the service can be reached. A failure that another attempt cannot help, or that asks
    /// for a wait of more than 10 s, ends them whatever the limit. If the service answers a handle
    /// from elsewhere with internal errors, because its last owner still has a connection open,
    /// attempts continue for a minute, unless this is 1.
    std::optional<int> first_connect_attempts = 3;
    std::chrono::milliseconds healthy_after{
        30'000}; ///< Once a connection has lived for so long, attempts count from 1 again.
    std::chrono::milliseconds realtime_window{
        2'000}; ///< Audio and video older than this are dropped during an outage.
    live::replay replay = live::replay::unanswered;       ///< What is sent again after an outage.
    context_loss on_context_loss = context_loss::restart; ///< What a lost context leads to.
    handover_policy handover{};                           ///< How to follow a goAway.
    /// Number of attempts to reconnect or to follow a goAway that all sessions of a client together
    /// start in one second. As many may start at once after a quiet time. Keeps a recovering server
    /// from being overloaded. More than 0; absent: no limit.
    std::optional<double> attempts_per_second = 100;
    /// The shortest wait after the quota is used up, if the server does not name one.
    std::chrono::milliseconds quota_wait{60'000};
    /// Overrules the library's judgment of a failure; nullopt leaves it as it is. The limits on
    /// attempts and time still apply. Called with the session locked: must not use the session, and
    /// must not throw.
    std::function<std::optional<reconnect_action>(const error&, failure_context)> on_failure{};
    gcc12_guard<reconnect_policy> guard{}; ///< Do not touch.
};

} // namespace gemini::live
#pragma GCC visibility pop
