// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/within_test.cpp
#include <gemini/live/within.hpp>

#include "async/event.hpp"
#include "async/spawn.hpp"
#include "async/strand.hpp"
#include "async/surroundings.hpp"

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <deque>
#include <system_error>

namespace gemini::live::detail {
namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

/// An operation of a race.
struct runner {
    asio::cancellation_signal stop{};
    bool is_running = true;
};

/// The state of a race, on the strand that all its operations run on.
struct race_state {
    void cancel(asio::cancellation_type type)
    {
        for (auto& each : runners)
            if (each.is_running) each.stop.emit(type);
    }

    std::deque<runner> runners{};
    std::size_t spawned = 0; // coroutines that have not completed
    async::event changed{};  // is set by the last of them
    std::size_t winner = nobody;
};

asio::awaitable<void> run_one(
    std::shared_ptr<race_state> race, std::size_t index, asio::awaitable<void> operation)
{
    // The coroutine that awaits the race decides which types of cancellation come this far.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await std::move(operation);
    race->runners[index].is_running = false;
    if (race->winner != nobody) co_return;
    race->winner = index;
    race->cancel(asio::cancellation_type::all); // now, before another that could end is resumed
}

asio::awaitable<void> run_all(
    std::shared_ptr<race_state> race, std::vector<asio::awaitable<void>> operations)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    for (std::size_t i = 0; i < operations.size() && race->winner == nobody; ++i) {
        auto& runner = race->runners.emplace_back();
        ++race->spawned;
        const auto end = [race, i](std::exception_ptr) {
            race->runners[i].is_running = false;
            if (--race->spawned == 0) race->changed.set();
        };
        async::spawn(executor, run_one(race, i, std::move(operations[i])), end, runner.stop.slot());
    }
    while (race->spawned != 0) {
        try {
            co_await race->changed.wait();
        } catch (const std::system_error& canceled) {
            if (canceled.code() != asio::error::operation_aborted) throw;
        }
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) race->cancel(state.cancelled());
    }
}

} // namespace

asio::awaitable<std::size_t> run_race(std::vector<asio::awaitable<void>> operations)
{
    const asio::any_io_executor strand = async::make_strand(co_await asio::this_coro::executor);
    const auto state = std::make_shared<race_state>();
    co_await async::run_on(strand, run_all(state, std::move(operations)));
    co_return state->winner;
}

bool is_cancellation(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const std::system_error& thrown) {
        return thrown.code() == asio::error::make_error_code(asio::error::operation_aborted);
    } catch (...) {
        return false;
    }
}

} // namespace gemini::live::detail

namespace gemini::live {

asio::awaitable<void> sleep_for(std::chrono::milliseconds time)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto clock = async::surroundings_of(executor).clock;
    co_await clock->sleep_until(base::later(clock->now(), time));
}

} // namespace gemini::live
