// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/clock.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

namespace test {

/// Virtual time with an event queue. Time passes only in `advance()` and `jump()`. Events run in
/// the order of their times; events of the same time run in the order in which they were scheduled.
class virtual_clock : public gemini::live::async::clock {
public:
    using time_point = gemini::live::base::time_point;
    static constexpr time_point start = time_point() + std::chrono::hours(1);

    [[nodiscard]] time_point now() const override { return now_; }
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const override
    {
        using namespace std::chrono;
        constexpr auto noon = sys_days(2026y / November / 23) + 12h;
        return noon + duration_cast<system_clock::duration>(now_ - time_point());
    }

    [[nodiscard]] std::unique_ptr<timer> call_at(
        time_point when, const asio::any_io_executor&, std::function<void()> what) override
    {
        return std::make_unique<planned>(
            *this, alter_sleep ? now_ + alter_sleep(when - now_) : when, std::move(what));
    }
    /// Maps the requested duration of a wait to the one it takes, to plant a bug; empty: no
    /// change.
    std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> alter_sleep{};

    using event_key = std::pair<time_point, std::uint64_t>;
    /// Schedules `event`. A time in the past counts as now.
    event_key at(time_point when, std::function<void()> event)
    {
        const event_key key{std::max(when, now_), events_++};
        return queue_.emplace(key, std::move(event)).first->first;
    }
    void cancel(const event_key& which) { queue_.erase(which); }

    /// Moves to the next event and runs it. Returns false if there is none at or before `until`.
    bool advance(time_point until = time_point::max())
    {
        if (queue_.empty() || queue_.begin()->first.first > until) return false;
        auto first = queue_.extract(queue_.begin());
        now_ = std::max(now_, first.key().first);
        first.mapped()();
        return true;
    }
    /// Moves time without running anything, as while a process is suspended: what became due
    /// meanwhile runs late.
    void jump(std::chrono::milliseconds by) { now_ += by; }

    /// Whether the next event is due now.
    [[nodiscard]] bool is_due() const
    {
        return !queue_.empty() && queue_.begin()->first.first <= now_;
    }
    /// Number of calls that somebody waits for.
    [[nodiscard]] std::size_t waits() const noexcept { return waits_; }
    /// Number of events scheduled so far.
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

private:
    class planned : public timer {
    public:
        planned(virtual_clock& clock, time_point when, std::function<void()> what)
            : owner_(clock), event_(clock.at(when, std::move(what)))
        {
            ++owner_.waits_;
        }
        ~planned() override
        {
            owner_.cancel(event_);
            --owner_.waits_;
        }

    private:
        virtual_clock& owner_;
        event_key event_;
    };

    time_point now_ = start;
    std::uint64_t events_ = 0;
    std::size_t waits_ = 0;
    std::map<event_key, std::function<void()>> queue_;
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
