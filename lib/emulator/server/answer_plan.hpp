// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/live_server_session_test.cpp, test/unit/emulator/quirks_test.cpp
#pragma once

#include "emulator/persona/persona.hpp"
#include "emulator/rules/setup_rules.hpp"
#include "emulator/server/server_session.hpp"
#include "emulator/server/speech_output.hpp"
#include "emulator/server/usage_counter.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulator {

/// What the model is going to send, and when. Speech is synthesized only when its time comes,
/// because it is expensive and an interruption makes it unnecessary.
class answer_plan {
public:
    /// A step of an answer.
    struct step {
        enum class kind { message, handle, end_of_turn, drop };
        moment at;
        kind what = kind::message;
        server_message_members message{};
        std::string words{};                      ///< To be spoken; they become messages.
        open_enum<turn_complete_reason> reason{}; ///< For the end of a turn.
        waiting wait = waiting::blocked;          ///< For the calls in the message.
    };

    /// The references must outlive this. `pace` scales the length of pauses.
    answer_plan(const accepted_setup& setup, const testing::emulator_quirks& quirks,
        live::backend backend, double pace, usage_counter& usage);

    /// Plans an answer, after the current one if there is one.
    void say(reply reply, moment now);
    /// Plans function calls, each in a message of its own.
    void call(std::vector<function_call> calls, waiting wait, moment now);
    /// Replaces the second half of what is planned by the end of the connection.
    void drop_midway();
    /// Multiplies the pauses of the current answer.
    void slow_down(double factor) noexcept { slowness_ = factor; }
    /// Discards everything.
    void clear();

    [[nodiscard]] bool empty() const noexcept { return steps_.empty(); }
    [[nodiscard]] std::optional<moment> next_timer() const;
    /// Returns the next step that is due, with its words spoken.
    [[nodiscard]] std::optional<step> take_due(moment now);
    /// Call when a turn has ended. Returns a message that follows the end, if there is one.
    [[nodiscard]] std::optional<server_message_members> end_turn();
    /// Call when the calls of the open turn are canceled: without further steps, it is over.
    void cancel_calls() noexcept;
    [[nodiscard]] moment paced(std::chrono::milliseconds pause) const;

private:
    [[nodiscard]] moment end(moment now) const;
    void begin_turn(moment at);
    void plan_words(std::string_view words, moment& at);
    void plan_handles(moment at);
    void speak_next(const std::string& words, moment at);

    const accepted_setup& setup_;
    const testing::emulator_quirks& quirks_;
    const double pace_;
    double slowness_ = 1.0; // of the current answer
    std::deque<step> steps_;
    bool turn_is_open_ = false; // after the last step
    int answers_ = 0;           // so far
    speech_output speech_;
};

} // namespace gemini::live::emulator
