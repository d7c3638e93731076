// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "engine/inbox.hpp"

#include <gemini/live/turn.hpp>

#include <cstdint>
#include <optional>

namespace gemini::live::engine {

/// The function calls that the user has not answered yet.
enum class calls { none, open, waited_for };

/// Makes turns of a session's events, for `session::turn()`. Keeps what it has when the caller goes
/// away. Pure.
class turn_collector {
public:
    /// `limit`: of the memory that a turn may take.
    explicit turn_collector(std::size_t limit) noexcept : limit_(limit) {}

    /// The turn ends before this event, which is not part of it.
    [[nodiscard]] bool is_over_before(const inbox::entry& next) const;
    /// True when the turn ends with this event: `finish()`.
    [[nodiscard]] bool add(const inbox::entry& next, calls open);
    /// Whether this belongs to the turn that has just ended, so that it can be added.
    [[nodiscard]] bool is_late(const inbox::entry& next) const;
    void add_late(const inbox::entry& next);

    [[nodiscard]] turn finish();
    /// As it is, without its end.
    [[nodiscard]] turn finish_early();
    /// The session was closed.
    [[nodiscard]] turn close();

    /// When to `give_up()` waiting, unless something comes: what has come may have been the end.
    [[nodiscard]] std::optional<base::time_point> unsure_until(base::time_point now);
    [[nodiscard]] turn give_up();

private:
    [[nodiscard]] bool add(const server_message& message, const turn_mark& mark, calls open);
    [[nodiscard]] bool add(const status_change& change);
    [[nodiscard]] bool fail(turn_end how, error why);
    [[nodiscard]] bool end_calls(const turn_mark& mark, calls open);
    [[nodiscard]] bool stops_when_full(const turn_mark& mark);
    void add_words(const server_message& message, const turn_mark& mark);
    void place_undecided(std::uint64_t turn);
    void take_late_for_own();
    [[nodiscard]] bool has_spoken() const noexcept { return number_ > returned_; }

    [[nodiscard]] bool is_full() const noexcept;

    std::size_t limit_;
    turn present_{};
    std::uint64_t number_ = 0;   ///< Of the turn that `present_` has words of; 0: none yet.
    std::uint64_t returned_ = 0; ///< The last turn that has been returned.
    std::uint64_t failed_ = 0;   ///< The last that has been returned in its middle.
    bool interrupted_ = false;
    bool drains_ = false; ///< Late words may follow at once.
    late_words undecided_{};
    std::uint64_t undecided_turn_ = 0;
    std::optional<turn_end> unsure_{};
    std::optional<base::time_point> unsure_until_{};
};

} // namespace gemini::live::engine
