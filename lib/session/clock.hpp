// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

namespace gemini::live::sessions {

using time_point = std::chrono::steady_clock::time_point;

/// `wait` after `when`, at most the last moment that there is.
[[nodiscard]] constexpr time_point later(time_point when, std::chrono::milliseconds wait) noexcept
{
    const auto most = std::chrono::floor<std::chrono::milliseconds>(time_point::max() - when);
    return wait < most ? when + std::max(wait, std::chrono::milliseconds{0}) : time_point::max();
}

/// The only source of time in this room, so that tests own it.
class clock {
public:
    clock() = default;
    clock(const clock&) = delete;
    clock& operator=(const clock&) = delete;
    virtual ~clock() = default;
    [[nodiscard]] virtual time_point now() const = 0;
    /// What the world calls the time; can be set.
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall_clock() const
    {
        return std::chrono::system_clock::now();
    }
    /// Cancellation: total.
    virtual asio::awaitable<void> sleep_until(time_point when) = 0;
};

[[nodiscard]] std::shared_ptr<clock> make_steady_clock();

/// Calls `ring` on `executor` at `when`, unless it is destroyed before.
class alarm {
public:
    alarm(asio::any_io_executor executor, std::shared_ptr<clock> clock, time_point when,
        std::function<void()> ring);
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    ~alarm();

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace gemini::live::sessions
