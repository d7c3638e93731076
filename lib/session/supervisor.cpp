// SPDX-License-Identifier: Apache-2.0
#include "session/supervisor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gemini::live::sessions {

supervisor::supervisor(const restart_policy& policy, std::function<double()> random)
    : policy_(policy), random_(std::move(random))
{
}

std::optional<std::chrono::milliseconds> supervisor::after(outcome how, time_point now)
{
    if (how == outcome::hopeless || policy_.restart == restart::never) return std::nullopt;
    if (how == outcome::returned && policy_.restart != restart::always) return std::nullopt;
    while (!recent_.empty() && now - recent_.front() >= policy_.window) recent_.pop_front();
    constexpr std::size_t most = 64; // more makes no wait longer
    if (policy_.max_restarts == 0 && recent_.size() == most) recent_.pop_front();
    if (policy_.max_restarts != 0 && std::cmp_greater_equal(recent_.size(), policy_.max_restarts))
        return std::nullopt;
    const auto delay = draw_delay();
    recent_.push_back(now);
    ++count_;
    return delay;
}

std::chrono::milliseconds supervisor::draw_delay() const
{
    using fractional = std::chrono::duration<double, std::milli>;
    const fractional first = policy_.first_delay;
    const auto grown = first * std::pow(policy_.factor, static_cast<double>(recent_.size()));
    const auto ceiling = std::min(grown, fractional(policy_.max_delay));
    return std::chrono::duration_cast<std::chrono::milliseconds>(ceiling * random_());
}

} // namespace gemini::live::sessions
