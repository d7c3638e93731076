// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>

#include <time.h>

namespace torture {

/// Measures how long a handler, or a row of handlers without a timer in between, blocks a loop.
/// Made on the thread that runs the loop.
///
/// Measured in the thread's CPU time, so that other programs on a busy machine do not count.
class loop_gauge {
public:
    explicit loop_gauge(asio::io_context& io);

    /// From any thread; also while the loop is blocked.
    [[nodiscard]] std::chrono::nanoseconds longest_hold() const;

private:
    using thread_time = std::chrono::nanoseconds;

    [[nodiscard]] thread_time now() const;
    void tick();

    clockid_t clock_{};
    asio::steady_timer timer_;
    std::atomic<thread_time> last_tick_;
    std::atomic<thread_time> longest_{thread_time(0)};
};

/// Memory of this process in bytes: at present, and at its peak.
struct memory {
    std::size_t resident = 0;
    std::size_t high_water = 0;
};
[[nodiscard]] memory memory_of_this_process();

} // namespace torture
