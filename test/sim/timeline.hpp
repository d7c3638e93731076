// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/clock.hpp"

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace sim {

using gemini::live::base::time_point;

/// Virtual time, and what is to happen in it: events in the order of their times, those of one time
/// in the order in which they were made.
class timeline : public gemini::live::async::clock {
public:
    static constexpr time_point start = time_point() + std::chrono::hours(1);

    [[nodiscard]] time_point now() const override { return now_; }
    asio::awaitable<void> sleep_until(time_point when) override;
    /// How long a sleep takes, in the place of how long it should.
    std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> haste{};

    using key = std::pair<time_point, std::uint64_t>;
    key at(time_point when, std::function<void()> event);
    void forget(const key& which) { events_.erase(which); }

    /// Goes to the next event; false when there is none until then.
    bool advance(time_point until = time_point::max());
    /// Time passes, and nothing happens meanwhile: what falls due happens late.
    void jump(std::chrono::milliseconds by) { now_ += by; }

    /// Something is due, at the latest now.
    [[nodiscard]] bool is_due() const
    {
        return !events_.empty() && events_.begin()->first.first <= now_;
    }
    [[nodiscard]] std::size_t sleepers() const noexcept { return sleepers_; }
    [[nodiscard]] std::uint64_t events() const noexcept { return next_; }

private:
    struct sleeper;

    time_point now_ = start;
    std::uint64_t next_ = 0;
    std::size_t sleepers_ = 0;
    std::map<key, std::function<void()>> events_;
};

} // namespace sim
