// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

namespace gemini::live {
namespace detail {

template <class T>
using raced_value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// What an operation has returned or thrown: neither before it has ended.
template <class T>
struct raced_outcome {
    std::optional<raced_value<T>> value{};
    std::exception_ptr failure{};
};

template <class T>
asio::awaitable<void> await_into(raced_outcome<T>& outcome, asio::awaitable<T> operation)
{
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(operation);
            outcome.value.emplace();
        } else {
            outcome.value.emplace(co_await std::move(operation));
        }
    } catch (...) {
        outcome.failure = std::current_exception();
    }
}

/// The state of a race, on the strand that all its operations run on.
template <class... T>
struct racing {
    static constexpr std::size_t size = sizeof...(T);
    static constexpr std::size_t nobody = size;

    explicit racing(const asio::any_io_executor& executor)
        : all_gone(executor, std::chrono::steady_clock::time_point::max())
    {
    }

    void cancel(asio::cancellation_type type)
    {
        for (std::size_t i = 0; i < size; ++i)
            if (is_running[i]) stop[i].emit(type);
    }

    std::array<asio::cancellation_signal, size> stop{};
    std::array<bool, size> is_running{};
    std::size_t spawned = 0;     // coroutines that have not completed
    asio::steady_timer all_gone; // canceled when the last of them completes
    std::size_t winner = nobody;
    std::optional<std::variant<raced_value<T>...>> result{}; // of the winner: this, or
    std::exception_ptr failure{};                            // this
};

template <std::size_t I, class T, class Race>
asio::awaitable<void> run_one(std::shared_ptr<Race> race, asio::awaitable<T> operation)
{
    // The coroutine that awaits the race decides which types of cancellation come this far.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    raced_outcome<T> outcome;
    co_await await_into(outcome, std::move(operation));
    race->is_running[I] = false;
    if (race->winner != Race::nobody) co_return;
    race->winner = I;
    race->failure = outcome.failure;
    if (outcome.value) race->result.emplace(std::in_place_index<I>, std::move(*outcome.value));
    race->cancel(asio::cancellation_type::all); // now, before another that could end is resumed
}

template <std::size_t I, class T, class Race>
void start_one(const std::shared_ptr<Race>& race, const asio::any_io_executor& executor,
    asio::awaitable<T> operation)
{
    if (race->winner != Race::nobody) return;
    race->is_running[I] = true;
    ++race->spawned;
    asio::co_spawn(executor, run_one<I>(race, std::move(operation)),
        asio::bind_cancellation_slot(race->stop[I].slot(), [race](std::exception_ptr) {
            race->is_running[I] = false;
            if (--race->spawned == 0) race->all_gone.cancel();
        }));
}

/// Starts the operations and waits until all of them have ended.
template <class Race, std::size_t... I, class... T>
asio::awaitable<void> run_all(
    std::shared_ptr<Race> race, std::index_sequence<I...>, asio::awaitable<T>... operations)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    (start_one<I>(race, executor, std::move(operations)), ...);
    while (race->spawned != 0) {
        std::error_code canceled;
        co_await race->all_gone.async_wait(asio::redirect_error(asio::use_awaitable, canceled));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) race->cancel(state.cancelled());
    }
}

inline asio::awaitable<void> sleep_for(std::chrono::milliseconds time)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto now = std::chrono::steady_clock::now();
    const auto longest = std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::steady_clock::time_point::max() - now);
    const auto shortest = std::chrono::milliseconds::zero();
    asio::steady_timer timer(executor, now + std::clamp(time, shortest, longest));
    co_await timer.async_wait(asio::use_awaitable);
}

inline bool is_cancellation(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const std::system_error& thrown) {
        return thrown.code() == asio::error::make_error_code(asio::error::operation_aborted);
    } catch (...) {
        return false;
    }
}

} // namespace detail

/// Awaits the first of several operations to end, by a result or an exception, and cancels the
/// others:
///
///     const auto first = co_await live::race(listen(session), hang_up(caller));
///     if (first.index() == 0) …
///
/// Returns the first operation's result at its index in the variant, `std::monostate` for void.
/// What the others return or throw is dropped; an `async_generator::next` that loses takes no
/// element. An operation is not started if an earlier one in the list has ended without waiting.
/// Results may be move-only. Asio's `operator||` is different: after an exception it continues to
/// wait for another operation's result.
///
/// Completion: when the first operation has ended, and the others, after they were canceled, have
/// ended too.
/// Errors: what the first operation throws.
/// Cancellation: all operations are canceled with the same type. The race then ends as the first of
/// them ends.
/// Threads: any. The operations run on a strand of the awaiting coroutine's executor, which may
/// have several threads.
template <class... T>
[[nodiscard]] asio::awaitable<std::variant<detail::raced_value<T>...>> race(
    asio::awaitable<T>... operations)
{
    static_assert(sizeof...(T) != 0, "race() needs an operation");
    const auto strand = asio::make_strand(co_await asio::this_coro::executor);
    const auto state = std::make_shared<detail::racing<T...>>(strand);
    co_await asio::co_spawn(strand,
        detail::run_all(state, std::index_sequence_for<T...>(), std::move(operations)...),
        asio::use_awaitable);
    if (state->failure) std::rethrow_exception(state->failure);
    co_return std::move(*state->result);
}

/// Awaits an operation for at most `limit`:
///
///     const auto turn = co_await live::within(5s, session.turn());
///
/// Returns the operation's result, also when it is one despite the cancellation: nothing that the
/// operation has taken is lost. An operation that need not wait succeeds whatever the limit, zero
/// and below included. Results may be move-only. Time is measured by `asio::steady_timer`.
///
/// A session's operations lose nothing when they are canceled: `async_generator::next` takes no
/// element, the next `session::turn` continues, and a message is accepted whole or not at all.
///
/// Completion: when the operation has ended. It is canceled after `limit`
/// (`cancellation_type::all`), and this waits until it has ended.
/// Errors: what the operation throws; errc::timed_out with phase::none if it was canceled after
/// `limit`.
/// Cancellation: the operation is canceled with the same type.
/// Threads: as `race`.
template <class T>
[[nodiscard]] asio::awaitable<T> within(
    std::chrono::milliseconds limit, asio::awaitable<T> operation)
{
    detail::raced_outcome<T> outcome;
    std::exception_ptr canceled; // while the clock ran
    bool is_late = false;
    try {
        const auto first = co_await race(
            detail::await_into(outcome, std::move(operation)), detail::sleep_for(limit));
        is_late = first.index() == 1;
    } catch (...) {
        canceled = std::current_exception();
    }
    if (outcome.failure) {
        if (is_late && detail::is_cancellation(outcome.failure)) {
            throw error(errc::timed_out, "The operation was canceled: it did not complete within " +
                                             std::to_string(limit.count()) + " ms.");
        }
        std::rethrow_exception(outcome.failure);
    }
    if (!outcome.value) std::rethrow_exception(canceled);
    if constexpr (!std::is_void_v<T>) co_return std::move(*outcome.value);
}

} // namespace gemini::live
