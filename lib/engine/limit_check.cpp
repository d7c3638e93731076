// SPDX-License-Identifier: Apache-2.0
#include "engine/limit_check.hpp"

#include <algorithm>

namespace gemini::live::engine {

limit_check check_limits(
    const session_limits& limits, const session_usage& used, base::time_point now)
{
    if (limits.turns && used.turns >= *limits.turns) return {limit::turns, {}};
    std::optional<base::time_point> again;
    const auto is_reached = [&](base::time_point since, std::chrono::milliseconds most) {
        const auto when = base::later(since, most);
        again = std::min(again.value_or(when), when);
        return now >= when;
    };
    if (limits.total.count() != 0 && is_reached(used.started, limits.total))
        return {limit::total, {}};
    // The end of a turn is no reason to check if it was a lost connection: check now and then.
    if (limits.idle.count() != 0 && is_reached(used.idle_since.value_or(now), limits.idle))
        return {limit::idle, {}};
    return {limit::none, again};
}

} // namespace gemini::live::engine
