// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session/classifier.hpp"
#include "session/clock.hpp"

#include <gemini/live/reconnect.hpp>
#include <gemini/live/session.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace gemini::live::sessions {

/// Decides what a session does next. Pure: no I/O, no clock of its own, no executor; randomness
/// comes in.
///
///     disconnected ──start──► connecting ──opened──► connected ──lost──► reconnecting ──opened──►
///     connected
///                                 │                                          │
///                             lost, no more tries                   lost, no more tries
///                                 ▼                                          ▼
///                               error ◄──────────────────────────────────── error         any
///                               ──close──► closed
class machine {
public:
    /// `random` gives numbers evenly from [0, 1).
    machine(reconnect_policy policy, std::string handle, std::function<double()> random);

    /// A change of status to tell the user; its delay is the wait before the next attempt.
    [[nodiscard]] status_change start();
    /// setupComplete has come.
    [[nodiscard]] status_change opened(time_point now);
    /// The attempt failed, or the open connection ended. `to` is `error` when there is to be no
    /// further attempt.
    [[nodiscard]] status_change lost(const error& failure, time_point now);
    [[nodiscard]] status_change close();

    /// The server gave a handle, or said that there is none for now: the last good one stays. True
    /// when it is a new one.
    bool update(const session_resumption_update& update);

    [[nodiscard]] live::status status() const noexcept { return status_; }
    [[nodiscard]] bool ended() const noexcept
    {
        return status_ == status::closed || status_ == status::error;
    }
    /// What the next setup is to carry; empty: a new conversation.
    [[nodiscard]] const std::string& handle() const noexcept { return handle_; }
    /// Number of the present connection, from 1; 0 before the first.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

private:
    [[nodiscard]] status_change become(live::status to);
    [[nodiscard]] std::chrono::milliseconds draw_delay();

    reconnect_policy policy_;
    std::string handle_;
    std::function<double()> random_;
    live::status status_ = status::disconnected;
    std::uint64_t epoch_ = 0;
    int attempt_ = 0; ///< Of the attempt under way or coming; 0 while connected.
    std::optional<time_point> open_since_; ///< While connected.
};

} // namespace gemini::live::sessions
