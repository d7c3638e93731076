// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <gemini/live/reconnect.hpp>
#include <gemini/live/session_event.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace gemini::live::engine {

/// Decides when a connected server has been silent for too long, or has ended too many turns in a
/// row without a word, and what to do about it. Pure.
class watchdog {
public:
    explicit watchdog(live::watchdogs rules) : rules_(std::move(rules)) {}

    /// Whether it ever does anything.
    [[nodiscard]] bool is_on() const noexcept;

    /// A connection is open.
    void opened(base::time_point now, bool resumed) noexcept;
    /// The server has sent a message.
    void heard(base::time_point now) noexcept;
    /// The model has said something, or called a function.
    void spoke() noexcept { silences_ = empty_turns_ = empty_actions_ = 0; }
    /// A turn has ended. `is_empty`: without a word, though nobody has interrupted it.
    void turn_ended(bool is_empty) noexcept;
    /// Something has been asked while nothing was open.
    void asked(base::time_point now) noexcept { last_heard_ = now; }

    /// What to do now; nullopt: nothing. Each action is returned once. `is_owed`: the server owes
    /// an answer, or the rest of one.
    [[nodiscard]] std::optional<stalled> next(base::time_point now, bool is_owed);
    /// When the present silence will have lasted too long; nullopt: nothing would be done about it.
    [[nodiscard]] std::optional<base::time_point> due() const noexcept;

    [[nodiscard]] base::time_point last_heard() const noexcept { return last_heard_; }

private:
    [[nodiscard]] std::size_t most_actions() const noexcept
    {
        return rules_.actions.empty() ? 1 : rules_.actions.size();
    }
    [[nodiscard]] stalled act(std::size_t& taken, base::time_point now);

    live::watchdogs rules_;
    base::time_point last_heard_{};
    base::time_point acted_{};
    bool silent_since_resume_ = false;
    bool reconnects_ = false;        ///< The next connection is made because of an action.
    std::size_t silences_ = 0;       ///< Actions taken against the present silence.
    std::size_t empty_actions_ = 0;  ///< Actions taken against the present row of empty turns.
    std::size_t empty_turns_ = 0;    ///< Empty turns in a row.
    bool is_empty_turn_new_ = false; ///< The last of them has not been considered yet.
};

} // namespace gemini::live::engine
