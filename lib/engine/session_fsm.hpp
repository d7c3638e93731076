// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/connection_fsm.hpp"
#include "engine/handover.hpp"
#include "engine/history.hpp"
#include "engine/outbox.hpp"
#include "engine/proof.hpp"
#include "engine/round_trip.hpp"
#include "engine/turn_tracker.hpp"

#include <gemini/live/counters.hpp>
#include <gemini/live/session_event.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live::engine {

/// One conversation over all of its connections: everything that a session decides, on every event
/// of either side. Pure: no I/O, no clock of its own, no executor; its owner locks it and acts.
class session_fsm {
public:
    struct rules {
        reconnect_policy reconnect{};
        live::watchdogs watchdogs{};
        std::size_t outbox_limit = 0;
        std::size_t history_limit = 0;
        engine::keeps keeps = engine::keeps::until_written;
        std::string handle{};
        std::function<double()> random{}; ///< Evenly from [0, 1).
        /// Whether the model awaits the response of the function of this name.
        std::function<bool(const std::string&)> waits_for{};
        /// Media are held back while it does, but no longer; 0: never.
        std::chrono::milliseconds longest_hold{0};
        /// Below this count of prompt tokens their fall cannot come from compression; absent: it
        /// never does.
        std::optional<std::int64_t> compresses_from{};
    };
    explicit session_fsm(rules rules);

    // The user ------------------------------------------------------------------------------
    [[nodiscard]] status_change start() { return connection_.start(); }
    /// Between connections: with an earlier conversation.
    void go_on_with(std::string handle);
    [[nodiscard]] status_change close() { return connection_.close(); }
    [[nodiscard]] status_change give_up(error why) { return connection_.give_up(std::move(why)); }
    [[nodiscard]] bool has_room(std::size_t size) const noexcept { return outbox_.has_room(size); }
    /// Why this message cannot be accepted, if so.
    [[nodiscard]] std::optional<error> refusal(const outgoing& message) const;
    void accept(outgoing message, base::time_point now);
    /// The model speaks or is to, and no activity of the user's has stopped it.
    [[nodiscard]] bool may_be_stopped() const noexcept
    {
        return !activity_is_open_ && (turns_.in_turn() || !outbox_.empty());
    }

    // The connection -------------------------------------------------------------------------
    /// Another attempt is being made.
    void dialled() noexcept { ++counters_.attempts; }
    /// What a new connection is to be told first, so that it knows what was said; none where it
    /// knows, or is to know nothing.
    [[nodiscard]] std::vector<content> memories() const;
    /// The setup has been sent.
    void setting_up(base::time_point now) noexcept { setup_sent_ = now; }
    /// Whether the connection that the setup is about to be sent on was made ahead.
    void begins_on(bool made_ahead) noexcept { connection_.begins_on(made_ahead); }
    /// setupComplete has come; `already_sent`: messages that are not the user's, such as memories.
    [[nodiscard]] status_change opened(base::time_point now, std::size_t already_sent = 0);
    /// A server message came.
    using signs = engine::signs;
    turn_mark heard(
        const server_message& message, std::size_t size, base::time_point now, signs with = {});
    void heard_nonsense(base::time_point now)
    {
        ++counters_.malformed;
        turns_.heard_nonsense(now);
    }
    /// A message was heard without so many of its members.
    void heard_in_part(std::size_t omitted, bool turn_in_doubt, base::time_point now)
    {
        counters_.members_omitted += omitted;
        if (turn_in_doubt) turns_.heard_nonsense(now);
    }
    /// Whether the server still knows what was said, if that has come into doubt; once.
    [[nodiscard]] std::optional<memory_doubtful> doubt() noexcept
    {
        return std::exchange(doubt_, std::nullopt);
    }
    /// Function calls are open / the model waits for one of them.
    [[nodiscard]] bool has_open_calls() const noexcept { return turns_.has_open_calls(); }
    [[nodiscard]] bool is_waited_for() const noexcept { return turns_.is_waited_for(); }
    [[nodiscard]] std::vector<base::frame> take(std::size_t most, base::time_point now);
    /// What was taken has been written to the present connection.
    void written(base::time_point now);
    /// Whether a ping should follow what has been written / its number; 0: there are none here.
    [[nodiscard]] bool wants_ping() const noexcept { return wants_ping_; }
    void pinged(std::uint64_t number, base::time_point now);
    /// Nobody reads the connection for want of room, or somebody does again.
    void held_up(bool on) noexcept { is_held_up_ = on; }
    /// The connection, or the attempt to make one, has failed; what to do is in the change.
    /// `is_replaced`: one that was dialled ahead is there to follow.
    [[nodiscard]] status_change lost(
        const error& failure, base::time_point now, bool is_replaced = false);

    // The change of connection before the server's deadline --------------------------------------
    /// What to do now, and when to ask again.
    struct step {
        bool dial_ahead = false; ///< Counts as an attempt: it has to be made.
        bool hand_over = false;
        bool is_over = false; ///< The server's time is up, and no attempts are left: a loss.
        bool write = false;   ///< What was held back may go.
        std::optional<stalled> silence{};
        std::optional<base::time_point> ask_again{};
    };
    enum class successor { none, dialled, ready };
    [[nodiscard]] step next(base::time_point now, successor following);
    void dial_ahead_failed(const error& failure, base::time_point now);
    void hand_over(base::time_point now);
    [[nodiscard]] bool overlaps() const noexcept { return handover_.overlaps(); }

    /// Whether `next` may have something new to say after a message.
    [[nodiscard]] bool wants_attention() const noexcept
    {
        return handover_.is_expected() || hold_until_ || answers_from_ ||
               rules_.watchdogs.in_turn.count() != 0 || rules_.watchdogs.after_resume.count() != 0;
    }

    /// Drops media that have waited too long for a connection; true when there were some.
    bool drop_stale(base::time_point now);
    /// When there will be some again, if nothing else happens.
    [[nodiscard]] std::optional<base::time_point> next_stale(base::time_point now) const;

    [[nodiscard]] live::status status() const noexcept { return connection_.status(); }
    [[nodiscard]] bool ended() const noexcept { return connection_.ended(); }
    [[nodiscard]] const std::string& handle() const noexcept { return connection_.handle(); }
    [[nodiscard]] bool handle_is_refused() const noexcept
    {
        return connection_.handle_is_refused();
    }
    [[nodiscard]] situation last_situation() const noexcept { return connection_.last_situation(); }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return connection_.epoch(); }
    [[nodiscard]] bool keeps_history() const noexcept
    {
        return rules_.reconnect.on_context_loss == context_loss::restore;
    }
    [[nodiscard]] std::uint64_t last_accepted() const noexcept { return outbox_.last(); }
    [[nodiscard]] std::uint64_t oldest_waiting() const noexcept { return outbox_.oldest(); }
    [[nodiscard]] const std::optional<usage_metadata>& usage() const noexcept { return usage_; }
    [[nodiscard]] live::counters counters() const;

private:
    bool connection_gone();
    [[nodiscard]] bool asks_again() const noexcept;
    [[nodiscard]] bool holds_media(base::time_point now) const noexcept;
    [[nodiscard]] bool has_context() const noexcept;
    [[nodiscard]] bool hands_over_at(base::time_point now) const;
    template <class Ask>
    void dial_ahead(step& step, base::time_point now, const Ask& ask_at);
    [[nodiscard]] std::optional<base::time_point> silent_until() const;
    void remember_settled(std::uint64_t turn);
    void watch_memory(const usage_metadata& usage);
    void release_answers(base::time_point now);
    [[nodiscard]] turn_mark mark_of_left(const server_message& message);
    void add_forgotten(const std::vector<std::string>& calls);
    [[nodiscard]] bool leaves_unanswered(bool answering, bool in_turn);
    void noted(const proof& received, const proof& heard);
    void measure(const signs& with, base::time_point now);
    [[nodiscard]] bool is_in_doubt() const noexcept { return !under_way_.empty(); }

    rules rules_;
    connection_fsm connection_;
    outbox outbox_;
    turn_tracker turns_;
    handover handover_;
    history history_;
    bool resumed_another_; ///< The conversation began in another session.
    bool context_lost_ = false;
    bool activity_is_open_ = false; ///< By the user's marks.
    bool left_in_turn_ = false;     ///< The connection, which ends the turn in its middle.
    bool left_calls_ = false;       ///< There, which the server will not know: the end of the
                                    ///< turn that made them ends nothing.
    bool owes_answer_ = false;      ///< A question is to be asked again on the next connection.
    std::optional<usage_metadata> usage_{};
    live::counters counters_{};

    // Since the last connection; told at the next.
    std::size_t dropped_ = 0;
    std::size_t uncertain_ = 0;
    std::vector<std::string> forgotten_calls_{};
    std::size_t forgotten_bytes_ = 0;

    std::optional<base::time_point> hold_until_{}; ///< While the model waits for a function.
    /// What the server sent together with a call arrives first, so that nobody takes it for what is
    /// said to the response.
    std::optional<base::time_point> answers_from_{};

    // Whether the server remembers.
    int prompt_tokens_ = 0; ///< By its newest count.
    bool watches_memory_ = false;
    std::optional<memory_doubtful> doubt_{};

    // What the server may not have heard yet, or not before it made the newest handle.
    struct written_batch {
        waypoint where;
        std::size_t durable;
        bool asks;
        bool noted = false; ///< The server has answered: a handle to come holds it.
    };
    std::deque<written_batch> under_way_{};
    round_trip trip_{};
    std::optional<base::time_point> setup_sent_{};
    bool wants_ping_ = false;
    std::uint64_t pongs_ = 0;  ///< The newest ping that was answered.
    std::uint64_t rounds_ = 0; ///< Of pings, some time apart, while somebody read.
    base::time_point round_began_{};
    bool is_held_up_ = false;
    struct timed_ping {
        std::uint64_t number;
        base::time_point sent;
    };
    std::optional<timed_ping> timed_{};

    // For the watchdogs.
    base::time_point last_heard_{};
    bool silent_since_resume_ = false;
    bool told_of_silence_ = false;
};

} // namespace gemini::live::engine
