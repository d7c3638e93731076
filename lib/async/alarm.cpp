// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include "async/spawn.hpp"

#include <asio/cancellation_signal.hpp>

#include <exception>
#include <utility>

namespace gemini::live::async {

struct alarm::state {
    asio::cancellation_signal stop;
    bool off = false; // the sleep may have completed before the alarm is destroyed
    std::function<void()> ring;

    static asio::awaitable<void> run(
        std::shared_ptr<state> self, std::shared_ptr<clock> clock, base::time_point when)
    {
        co_await clock->sleep_until(when);
        if (!self->off) self->ring();
    }
};

alarm::alarm(asio::any_io_executor executor, std::shared_ptr<clock> clock, base::time_point when,
    std::function<void()> ring)
    : state_(std::make_shared<state>())
{
    state_->ring = std::move(ring);
    // The end holds the state, since the signal must outlive the coroutine.
    spawn(
        executor, state::run(state_, std::move(clock), when),
        [keep_signal = state_](std::exception_ptr) {}, state_->stop.slot());
}

alarm::~alarm()
{
    state_->off = true;
    state_->stop.emit(asio::cancellation_type::terminal);
}

} // namespace gemini::live::async
