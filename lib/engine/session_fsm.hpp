// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/handover.hpp"
#include "engine/history.hpp"
#include "engine/outbox.hpp"
#include "engine/proof.hpp"
#include "engine/reconnect_fsm.hpp"
#include "engine/round_trip.hpp"
#include "engine/turn_recorder.hpp"
#include "engine/turn_tracker.hpp"
#include "engine/watchdog.hpp"

#include <gemini/live/counters.hpp>
#include <gemini/live/session_event.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live::engine {

/// One conversation across all of its connections: makes every decision of a session, on every
/// event from either side. Pure: performs no I/O and has no clock or executor of its own; the owner
/// locks it and acts.
class session_fsm {
public:
    struct rules {
        reconnect_policy reconnect{};
        live::watchdogs watchdogs{};
        std::size_t outbox_limit = 0;
        std::size_t history_limit = 0;
        engine::keeps keeps = engine::keeps::until_written;
        std::string handle{};
        std::function<double()> random{}; ///< Uniformly distributed in [0, 1).
        /// Whether the model awaits the response of the function with this name.
        std::function<bool(const std::string&)> waits_for{};
        /// Media are held back while the model awaits a response, but no longer than this; 0:
        /// never.
        std::chrono::milliseconds longest_hold{0};
        /// If the count of prompt tokens falls from below this value, compression is not the cause;
        /// nullopt: it never is.
        std::optional<std::int64_t> compresses_from{};
        bool records_turns = false;
    };
    explicit session_fsm(rules rules);

    // The user ------------------------------------------------------------------------------
    [[nodiscard]] status_change start() { return connection_.start(); }
    /// Switches to an earlier conversation. Call between connections.
    void go_on_with(std::string handle);
    [[nodiscard]] status_change close() { return connection_.close(); }
    [[nodiscard]] status_change give_up(error why) { return connection_.give_up(std::move(why)); }
    [[nodiscard]] bool has_room(std::size_t size) const noexcept { return outbox_.has_room(size); }
    /// Why this message cannot be accepted; nullopt when it can.
    [[nodiscard]] std::optional<error> refusal(const outgoing& message) const;
    void accept(outgoing message, base::time_point now);
    /// Whether the model awaits the response of the function with this name.
    [[nodiscard]] bool waits_for(const std::string& function) const
    {
        return turns_.waits_for(function);
    }
    /// Call when other functions are declared.
    void set_waits_for(std::function<bool(const std::string&)> waits_for)
    {
        turns_.set_waits_for(std::move(waits_for));
    }
    /// As `turn_tracker::set_answers_once`.
    void set_answers_once(std::function<bool(const function_call&)> answers_once)
    {
        turns_.set_answers_once(std::move(answers_once));
    }
    /// Whether the model speaks or is about to, and no activity of the user's has stopped it.
    [[nodiscard]] bool may_be_stopped() const noexcept
    {
        return !activity_is_open_ && (turns_.in_turn() || !outbox_.empty());
    }

    /// Whether nobody is in turn, no function call is open, and nothing waits but audio and video.
    [[nodiscard]] bool is_between_turns(base::time_point now);
    /// When that may change by itself.
    [[nodiscard]] std::optional<base::time_point> unsure_until() const noexcept
    {
        return turns_.unsure_until();
    }

    /// Since when neither side has said anything; absent while a turn is in progress.
    [[nodiscard]] std::optional<base::time_point> idle_since(base::time_point now);

    // The connection -------------------------------------------------------------------------
    /// Call when another attempt is being made.
    void dialed() noexcept { ++counters_.attempts; }
    /// What to send first on a new connection, so that the model knows what was said. Empty if
    /// the server still has the conversation, or is meant to start without it.
    [[nodiscard]] std::vector<content> memories() const;
    /// Call when the setup has been sent.
    void setting_up(base::time_point now) noexcept { setup_sent_ = now; }
    /// Call just before the setup is sent. `made_ahead`: its connection was dialed ahead.
    void begins_on(bool made_ahead) noexcept { connection_.begins_on(made_ahead); }
    /// Call when setupComplete has arrived. `already_sent`: number of messages sent that are not
    /// the user's, such as memories.
    [[nodiscard]] status_change opened(base::time_point now, std::size_t already_sent = 0);
    using signs = engine::signs;
    /// Call for each server message.
    turn_mark heard(
        const server_message& message, std::size_t size, base::time_point now, signs with = {});
    void heard_nonsense(base::time_point now)
    {
        ++counters_.malformed;
        heard_doubtful(now);
    }
    /// Call for a message that was delivered without `omitted` of its members.
    void heard_in_part(std::size_t omitted, bool turn_in_doubt, base::time_point now)
    {
        counters_.members_omitted += omitted;
        if (turn_in_doubt) heard_doubtful(now);
    }
    /// Returns a report that the server may not know any more what was said; each report once.
    [[nodiscard]] std::optional<memory_doubtful> doubt() noexcept
    {
        return std::exchange(doubt_, std::nullopt);
    }
    /// Whether function calls are open.
    [[nodiscard]] bool has_open_calls() const noexcept { return turns_.has_open_calls(); }
    /// Whether the model waits for one of the open calls.
    [[nodiscard]] bool is_waited_for() const noexcept { return turns_.is_waited_for(); }
    [[nodiscard]] std::vector<base::frame> take(std::size_t most, base::time_point now);
    /// Call when what was taken has been written to the present connection.
    void written(base::time_point now);
    /// Whether a ping should follow what has been written.
    [[nodiscard]] bool wants_ping() const noexcept { return wants_ping_; }
    /// Call when that ping has been sent; number 0: the connection has no pings.
    void pinged(std::uint64_t number, base::time_point now);
    /// Call when reading the connection stops for lack of room, and when it resumes.
    void held_up(bool on) noexcept { is_held_up_ = on; }
    /// Call when the connection, or the attempt to make one, has failed. The returned change says
    /// what to do. `is_replaced`: a connection that was dialed ahead is ready to take over.
    [[nodiscard]] status_change lost(
        const error& failure, base::time_point now, bool is_replaced = false);

    // The change of connection before the server's deadline --------------------------------------
    /// What to do now, and when to ask again.
    struct step {
        bool dial_ahead = false; ///< Already counted as an attempt: it has to be made.
        bool hand_over = false;
        bool is_over = false; ///< The server's time is up and no attempts are left: a loss.
        bool write = false;   ///< What was held back may be sent.
        std::optional<stalled> silence{};
        std::optional<base::time_point> ask_again{};
    };
    enum class successor { none, dialed, ready };
    [[nodiscard]] step next(base::time_point now, successor following);
    void dial_ahead_failed(const error& failure, base::time_point now);
    void hand_over(base::time_point now);
    [[nodiscard]] bool overlaps() const noexcept { return handover_.overlaps(); }

    /// Whether `next` may return something new after a message.
    [[nodiscard]] bool wants_attention() const noexcept
    {
        return handover_.is_expected() || hold_until_ || answers_from_ || watchdog_.is_on() ||
               settles_turn();
    }

    /// Null unless `rules::records_turns`.
    [[nodiscard]] turn_recorder* recorder() noexcept { return recorder_ ? &*recorder_ : nullptr; }

    /// Drops media that have waited too long for a connection; returns true when there were any.
    bool drop_stale(base::time_point now);
    /// When the oldest waiting media expire.
    [[nodiscard]] std::optional<base::time_point> next_stale(base::time_point now) const;

    [[nodiscard]] live::session_status status() const noexcept { return connection_.status(); }
    [[nodiscard]] bool ended() const noexcept { return connection_.ended(); }
    [[nodiscard]] const std::string& handle() const noexcept { return connection_.handle(); }
    [[nodiscard]] bool handle_is_refused() const noexcept
    {
        return connection_.handle_is_refused();
    }
    [[nodiscard]] failure_context last_failure_context() const noexcept
    {
        return connection_.last_failure_context();
    }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return connection_.epoch(); }
    [[nodiscard]] bool keeps_history() const noexcept
    {
        return connection_.policy().on_context_loss == context_loss::restore;
    }
    [[nodiscard]] std::uint64_t last_accepted() const noexcept { return outbox_.last(); }
    [[nodiscard]] std::uint64_t oldest_waiting() const noexcept { return outbox_.oldest(); }
    [[nodiscard]] const boxed<usage_metadata>& usage() const noexcept { return usage_; }
    [[nodiscard]] live::session_counters counters() const;

private:
    void heard_doubtful(base::time_point now);
    void record(const server_message& message, const turn_mark& mark, base::time_point now);
    /// Whether the end of a turn that is being recorded is in doubt.
    [[nodiscard]] bool settles_turn() const noexcept
    {
        return recorder_ && recorder_->in_turn() && turns_.unsure_until();
    }
    bool connection_gone(base::time_point now);
    [[nodiscard]] bool asks_again() const noexcept;
    [[nodiscard]] bool holds_media(base::time_point now) const noexcept;
    [[nodiscard]] bool has_context() const noexcept;
    [[nodiscard]] bool hands_over_at(base::time_point now) const;
    template <class Ask>
    void dial_ahead(step& step, base::time_point now, const Ask& ask_at);
    template <class Ask>
    void watch(step& step, base::time_point now, const Ask& ask_at);
    void remember_settled(std::uint64_t turn);
    void watch_memory(const usage_metadata& usage);
    void release_answers(base::time_point now);
    [[nodiscard]] turn_mark mark_of_left(const server_message& message);
    void add_forgotten(const std::vector<std::string>& calls);
    [[nodiscard]] bool leaves_unanswered(bool answering, bool in_turn);
    void noted(const proof& received, const proof& heard);
    void measure(const signs& with, base::time_point now);
    [[nodiscard]] bool is_in_doubt() const noexcept { return !under_way_.empty(); }

    // Of the rules, what no part below has taken.
    std::chrono::milliseconds longest_hold_;
    std::optional<std::int64_t> compresses_from_;

    reconnect_fsm connection_;
    outbox outbox_;
    turn_tracker turns_;
    std::optional<turn_recorder> recorder_;
    handover handover_;
    history history_;
    bool resumed_another_; ///< The conversation began in another session.
    bool context_lost_ = false;
    bool activity_is_open_ = false; ///< According to the user's marks.
    bool left_in_turn_ = false;     ///< The connection was left in the middle of a turn.
    bool left_calls_ = false;       ///< The server will not know calls of the connection left:
                                    ///< the end of their turn ends nothing.
    bool owes_answer_ = false;      ///< A question will be asked again on the next connection.
    boxed<usage_metadata> usage_{};
    live::session_counters counters_{};

    // Collected since the last connection and reported on the next.
    std::size_t dropped_ = 0;
    std::size_t uncertain_ = 0;
    std::vector<std::string> forgotten_calls_{};
    std::size_t forgotten_bytes_ = 0;

    std::optional<base::time_point> hold_until_{}; ///< Set while the model waits for a function.
    /// Tool responses wait until then. What the server sent together with a call arrives first, so
    /// that it is not mistaken for what the model says to the response.
    std::optional<base::time_point> answers_from_{};

    // Whether the server remembers the conversation.
    int prompt_tokens_ = 0; ///< According to the newest report.
    bool watches_memory_ = false;
    std::optional<memory_doubtful> doubt_{};

    // What the server may not have heard yet, or not before it made the newest handle.
    struct written_batch {
        waypoint where;
        std::size_t durable;
        bool asks;
        bool noted = false; ///< The server has answered: the next handle holds it.
    };
    std::vector<written_batch> under_way_{};
    round_trip trip_{};
    std::optional<base::time_point> setup_sent_{};
    bool wants_ping_ = false;
    std::uint64_t pongs_ = 0;  ///< The newest ping that was answered.
    std::uint64_t rounds_ = 0; ///< Rounds of pings, some time apart, while somebody was reading.
    base::time_point round_began_{};
    bool is_held_up_ = false;
    struct timed_ping {
        std::uint64_t number;
        base::time_point sent;
    };
    std::optional<timed_ping> timed_{};

    base::time_point last_said_{}; ///< By either side.
    watchdog watchdog_;
    bool gives_up_ = false; ///< The loss that follows is the end.
};

} // namespace gemini::live::engine
