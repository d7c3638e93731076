// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "engine/failure_classifier.hpp"

#include <gemini/live/reconnect.hpp>
#include <gemini/live/session_event.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gemini::live::engine {

/// One possible change of a session's status. docs/sessions.md shows all of them in a diagram.
struct transition {
    live::session_status from;
    std::string_view on;
    live::session_status to;
};
[[nodiscard]] std::span<const transition> transitions() noexcept;

/// The circumstances in which a connection ended.
struct circumstances {
    bool has_context = true;    ///< There is a conversation that the server may have forgotten.
    bool is_replaced = false;   ///< A connection that was dialed ahead is ready to take over.
    bool was_sent_away = false; ///< The server had asked us to leave it (goAway).
};

/// Manages the connections of a session: decides whether, when and with which handle to make the
/// next one. Pure: performs no I/O and has no clock or executor of its own; randomness is passed
/// in.
class reconnect_fsm {
public:
    /// `random` returns numbers uniformly distributed in [0, 1).
    reconnect_fsm(reconnect_policy policy, std::string handle, std::function<double()> random);

    [[nodiscard]] const reconnect_policy& policy() const noexcept { return policy_; }

    /// Begins the first attempt. Every status change returned here is to be reported to the user;
    /// its delay is the wait before the next attempt.
    [[nodiscard]] status_change start();
    /// Call when setupComplete has arrived.
    [[nodiscard]] status_change opened(base::time_point now);
    /// Call when the attempt has failed or the open connection has ended. `to` is `error` when
    /// there is to be no further attempt.
    [[nodiscard]] status_change lost(
        const error& failure, base::time_point now, circumstances how = {});
    [[nodiscard]] status_change close();
    [[nodiscard]] status_change give_up(error why);

    /// Returns the wait before a connection is dialed ahead, while the open one still serves: zero
    /// before the first attempt of a series, nullopt when the series has no attempts left.
    [[nodiscard]] std::optional<std::chrono::milliseconds> wait_ahead(base::time_point now);
    /// Call when a connection is being dialed ahead. It counts as an attempt of the series.
    void dials_ahead(base::time_point now);
    /// When the open connection starts a new series of attempts; nullopt once it has done so.
    [[nodiscard]] std::optional<base::time_point> renewal() const;
    /// Call when the open connection is left for the one dialed ahead, which has yet to be set up.
    void hand_over(base::time_point now);

    /// Call when the server has sent a handle, or has reported that there is none for now; in that
    /// case the last good one is kept. Returns true when the handle is accepted as the newest.
    bool update(const session_resumption_update& update);

    /// Decides what to do when the connection that was to follow the present one could not be made.
    [[nodiscard]] verdict judge_dial(const error& failure) const;
    /// What had been going on at the time of the last failure.
    [[nodiscard]] failure_context last_failure_context() const noexcept { return failure_context_; }

    /// Call just before the setup is sent. The server may have closed a connection made ahead
    /// before it saw the setup; such a close says nothing about the handle.
    void begins_on(bool made_ahead) noexcept { made_ahead_ = made_ahead; }

    /// Continues with a handle from elsewhere, whose owner may still have a connection open.
    void go_on_with(std::string handle)
    {
        take_over(std::move(handle));
        is_from_elsewhere_ = true;
    }
    /// Whether there is no handle because the server has explicitly refused it. An internal error
    /// is not an explicit refusal.
    [[nodiscard]] bool handle_is_refused() const noexcept { return handle_refused_; }

    /// Returns a random wait before attempt `attempt`.
    [[nodiscard]] std::chrono::milliseconds draw_delay(int attempt) const;

    [[nodiscard]] live::session_status status() const noexcept { return status_; }
    [[nodiscard]] bool ended() const noexcept
    {
        return status_ == session_status::closed || status_ == session_status::failed;
    }
    /// The handle for the next setup; empty: a new conversation.
    [[nodiscard]] const std::string& handle() const noexcept { return handle_; }
    /// Whether the open connection has been left and the new one is not open yet.
    [[nodiscard]] bool is_handing_over() const noexcept { return handing_over_; }
    /// Number of the present connection, counted from 1; 0 before the first.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    /// Since when there has been no connection; nullopt while there is one and before the first.
    [[nodiscard]] std::optional<base::time_point> out_since() const noexcept { return out_since_; }

private:
    void take_over(std::string handle);
    [[nodiscard]] status_change become(live::session_status to);
    [[nodiscard]] failure_context context_of(const error& failure) const;
    void overrule(verdict& judged, failure_context when) const;
    [[nodiscard]] bool is_healthy(base::time_point now) const;
    void renew(base::time_point now);
    void leave(base::time_point now);
    [[nodiscard]] std::optional<int> most_attempts() const noexcept
    {
        return epoch_ == 0 ? policy_.first_connect_attempts : policy_.max_attempts;
    }
    [[nodiscard]] error spent(const error& why) const;
    [[nodiscard]] bool suspects_handle(
        const error& failure, base::time_point now, failure_context when);
    [[nodiscard]] bool repeats(const verdict& judged, base::time_point now);
    [[nodiscard]] bool believes(base::time_point now) const noexcept
    {
        return believed_until_ && now < *believed_until_;
    }

    reconnect_policy policy_;
    std::string handle_;
    std::function<double()> random_;
    live::session_status status_ = session_status::disconnected;
    std::uint64_t epoch_ = 0;
    int attempt_ = 0;         ///< Number of the last attempt of the series, also while connected.
    int waits_ = 0;           ///< Attempts of the series that only waited for the handle's owner.
    int internal_errors_ = 0; ///< Consecutive ones before setupComplete, with a handle.
    int repeats_ = 0;         ///< Refusals of open connections in quick succession.
    /// Until then the server may not know that the handle's last connection has gone.
    std::optional<base::time_point> believed_until_;
    bool has_renewed_ = false; ///< The open connection has started a new series of attempts.
    bool opened_with_handle_ = false;
    bool handle_refused_ = false;
    bool is_from_elsewhere_; ///< The handle; and no connection of ours has opened with it yet.
    bool handing_over_ = false;
    bool made_ahead_ = false; ///< The connection being set up was dialed ahead.
    failure_context failure_context_{};
    std::optional<base::time_point> open_since_; ///< Set while connected.
    std::optional<base::time_point> out_since_;
};

} // namespace gemini::live::engine
