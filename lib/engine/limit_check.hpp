// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <gemini/live/session_limits.hpp>

#include <cstdint>
#include <optional>

namespace gemini::live::engine {

/// What a session has used up.
struct session_usage {
    base::time_point started{};
    std::uint64_t turns = 0;
    std::optional<base::time_point> idle_since{}; ///< Absent: a turn is in progress.
};

enum class limit { none, idle, total, turns };

/// The limit that has been reached, and when to check again; absent: after the next turn.
struct limit_check {
    limit reached = limit::none;
    std::optional<base::time_point> again{};
};
[[nodiscard]] limit_check check_limits(
    const session_limits& limits, const session_usage& used, base::time_point now);

} // namespace gemini::live::engine
