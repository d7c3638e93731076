// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/asio_check.hpp>
#include <gemini/live/error.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#pragma GCC visibility push(default)
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

/// The same for one of several, which the coroutine keeps alive.
template <std::size_t I, class Outcomes, class T>
asio::awaitable<void> await_into(std::shared_ptr<Outcomes> outcomes, asio::awaitable<T> operation)
{
    co_await await_into(std::get<I>(*outcomes), std::move(operation));
}

/// Runs operations that do not throw, on a strand, until the first of them has ended; cancels the
/// others, waits for their ends, and returns the index of the first.
[[nodiscard]] asio::awaitable<std::size_t> run_race(std::vector<asio::awaitable<void>> operations);

[[nodiscard]] bool is_cancellation(const std::exception_ptr& failure);

template <class Result, std::size_t I, class... T>
Result take_result(std::tuple<raced_outcome<T>...>& outcomes)
{
    auto& outcome = std::get<I>(outcomes);
    if (outcome.failure) std::rethrow_exception(outcome.failure);
    return Result(std::in_place_index<I>, std::move(*outcome.value));
}

template <class Result, class... T, std::size_t... I>
Result take_result(
    std::tuple<raced_outcome<T>...>& outcomes, std::size_t winner, std::index_sequence<I...>)
{
    using take = Result (*)(std::tuple<raced_outcome<T>...>&);
    constexpr take all[]{&take_result<Result, I, T...>...};
    return all[winner](outcomes);
}

template <class Outcomes, std::size_t... I, class... T>
std::vector<asio::awaitable<void>> listed(const std::shared_ptr<Outcomes>& outcomes,
    std::index_sequence<I...>, asio::awaitable<T>... operations)
{
    std::vector<asio::awaitable<void>> all;
    (all.push_back(await_into<I>(outcomes, std::move(operations))), ...);
    return all;
}

} // namespace detail

/// Waits. Zero and below: returns after everything else that is ready to run.
///
/// Time is measured by a steady clock, and in a test by the clock of a `testing::virtual_time`:
/// prefer this to a timer of Asio in code that is to be tested in virtual time.
///
/// Completion: after `time`.
/// Errors: none.
/// Cancellation: ends the wait.
/// Threads: any; completes on the awaiting coroutine's executor.
[[nodiscard]] asio::awaitable<void> sleep_for(std::chrono::milliseconds time);

/// Awaits the first of several operations to end, by a result or an exception, and cancels the
/// others:
///
///     const auto first = co_await live::race(listen(session), hang_up(caller));
///     if (first.index() == 0) …
///
/// Returns the first operation's result at its index in the variant, `std::monostate` for void.
/// What the others return or throw is dropped; an `async_generator::next` that loses consumes no
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
    using result = std::variant<detail::raced_value<T>...>;
    const auto outcomes = std::make_shared<std::tuple<detail::raced_outcome<T>...>>();
    auto all = detail::listed(outcomes, std::index_sequence_for<T...>(), std::move(operations)...);
    const auto winner = co_await detail::run_race(std::move(all));
    co_return detail::take_result<result, T...>(*outcomes, winner, std::index_sequence_for<T...>());
}

/// Awaits an operation for at most `limit`:
///
///     const auto turn = co_await live::within(5s, session.turn());
///
/// Returns the operation's result, also when it is one despite the cancellation: nothing that the
/// operation has consumed is lost. An operation that need not wait succeeds whatever the limit,
/// zero and below included. Results may be move-only. Time is measured as by `sleep_for`.
///
/// A session's operations lose nothing when they are canceled: `async_generator::next` consumes no
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
        const auto first =
            co_await race(detail::await_into(outcome, std::move(operation)), sleep_for(limit));
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
#pragma GCC visibility pop
