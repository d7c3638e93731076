// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/world/virtual_clock.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace test {

/// Virtual time that begins at a fixed date.
class virtual_clock : public gemini::live::emulator::virtual_clock {
public:
    virtual_clock() : gemini::live::emulator::virtual_clock(noon) {}

    [[nodiscard]] std::unique_ptr<timer> call_at(
        time_point when, const asio::any_io_executor& executor, std::function<void()> what) override
    {
        if (alter_sleep) when = now() + alter_sleep(when - now());
        return gemini::live::emulator::virtual_clock::call_at(when, executor, std::move(what));
    }
    /// Maps the requested duration of a wait to the one it takes, to plant a bug; empty: no
    /// change.
    std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> alter_sleep{};

private:
    static constexpr wall_time noon =
        std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
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
