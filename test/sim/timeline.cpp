// SPDX-License-Identifier: Apache-2.0
#include "sim/timeline.hpp"

#include "async/event.hpp"

#include <algorithm>

namespace sim {

struct timeline::sleeper {
    sleeper(timeline& clock, time_point when)
        : owner(clock), event(clock.at(when, [this] { due.set(); }))
    {
        ++owner.sleepers_;
    }
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;
    ~sleeper()
    {
        owner.forget(event);
        --owner.sleepers_;
    }

    timeline& owner;
    gemini::live::async::event due;
    key event;
};

asio::awaitable<void> timeline::sleep_until(time_point when)
{
    sleeper me(*this, haste ? now_ + haste(when - now_) : when);
    co_await me.due.wait();
}

timeline::key timeline::at(time_point when, std::function<void()> event)
{
    return events_.emplace(key{std::max(when, now_), next_++}, std::move(event)).first->first;
}

bool timeline::advance(time_point until)
{
    if (events_.empty() || events_.begin()->first.first > until) return false;
    auto first = events_.extract(events_.begin());
    now_ = std::max(now_, first.key().first);
    first.mapped()();
    return true;
}

} // namespace sim
