// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/turns_test.cpp, test/unit/engine/session_fsm_test.cpp
#pragma once

#include "base/time.hpp"
#include "engine/inbox.hpp"

#include <gemini/live/turn.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace gemini::live::engine {

/// The function calls that the user has not answered yet.
enum class calls { none, open, waited_for };

/// Assembles turns from a session's events, for `session::turn()`. Keeps what it has when the
/// caller goes away. Pure.
class turn_collector {
public:
    struct rules {
        std::size_t limit = 0; ///< The memory that a turn may take.
        bool ends_at_calls = true;
        /// Whether somebody else answers this call: the turn goes on. May be empty.
        std::function<bool(const function_call&)> is_answered{};
    };
    /// Applies to the events from now on.
    void use(rules present) { rules_ = std::move(present); }

    /// Whether the turn ends before this event, which is not part of it.
    [[nodiscard]] bool is_over_before(const inbox::entry& next) const;
    /// Returns true when the turn ends with this event; then call `finish()`.
    [[nodiscard]] bool add(const inbox::entry& next, calls open);
    /// Whether this event belongs to the turn that has just ended and can be added to it.
    [[nodiscard]] bool is_late(const inbox::entry& next) const;
    void add_late(const inbox::entry& next);

    [[nodiscard]] turn_result finish();
    /// Returns the turn as it is, without its end.
    [[nodiscard]] turn_result finish_early();
    /// Returns the turn as it is when the session was closed.
    [[nodiscard]] turn_result close();
    /// Returns the turn as it is when the caller waits no longer.
    [[nodiscard]] turn_result time_out();

    /// When to stop waiting and `give_up()`, unless something arrives: what has arrived may have
    /// been the end.
    [[nodiscard]] std::optional<base::time_point> unsure_until(base::time_point now);
    [[nodiscard]] turn_result give_up();

private:
    [[nodiscard]] bool add(const server_message& message, const turn_mark& mark, calls open);
    [[nodiscard]] bool add(const status_change& change);
    [[nodiscard]] bool add_calls(const server_message& message, const turn_mark& mark);
    [[nodiscard]] bool fail(turn_end how, error why);
    [[nodiscard]] bool end_calls(const turn_mark& mark, calls open);
    [[nodiscard]] bool goes_on_after_calls(const turn_mark& mark, calls open);
    [[nodiscard]] bool stops_when_full(const turn_mark& mark);
    void add_words(const server_message& message, const turn_mark& mark);
    void place_undecided(std::uint64_t turn);
    void take_late_for_own();
    [[nodiscard]] bool has_spoken() const noexcept { return number_ > returned_; }
    /// Whether what has been said precedes function calls that do not end the turn.
    [[nodiscard]] bool has_spoken_before_calls() const noexcept
    {
        return has_spoken() && number_ <= called_;
    }

    [[nodiscard]] bool is_full() const noexcept;

    rules rules_{};
    turn_result present_{};
    std::uint64_t number_ = 0;   ///< The turn whose words `present_` holds; 0: none yet.
    std::uint64_t returned_ = 0; ///< The last turn that has been returned.
    std::uint64_t failed_ = 0;   ///< The last turn that was returned before its end.
    std::uint64_t called_ = 0;   ///< The last turn that called functions and goes on.
    bool interrupted_ = false;
    bool drains_ = false;        ///< Late words may follow at once.
    std::size_t calls_size_ = 0; ///< Memory of the calls in `present_`.
    late_words undecided_{};
    std::uint64_t undecided_turn_ = 0;
    std::optional<turn_end> unsure_{};
    std::optional<base::time_point> unsure_until_{};
};

} // namespace gemini::live::engine
