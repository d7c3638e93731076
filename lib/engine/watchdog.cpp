// SPDX-License-Identifier: Apache-2.0
#include "engine/watchdog.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gemini::live {

const char* to_string(watchdog_action value) noexcept
{
    switch (value) {
    case watchdog_action::tell: return "tell";
    case watchdog_action::nudge: return "nudge";
    case watchdog_action::reconnect: return "reconnect";
    case watchdog_action::give_up: return "give_up";
    }
    return "unknown";
}

namespace engine {

bool watchdog::is_on() const noexcept
{
    return rules_.in_turn.count() != 0 || rules_.after_resume.count() != 0 || rules_.empty_turns;
}

void watchdog::opened(base::time_point now, bool resumed) noexcept
{
    last_heard_ = now;
    silent_since_resume_ = resumed;
    // A server that says nothing on the next connection either has not been helped by that one.
    if (!std::exchange(reconnects_, false)) silences_ = 0;
}

void watchdog::heard(base::time_point now) noexcept
{
    last_heard_ = now;
    silent_since_resume_ = false;
}

void watchdog::turn_ended(bool is_empty) noexcept
{
    silences_ = 0;
    if (!is_empty) return;
    ++empty_turns_;
    is_empty_turn_new_ = true;
}

std::optional<base::time_point> watchdog::due() const noexcept
{
    if (silences_ >= most_actions()) return std::nullopt;
    const bool has_resumed = silent_since_resume_ && rules_.after_resume.count() != 0;
    const auto limit = has_resumed ? rules_.after_resume : rules_.in_turn;
    if (limit.count() == 0) return std::nullopt;
    return base::later(std::max(last_heard_, acted_), limit);
}

stalled watchdog::act(std::size_t& taken, base::time_point now)
{
    stalled report;
    if (!rules_.actions.empty()) report.action = rules_.actions[taken];
    ++taken;
    report.after_resume = silent_since_resume_;
    report.silence = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_heard_);
    reconnects_ = report.action == watchdog_action::reconnect;
    return report;
}

std::optional<stalled> watchdog::next(base::time_point now, bool is_owed)
{
    const bool is_empty_turn_new = std::exchange(is_empty_turn_new_, false);
    const auto most = rules_.empty_turns ? static_cast<std::size_t>(*rules_.empty_turns) : 0;
    if (most != 0 && is_empty_turn_new && empty_turns_ >= most && empty_actions_ < most_actions()) {
        auto report = act(empty_actions_, now);
        report.empty_turns = static_cast<int>(empty_turns_);
        return report;
    }
    if (!is_owed) return std::nullopt;
    const auto when = due();
    if (!when || now < *when) return std::nullopt;
    acted_ = now;
    return act(silences_, now);
}

} // namespace engine

} // namespace gemini::live
