// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace test {

/// A clock that stands still until `advance()` moves it to the next moment that somebody waits for.
class virtual_clock : public gemini::live::async::clock {
public:
    using time_point = gemini::live::base::time_point;

    [[nodiscard]] time_point now() const override { return now_; }
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const override
    {
        using namespace std::chrono;
        constexpr auto noon = sys_days(2026y / November / 23) + 12h;
        return noon + duration_cast<system_clock::duration>(now_ - time_point());
    }

    asio::awaitable<void> sleep_until(time_point when) override
    {
        sleeper me(*this, when);
        co_await me.due.wait();
    }

    /// Returns false when nobody waits.
    bool advance()
    {
        const auto next = std::min_element(sleepers_.begin(), sleepers_.end(),
            [](const sleeper* a, const sleeper* b) { return a->when < b->when; });
        if (next == sleepers_.end()) return false;
        now_ = std::max(now_, (*next)->when);
        (*next)->due.set();
        sleepers_.erase(next);
        return true;
    }

private:
    struct sleeper {
        sleeper(virtual_clock& clock, time_point at) : owner(clock), when(at)
        {
            owner.sleepers_.push_back(this);
        }
        sleeper(const sleeper&) = delete;
        sleeper& operator=(const sleeper&) = delete;
        ~sleeper() { std::erase(owner.sleepers_, this); }

        virtual_clock& owner;
        time_point when;
        gemini::live::async::event due;
    };

    time_point now_ = time_point() + std::chrono::hours(1);
    std::vector<sleeper*> sleepers_;
};

/// Runs `io` in virtual time until `work` has ended. Time passes only when nothing else can happen.
inline void play(asio::io_context& io, virtual_clock& clock, asio::awaitable<void> work)
{
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr thrown) {
        failure = thrown;
        done = true;
    });
    for (int idle = 0; !done; ++idle) {
        if (io.poll() != 0) idle = 0;
        io.restart();
        if (done) break;
        if (idle > 100'000) throw std::runtime_error("the test does not end");
        if (!clock.advance()) throw std::runtime_error("the test is stuck: nobody waits for time");
    }
    if (failure) std::rethrow_exception(failure);
}

} // namespace test
