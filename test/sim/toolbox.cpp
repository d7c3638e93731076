// SPDX-License-Identifier: Apache-2.0
#include "sim/toolbox.hpp"

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace sim {

using namespace std::chrono_literals;

/// Tells the oracle how long a handler runs.
class toolbox::running {
public:
    running(call_oracle& oracle, const live::running_call& call)
        : oracle_(oracle), id_(call.request().id)
    {
        oracle_.handler_began(id_);
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() { oracle_.handler_ended(id_, was_canceled_); }

    /// Returns when `work` has ended.
    asio::awaitable<void> await(asio::awaitable<void> work)
    {
        try {
            co_await std::move(work);
        } catch (const std::system_error& thrown) {
            was_canceled_ = thrown.code() == asio::error::operation_aborted;
            throw;
        }
    }
    void is_deaf() { oracle_.handler_is_deaf(id_); }

private:
    call_oracle& oracle_;
    const std::string id_;
    bool was_canceled_ = false;
};

toolbox::toolbox(const tool_settings& settings, virtual_clock& clock, asio::io_context& io,
    call_oracle& oracle, const mutation& planted, mutation::tell tell)
    : settings_(settings), clock_(clock), io_(io), oracle_(oracle), planted_(planted),
      tell_(std::move(tell))
{
    tools_.add({.name = "quick"}, [this](const work&, live::running_call& call) {
        const running me(oracle_, call);
        return result();
    });
    tools_.add({.name = "slow", .behavior = live::behavior::blocking},
        [this](work how, live::running_call& call) { return take(how, call); });
    tools_.add(
        {.name = "throws"}, [this](work how, live::running_call& call) { return fail(how, call); });
    tools_.add({.name = "hangs", .behavior = live::behavior::blocking},
        [this](const work&, live::running_call& call) {
            constexpr int an_hour = 3'600'000;
            return take({an_hour}, call);
        });
    tools_.add({.name = "speaks",
                   .behavior = live::behavior::non_blocking,
                   .scheduling = live::scheduling::when_idle},
        [this](work how, live::running_call& call) { return speak(how, call); });
    tools_.add({.name = "stubborn", .at_once = 1},
        [this](work how, live::running_call& call) { return ignore(how, call); });
}

std::vector<live::function_declaration> toolbox::declarations() const
{
    auto all = tools_.declarations();
    all.push_back({.name = "look"});
    return all;
}

void toolbox::attach(const live::session& session)
{
    live::tool_dispatcher_options options;
    options.at_once = settings_.at_once;
    options.waiting = settings_.waiting;
    options.deadline = settings_.deadline;
    if (settings_.on_strands) options.executor = io_.get_executor();
    options.on_event = tell_;
    if (planted_.tools) planted_.tools(options);
    dispatcher_.emplace(session, tools_, std::move(options));
}

asio::awaitable<void> toolbox::put_away()
{
    using enum tool_settings::end;
    switch (settings_.ends) {
    case keeps: co_return;
    case shuts_down: {
        oracle_.shuts_down();
        co_await dispatcher_->shutdown(settings_.deadline / 2);
        co_return;
    }
    case destroys: destroy();
    }
}

void toolbox::destroy()
{
    oracle_.shuts_down();
    oracle_.detached();
    dispatcher_.reset();
}

live::tool_result toolbox::result() { return fmt::format("result {}", ++results_); }

asio::awaitable<void> toolbox::pause(milliseconds time)
{
    return clock_.sleep_until(clock_.now() + time);
}

asio::awaitable<live::tool_result> toolbox::take(work how, live::running_call& call)
{
    running me(oracle_, call);
    co_await me.await(pause(milliseconds(how.ms)));
    co_return result();
}

asio::awaitable<live::tool_result> toolbox::fail(work how, live::running_call& call)
{
    running me(oracle_, call);
    co_await me.await(pause(milliseconds(how.ms)));
    throw std::runtime_error(fmt::format("failure {}", ++results_));
}

/// Answers in parts.
asio::awaitable<live::tool_result> toolbox::speak(work how, live::running_call& call)
{
    running me(oracle_, call);
    for (int part = 0; part != 2; ++part) {
        co_await me.await(pause(milliseconds(how.ms / 2)));
        auto next = result();
        co_await me.await(call.report(std::move(next)));
    }
    co_return result();
}

/// Does not heed its cancellation.
asio::awaitable<live::tool_result> toolbox::ignore(work how, live::running_call& call)
{
    running me(oracle_, call);
    me.is_deaf();
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await pause(milliseconds(how.ms));
    co_return result();
}

} // namespace sim
