// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include "async/spawn.hpp"

#include <asio/cancellation_signal.hpp>

#include <exception>
#include <utility>

namespace gemini::live::async {

struct alarm::state {
    asio::cancellation_signal stop;
    bool off = false;     // the sleep may have completed before the alarm is destroyed
    bool is_over = false; // nothing is left to cancel: the coroutine has died, perhaps with its
                          // execution context
    std::function<void()> ring;

    /// Lives as long as the coroutine.
    struct life {
        explicit life(std::shared_ptr<state> whose) : of(std::move(whose)) {}
        life(life&&) noexcept = default;
        life& operator=(life&&) = delete;
        ~life()
        {
            if (of) of->is_over = true;
        }

        std::shared_ptr<state> of;
    };

    static asio::awaitable<void> run(life self, std::shared_ptr<clock> clock, base::time_point when)
    {
        co_await clock->sleep_until(when);
        if (!self.of->off) self.of->ring();
    }
};

alarm::alarm(asio::any_io_executor executor, std::shared_ptr<clock> clock, base::time_point when,
    std::function<void()> ring)
    : state_(std::make_shared<state>())
{
    state_->ring = std::move(ring);
    // The end holds the state, since the signal must outlive the coroutine.
    spawn(
        executor, state::run(state::life(state_), std::move(clock), when),
        [keep_signal = state_](std::exception_ptr) {}, state_->stop.slot());
}

alarm::~alarm()
{
    state_->off = true;
    if (!state_->is_over) state_->stop.emit(asio::cancellation_type::terminal);
}

} // namespace gemini::live::async
