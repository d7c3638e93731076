// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/virtual_time_test.cpp
#pragma once

#include "async/clock.hpp"

#include <asio/any_io_executor.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace gemini::live::emulator {

/// Virtual time with an event queue. Time passes only in `advance()` and `jump()`. Events run in
/// the order of their times; events of the same time run in the order in which they were scheduled.
class virtual_clock : public async::clock {
public:
    using time_point = base::time_point;
    using wall_time = std::chrono::system_clock::time_point;
    static constexpr time_point start = time_point() + std::chrono::hours(1);

    /// `date`: the time of day at `start`.
    explicit virtual_clock(wall_time date) : date_(date) {}

    [[nodiscard]] time_point now() const override { return now_; }
    [[nodiscard]] wall_time wall_clock() const override
    {
        return date_ + std::chrono::duration_cast<wall_time::duration>(now_ - start);
    }
    [[nodiscard]] std::unique_ptr<timer> call_at(
        time_point when, const asio::any_io_executor&, std::function<void()> what) override
    {
        return std::make_unique<planned>(*this, when, std::move(what));
    }

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

    /// The time of the next event, if there is one.
    [[nodiscard]] std::optional<time_point> next() const
    {
        if (queue_.empty()) return std::nullopt;
        return queue_.begin()->first.first;
    }
    /// Whether the next event is due now.
    [[nodiscard]] bool is_due() const { return next() && *next() <= now_; }
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

    wall_time date_;
    time_point now_ = start;
    std::uint64_t events_ = 0;
    std::size_t waits_ = 0;
    std::map<event_key, std::function<void()>> queue_;
};

} // namespace gemini::live::emulator
