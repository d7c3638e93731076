// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/session_fsm_test.cpp, test/unit/session/window_test.cpp
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

namespace gemini::live::engine {

/// How far a written message has come on its way to the server.
struct waypoint {
    static constexpr std::uint64_t no_ping = 0;
    static constexpr std::uint64_t to_come = std::numeric_limits<std::uint64_t>::max();

    base::time_point written{};
    std::uint64_t ping = no_ping; ///< The first ping sent after it.
    std::uint64_t round = 0;      ///< The round of pings that this ping belongs to.
};

/// What the server had certainly heard when it sent a message: what was written early enough, and
/// is followed by a ping that was answered.
struct proof {
    base::time_point before = base::time_point::max(); ///< The latest time of writing.
    std::uint64_t pongs = waypoint::to_come;           ///< The newest ping that was answered.
    std::uint64_t rounds = 0;                          ///< Number of rounds of pings so far.

    [[nodiscard]] bool holds(const waypoint& where) const noexcept
    {
        if (where.written > before) return false;
        if (where.ping <= pongs) return true;
        const bool is_never_answered = pongs == 0 && rounds >= where.round + most_unanswered;
        return is_never_answered && where.written < before - longest_wait;
    }

private:
    /// For a peer that does not answer pings. Time alone proves nothing after a process has been
    /// suspended. Nor do pings that were sent in one burst, or while nobody was reading: what
    /// arrives then may have waited for a long time.
    static constexpr std::uint64_t most_unanswered = 8;
    static constexpr std::chrono::seconds longest_wait{60};
};

/// What came along with a server message.
struct signs {
    std::uint64_t pongs = waypoint::to_come; ///< The newest ping answered by then.
    std::chrono::nanoseconds round_trip{0};  ///< Of that ping, if measured.
};

} // namespace gemini::live::engine
