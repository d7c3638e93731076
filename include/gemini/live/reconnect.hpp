// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/gcc12_guard.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace gemini::live {

/// What a session does after a connection has failed or ended.
enum class reconnect_action {
    resume,   ///< Tries again with the newest handle.
    fresh,    ///< The handle is of no use: tries again without one.
    back_off, ///< Tries again later, with the handle.
    give_up,  ///< Trying again cannot help.
};

/// What had been going on when a connection failed or ended.
struct failure_context {
    bool was_open = false;    ///< setupComplete had come on this connection.
    bool handle_used = false; ///< Its setup carried a resumption handle.
    bool has_worked = false;  ///< setupComplete had come on a connection of this session, before.
};

/// What is sent again after an outage when the server does not tell what it has consumed (it does
/// with `session_resumption::transparent`, and then exactly the rest is sent again, whatever is
/// chosen here). Audio and video never are. Sending again may say a thing twice; not sending may
/// lose it.
enum class replay {
    /// Durable messages since the newest handle that the model has not begun to answer.
    unanswered,
    /// Every durable message since the newest handle: the server has forgotten them.
    all_since_handle,
    none,
};

/// What a session does when the server no longer knows the conversation: it has refused the handle,
/// or never gave one.
enum class context_loss {
    restart, ///< Goes on with an empty conversation (`status_change::context_lost`).
    /// Goes on with what it remembers of the conversation: the words of both sides, and function
    /// calls in a few words, of the last `limits::history` bytes. The model hears no voices and
    /// sees no pictures again.
    restore,
    fail, ///< Ends with errc::context_lost.
};

/// How a session changes to a new connection when the server says that it will end the present one
/// (goAway): the new one is made while the old one still serves, and is used at the end of a turn
/// with no function call open and a fresh handle, or shortly before time is up. Each is an attempt
/// of `reconnect_policy`, the first of a row without a wait.
struct handover_policy {
    bool enabled = true;
    /// Time kept free before the server's deadline; never more than half of what it gives.
    std::chrono::milliseconds margin{10'000};
    /// Keeps the old connection open until the new one has been accepted. The service refuses a
    /// handle whose connection is open, but for some of its front ends.
    bool overlap = false;
};

/// Watches for a server that is there and says nothing. Zero: off. A silence is told once, as
/// `stalled` in `session::events()`; nothing else happens.
struct watchdogs {
    /// After a resume with something to answer.
    std::chrono::milliseconds after_resume{0};
    /// Between a durable message and the model's turn's end, from the last message of the server.
    std::chrono::milliseconds in_turn{0};
};

/// How a session comes back after it has lost its connection. The wait before attempt n is drawn
/// evenly from [0, min(max_delay, first_delay × factor^(n-1))] (full jitter), and is never shorter
/// than the server's Retry-After.
struct reconnect_policy {
    bool enabled = true;
    std::chrono::milliseconds first_delay{500};
    double factor = 2.0; ///< 1 or more.
    std::chrono::milliseconds max_delay{30'000};
    /// In a row, after losses and goAways; 1 or more. Absent: no limit.
    std::optional<int> max_attempts = 10;
    /// From the loss to the start of the last attempt; zero: off.
    std::chrono::milliseconds max_outage{0};
    /// The first connection's own limit; 1 or more; 1: fail at once. Absent: no limit, so that
    /// `session::connect` waits for a service that can be reached. What cannot get better, or asks
    /// for a wait of more than 10 s, ends it whatever the limit. While the service answers a handle
    /// from elsewhere with internal errors, since its last owner is still open, attempts go on for
    /// a minute all the same, unless this is 1.
    std::optional<int> first_connect_attempts = 3;
    std::chrono::milliseconds healthy_after{
        30'000}; ///< The attempts start from 1 again once a connection has lived so long.
    std::chrono::milliseconds realtime_window{
        2'000}; ///< Audio and video older than this are dropped while there is no connection.
    live::replay replay = live::replay::unanswered;
    context_loss on_context_loss = context_loss::restart;
    handover_policy handover{};
    /// All sessions of a client together start so many attempts to reconnect or to follow a goAway
    /// a second, and as many at once after a quiet time, so that a server that comes back is not
    /// stormed. More than 0; absent: no limit.
    std::optional<double> attempts_per_second = 100;
    /// The shortest wait after the quota is used up, where the server does not name one.
    std::chrono::milliseconds quota_wait{60'000};
    /// Overrules the library's judgement of a failure; nothing: leaves it as it is. It has the last
    /// word on the action; the limits on attempts and time still apply. Pure; called under the
    /// session's lock, so it must not use the session.
    std::function<std::optional<reconnect_action>(const error&, failure_context)> on_failure{};
    gcc12_guard<reconnect_policy> guard{}; ///< Not to be touched.
};

} // namespace gemini::live
