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

/// What may become of a session. docs/sessions.md shows it as a picture.
struct transition {
    live::status from;
    std::string_view on;
    live::status to;
};
[[nodiscard]] std::span<const transition> transitions() noexcept;

/// How it stood when a connection ended.
struct circumstances {
    bool has_context = true;    ///< There is a conversation that the server may have forgotten.
    bool is_replaced = false;   ///< A connection that was dialled ahead is there to follow.
    bool was_sent_away = false; ///< The server had asked to leave it.
};

/// The life of a session's connections: decides whether, when and with which handle the next one is
/// made. Pure: no I/O, no clock of its own, no executor; randomness comes in.
class connection_fsm {
public:
    /// `random` gives numbers evenly from [0, 1).
    connection_fsm(reconnect_policy policy, std::string handle, std::function<double()> random);

    /// A change of status to tell the user; its delay is the wait before the next attempt.
    [[nodiscard]] status_change start();
    /// setupComplete has come.
    [[nodiscard]] status_change opened(base::time_point now);
    /// The attempt failed, or the open connection ended. `to` is `error` when there is to be no
    /// further attempt.
    [[nodiscard]] status_change lost(
        const error& failure, base::time_point now, circumstances how = {});
    [[nodiscard]] status_change close();
    [[nodiscard]] status_change give_up(error why);

    /// The wait before a connection is dialled ahead, while the open one still serves: none before
    /// the first of a row. Nothing when the row has no attempts left.
    [[nodiscard]] std::optional<std::chrono::milliseconds> wait_ahead(base::time_point now);
    /// It is being dialled: an attempt of the row.
    void dials_ahead(base::time_point now);
    /// When the open connection begins a new row; absent when it has begun one.
    [[nodiscard]] std::optional<base::time_point> renewal() const;
    /// The open connection is being left for the one that was dialled ahead, whose setup is to
    /// come.
    void hand_over(base::time_point now);

    /// The server gave a handle, or said that there is none for now: the last good one stays. True
    /// when it is a new one.
    bool update(const session_resumption_update& update);

    /// What to do when a connection that was to follow the present one could not be made.
    [[nodiscard]] verdict judge_dial(const error& failure) const;
    /// What had been going on when the last failure came.
    [[nodiscard]] situation last_situation() const noexcept { return situation_; }

    /// The setup is about to be sent. The server may have closed a connection that was made ahead
    /// before it saw the setup, so that its close says nothing about the handle.
    void begins_on(bool made_ahead) noexcept { made_ahead_ = made_ahead; }

    /// A handle from elsewhere, whose owner may still have a connection open.
    void go_on_with(std::string handle)
    {
        take_over(std::move(handle));
        is_from_elsewhere_ = true;
    }
    /// Whether there is no handle because the server has refused it in so many words. An internal
    /// error says nothing of the kind.
    [[nodiscard]] bool handle_is_refused() const noexcept { return handle_refused_; }

    /// A random wait before attempt `attempt`.
    [[nodiscard]] std::chrono::milliseconds draw_delay(int attempt) const;

    [[nodiscard]] live::status status() const noexcept { return status_; }
    [[nodiscard]] bool ended() const noexcept
    {
        return status_ == status::closed || status_ == status::error;
    }
    /// What the next setup is to carry; empty: a new conversation.
    [[nodiscard]] const std::string& handle() const noexcept { return handle_; }
    /// The open connection has been left, and the new one is not open yet.
    [[nodiscard]] bool is_handing_over() const noexcept { return handing_over_; }
    /// Number of the present connection, from 1; 0 before the first.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    /// Since when there has been no connection, after the first.
    [[nodiscard]] std::optional<base::time_point> out_since() const noexcept { return out_since_; }

private:
    void take_over(std::string handle);
    [[nodiscard]] status_change become(live::status to);
    [[nodiscard]] situation situation_of(const error& failure) const;
    void overrule(verdict& judged, situation when) const;
    [[nodiscard]] bool is_healthy(base::time_point now) const;
    void renew(base::time_point now);
    void leave(base::time_point now);
    [[nodiscard]] int most_attempts() const noexcept
    {
        return epoch_ == 0 ? policy_.first_connect_attempts : policy_.max_attempts;
    }
    [[nodiscard]] error spent(const error& why) const;
    [[nodiscard]] bool suspects_handle(const error& failure, base::time_point now, situation when);
    [[nodiscard]] bool repeats(const verdict& judged, base::time_point now);
    [[nodiscard]] bool believes(base::time_point now) const noexcept
    {
        return believed_until_ && now < *believed_until_;
    }

    reconnect_policy policy_;
    std::string handle_;
    std::function<double()> random_;
    live::status status_ = status::disconnected;
    std::uint64_t epoch_ = 0;
    int attempt_ = 0;         ///< The last of the row, also while connected.
    int waits_ = 0;           ///< Attempts of the row that only waited for the handle's owner.
    int internal_errors_ = 0; ///< In a row, before setupComplete, with a handle.
    int repeats_ = 0;         ///< Refusals of open connections, one soon after the other.
    /// Whether the server may not know yet that the handle's last connection has gone.
    std::optional<base::time_point> believed_until_;
    bool has_renewed_ = false; ///< The open connection has begun a new row of attempts.
    bool opened_with_handle_ = false;
    bool handle_refused_ = false;
    bool is_from_elsewhere_; ///< The handle, and no connection of ours has been open with it.
    bool handing_over_ = false;
    bool made_ahead_ = false; ///< The connection that is being set up.
    situation situation_{};
    std::optional<base::time_point> open_since_; ///< While connected.
    std::optional<base::time_point> out_since_;
};

} // namespace gemini::live::engine
