// SPDX-License-Identifier: Apache-2.0
#include "async/semaphore.hpp"

#include "support/catch.hpp"
#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <vector>

namespace semaphore_test {

namespace async = gemini::live::async;
namespace async = gemini::live::async;

namespace {

struct visitors {
    std::vector<int> came;
    int inside = 0;
    int most_inside = 0;
};

asio::awaitable<void> visit(std::shared_ptr<async::semaphore> gate, visitors& all, int number,
    async::event* until = nullptr)
{
    const auto pass = co_await async::semaphore::acquire(gate);
    all.came.push_back(number);
    all.most_inside = std::max(all.most_inside, ++all.inside);
    if (until)
        co_await until->wait();
    else
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    --all.inside;
}

asio::awaitable<void> turns(int count)
{
    for (int i = 0; i < count; ++i)
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

} // namespace

TEST_CASE("a semaphore admits all, a limited number at a time, in order of arrival")
{
    asio::io_context io;
    const auto gate = std::make_shared<async::semaphore>(3);
    visitors all;
    std::vector<int> numbers;
    for (int number = 0; number < 100; ++number) {
        asio::co_spawn(io, visit(gate, all, number), asio::detached);
        numbers.push_back(number);
    }
    test::run(io, turns(1000));
    CHECK(all.came == numbers);
    CHECK(all.most_inside == 3);
    CHECK(all.inside == 0);
}

TEST_CASE("a waiter that is canceled, even when it is its turn, holds nobody up")
{
    asio::io_context io;
    const auto gate = std::make_shared<async::semaphore>(1);
    visitors all;
    async::event first_leaves;
    asio::cancellation_signal second;
    asio::cancellation_signal third;
    asio::co_spawn(io, visit(gate, all, 1, &first_leaves), asio::detached);
    asio::co_spawn(
        io, visit(gate, all, 2), asio::bind_cancellation_slot(second.slot(), asio::detached));
    asio::co_spawn(
        io, visit(gate, all, 3), asio::bind_cancellation_slot(third.slot(), asio::detached));
    asio::co_spawn(io, visit(gate, all, 4), asio::detached);
    test::run(io, turns(10));
    second.emit(asio::cancellation_type::terminal);
    test::run(io, turns(10));
    CHECK(all.came == std::vector{1});
    first_leaves.set();
    third.emit(asio::cancellation_type::terminal);
    test::run(io, turns(20));
    CHECK(all.came == std::vector{1, 4});
    CHECK(all.inside == 0);
}

TEST_CASE("the waiters of a semaphore are destroyed with the execution context")
{
    const auto gate = std::make_shared<async::semaphore>(1);
    visitors all;
    async::event never;
    {
        asio::io_context io;
        for (int number = 0; number < 5; ++number)
            asio::co_spawn(io, visit(gate, all, number, &never), asio::detached);
        test::run(io, turns(10));
    }
    CHECK(all.came == std::vector{0});
    CHECK(gate.use_count() == 1);
}

} // namespace semaphore_test
