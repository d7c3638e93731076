// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include "async/context_list.hpp"
#include "async/strand.hpp"

#include <asio/execution.hpp>
#include <asio/execution_context.hpp>

#include <utility>

namespace gemini::live::async {

struct alarm::state {
    state(asio::any_io_executor on, std::function<void()> what)
        : executor(std::move(on)), ring(std::move(what))
    {
        auto& context = asio::query(executor, asio::execution::context);
        asio::use_service<context_list<state>>(context).add(*this);
    }
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state()
    {
        if (link_.home) link_.home->remove(*this);
    }

    void fire()
    try {
        if (!is_off) ring();
    } catch (...) { // nobody could be told
    }

    void turn_off() noexcept
    {
        is_off = true; // the call may be under way
        timer.reset();
    }
    void on_context_end() noexcept { turn_off(); }

    asio::any_io_executor executor;
    std::function<void()> ring;
    bool is_off = false;
    member_call<state> call{&state::fire};
    std::unique_ptr<clock::timer> timer{};
    context_link<state> link_;
};

alarm::alarm(asio::any_io_executor executor, const std::shared_ptr<clock>& clock,
    base::time_point when, std::function<void()> ring)
    : state_(std::make_shared<state>(std::move(executor), std::move(ring)))
{
    state_->timer = clock->call_at(
        when, state_->executor, [state = state_] { state->call.post(state->executor, state); });
}

alarm::~alarm() { state_->turn_off(); }

} // namespace gemini::live::async
