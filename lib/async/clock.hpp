// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/silence_test.cpp, test/contract/outage_test.cpp
#pragma once

#include "base/exported.hpp"
#include "base/time.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace gemini::live::async {

/// The source of time; tests replace it with their own.
class GEMINI_LIVE_FOR_EMULATOR clock {
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
    /// A call that is due. Destroying it cancels the call, unless that is under way.
    class timer {
    public:
        timer() = default;
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;
        virtual ~timer() = default;
    };
    /// Calls `what` at `when`, from any thread of the executor's context. It must not throw.
    [[nodiscard]] virtual std::unique_ptr<timer> call_at(base::time_point when,
        const asio::any_io_executor& executor, std::function<void()> what) = 0;

    /// Completes at `when`. Cancellation: total.
    [[nodiscard]] asio::awaitable<void> sleep_until(base::time_point when);
};

[[nodiscard]] std::shared_ptr<clock> make_steady_clock();

} // namespace gemini::live::async
