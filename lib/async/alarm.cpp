// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include "async/strand.hpp"

#include <utility>

namespace gemini::live::async {

struct alarm::state {
    state(asio::any_io_executor on, std::function<void()> what)
        : executor(std::move(on)), ring(std::move(what))
    {
    }

    void fire()
    try {
        if (!is_off) ring();
    } catch (...) { // nobody could be told
    }

    asio::any_io_executor executor;
    std::function<void()> ring;
    bool is_off = false; // the call may be under way when the alarm is destroyed
    member_call<state> call{&state::fire};
};

alarm::alarm(asio::any_io_executor executor, const std::shared_ptr<clock>& clock,
    base::time_point when, std::function<void()> ring)
    : state_(std::make_shared<state>(std::move(executor), std::move(ring))),
      timer_(clock->call_at(
          when, state_->executor, [state = state_] { state->call.post(state->executor, state); }))
{
}

alarm::~alarm() { state_->is_off = true; }

} // namespace gemini::live::async
