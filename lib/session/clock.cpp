// SPDX-License-Identifier: Apache-2.0
#include "session/clock.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace gemini::live::sessions {
namespace {

class steady_clock : public clock {
public:
    [[nodiscard]] time_point now() const override { return std::chrono::steady_clock::now(); }

    asio::awaitable<void> sleep_until(time_point when) override
    {
        asio::steady_timer timer(co_await asio::this_coro::executor, when);
        co_await timer.async_wait(asio::use_awaitable);
    }
};

} // namespace

struct alarm::state {
    asio::cancellation_signal stop;
    bool off = false; // the sleep may be over already when the alarm is destroyed
    std::function<void()> ring;

    static asio::awaitable<void> run(
        std::shared_ptr<state> self, std::shared_ptr<clock> clock, time_point when)
    {
        co_await clock->sleep_until(when);
        if (!self->off) self->ring();
    }
};

std::shared_ptr<clock> make_steady_clock() { return std::make_shared<steady_clock>(); }

alarm::alarm(asio::any_io_executor executor, std::shared_ptr<clock> clock, time_point when,
    std::function<void()> ring)
    : state_(std::make_shared<state>())
{
    state_->ring = std::move(ring);
    asio::co_spawn(executor, state::run(state_, std::move(clock), when),
        asio::bind_cancellation_slot(
            state_->stop.slot(), [keep_signal = state_](std::exception_ptr) {}));
}

alarm::~alarm()
{
    state_->off = true;
    state_->stop.emit(asio::cancellation_type::terminal);
}

} // namespace gemini::live::sessions
