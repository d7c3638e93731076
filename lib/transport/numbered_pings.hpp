// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace gemini::live::transport {

/// Pings on request, whose payload is a number from 1, and the round trip that they measure. Pure.
class numbered_pings {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Returns the number of a new ping.
    [[nodiscard]] std::uint64_t add() noexcept { return ++pings_; }
    /// Call when a ping is written. One round trip is measured at a time.
    void sent(std::uint64_t number, time_point now) noexcept
    {
        if (timed_ != 0) return;
        timed_ = number;
        timed_since_ = now;
    }
    /// A peer may leave out pongs to some pings: the newest pong counts for all pings before it.
    void answered(std::string_view pong, time_point now) noexcept
    {
        std::uint64_t number = 0;
        std::from_chars(pong.data(), pong.data() + pong.size(), number);
        if (number > pings_) return; // not one of ours
        pongs_ = std::max(pongs_, number);
        if (timed_ == 0 || number < timed_) return;
        round_trip_ = now - timed_since_;
        timed_ = 0;
    }

    /// The newest ping that was answered; 0: none.
    [[nodiscard]] std::uint64_t newest_answered() const noexcept { return pongs_; }
    /// The round trip measured last; 0: none.
    [[nodiscard]] std::chrono::nanoseconds round_trip() const noexcept { return round_trip_; }

private:
    std::uint64_t pings_ = 0;
    std::uint64_t pongs_ = 0;
    std::uint64_t timed_ = 0; // the ping that is being measured; 0: none
    time_point timed_since_{};
    std::chrono::nanoseconds round_trip_{0};
};

} // namespace gemini::live::transport
