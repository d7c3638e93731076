// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/turn_recorder_test.cpp
#pragma once

#include "base/time.hpp"
#include "engine/outbox.hpp"
#include "engine/turn_tracker.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/turn_record.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live::engine {

/// Whether pcm16 is louder than -40 dBFS on average.
[[nodiscard]] bool is_loud(std::span<const std::byte> pcm) noexcept;

/// Makes a turn_record of each turn that a turn_tracker finds. Pure.
///
/// A record is complete at the turn's end, or later: when the turn's calls have ended and what it
/// said has been heard, but no later than when the next turn begins.
class turn_recorder {
public:
    /// Call for each message that is handed to a connection.
    void sent(const outgoing& message, base::time_point now);
    /// Call for each server message, with what it means for the turns.
    void heard(const server_message& message, const turn_mark& mark, base::time_point now);
    /// A message that could not be read may have ended the turn.
    void heard_nonsense() noexcept;
    /// The silence of the server has been reported.
    void stalled() noexcept;
    /// Call when the tracker may have given a turn up. `in_turn`: one is still open there.
    void settled(bool in_turn);
    /// The present connection is left for another, on which the conversation goes on.
    void left();
    /// The connection has been lost. `ask_again`: the session does not ask again itself.
    void lost(bool ask_again, base::time_point now);
    void opened(bool resumed, base::time_point now);
    /// The server does not know these calls any more.
    void forgot(const std::vector<std::string>& calls, base::time_point now);
    void playback_started(base::time_point now);
    void playback_stopped(base::time_point now);
    /// The session has ended.
    void closed(base::time_point now);

    /// Whether a turn has begun that has not ended.
    [[nodiscard]] bool in_turn() const noexcept { return turn_ && !turn_->is_over; }
    [[nodiscard]] bool has_records() const noexcept { return !done_.empty(); }
    [[nodiscard]] std::vector<turn_record> take() { return std::exchange(done_, {}); }

private:
    /// What asks for the next turn.
    struct cause {
        turn_origin origin;
        std::optional<base::time_point> when{};
        speech_end_sign sign = speech_end_sign::none;
    };
    struct changes {
        int losses = 0;
        int handovers = 0;
        int resumes = 0;
    };
    /// The newest turn, until its record is complete.
    struct turn {
        turn_record record{};
        bool is_asked = false; ///< `began` is when it was asked for.
        bool is_over = false;
        bool is_left = false; ///< It goes on, on a connection that was left.
        bool has_called = false;
        bool is_unreadable = false;
        bool is_stalled = false;
        base::time_point last_heard{};
        base::time_point interrupted_at{};
    };
    struct open_call {
        std::string id;
        std::string name;
        std::uint64_t turn;
        base::time_point since;
    };

    void ask(cause by);
    void hear_user(const server_message& message, const turn_mark& mark, base::time_point now);
    void begin(std::uint64_t number, base::time_point now);
    void hear_model(const server_message& message, const turn_mark& mark, base::time_point now);
    void hear_calls(const tool_call& calls, base::time_point now);
    void end_call(const std::string& id, call_ending how, base::time_point now);
    void end_turn(turn_end how, base::time_point now);
    void give_up_turn();
    [[nodiscard]] static turn_end likely_end(const turn& of) noexcept;
    [[nodiscard]] bool is_complete() const;
    void deliver_if_complete();
    void deliver();

    std::uint64_t last_ = 0; ///< Number of the newest turn.
    std::optional<turn> turn_{};
    std::optional<cause> cause_{};
    bool is_cause_kept_ = false; ///< It is being sent again: it keeps its time.
    std::optional<base::time_point> loud_at_{};
    changes changes_{}; ///< Since `cause_`, while no turn is open.
    std::vector<open_call> open_calls_{};
    std::vector<call_record> early_calls_{}; ///< Calls that ended between two turns.
    std::size_t early_calls_omitted_ = 0;
    bool reports_playback_ = false;
    std::vector<turn_record> done_{};
};

} // namespace gemini::live::engine
