// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>

#include <time.h>

namespace torture {

/// Measures for how long a loop is held by one of its handlers, or by a row of them that lets no
/// timer in between. Made on the thread that runs the loop.
///
/// Counted in the thread's own time, so that other programs of a busy machine do not count.
class loop_gauge {
public:
    explicit loop_gauge(asio::io_context& io);

    /// From any thread; also while the loop is held.
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

/// Of this process, in bytes: what it has in memory, and the most that it ever had.
struct memory {
    std::size_t resident = 0;
    std::size_t high_water = 0;
};
[[nodiscard]] memory memory_of_this_process();

} // namespace torture
