// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/silence_test.cpp, test/contract/outage_test.cpp
#pragma once

#include "base/time.hpp"

#include <asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace gemini::live::async {

/// The source of time; tests replace it with their own.
class clock {
public:
    clock() = default;
    clock(const clock&) = delete;
    clock& operator=(const clock&) = delete;
    virtual ~clock() = default;
    [[nodiscard]] virtual base::time_point now() const = 0;
    /// The time of day, for records; it may jump.
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall_clock() const
    {
        return std::chrono::system_clock::now();
    }
    /// Completes at `when`. Cancellation: total.
    virtual asio::awaitable<void> sleep_until(base::time_point when) = 0;
};

[[nodiscard]] std::shared_ptr<clock> make_steady_clock();

} // namespace gemini::live::async
