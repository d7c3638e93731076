// SPDX-License-Identifier: Apache-2.0
#include "engine/restart_backoff.hpp"

#include "base/backoff.hpp"

#include <utility>

namespace gemini::live::engine {

restart_backoff::restart_backoff(const restart_policy& policy, std::function<double()> random)
    : policy_(policy), random_(std::move(random))
{
}

std::optional<std::chrono::milliseconds> restart_backoff::after(outcome how, base::time_point now)
{
    if (how == outcome::hopeless || policy_.restart == restart::never) return std::nullopt;
    if (how == outcome::returned && policy_.restart != restart::always) return std::nullopt;
    while (!recent_.empty() && now - recent_.front() >= policy_.window) recent_.pop_front();
    constexpr std::size_t most = 64; // more would not make any wait longer
    if (!policy_.max_restarts && recent_.size() == most) recent_.pop_front();
    if (policy_.max_restarts && std::cmp_greater_equal(recent_.size(), *policy_.max_restarts))
        return std::nullopt;
    const auto delay = draw_delay();
    recent_.push_back(now);
    ++count_;
    return delay;
}

std::chrono::milliseconds restart_backoff::draw_delay() const
{
    const auto restarts = static_cast<double>(recent_.size());
    return base::full_jitter(
        policy_.first_delay, policy_.factor, policy_.max_delay, restarts, random_());
}

} // namespace gemini::live::engine
