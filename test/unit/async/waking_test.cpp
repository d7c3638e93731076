// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"
#include "async/strand.hpp"
#include "support/catch.hpp"
#include "support/failing_allocation.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

namespace waking_test {

namespace async = gemini::live::async;

namespace {

asio::awaitable<void> wait_often(async::event& event, int times, int& woken)
{
    for (int i = 0; i < times; ++i) {
        co_await event.wait();
        ++woken;
    }
}

} // namespace

TEST_CASE("waking a coroutine allocates nothing")
{
    asio::io_context io;
    const auto strand = async::make_strand(io.get_executor());
    const bool on_strand = GENERATE(true, false);
    const asio::any_io_executor executor =
        on_strand ? asio::any_io_executor(strand) : asio::any_io_executor(io.get_executor());
    async::event event;
    int woken = 0;
    asio::co_spawn(executor, wait_often(event, 100, woken), asio::detached);
    io.poll();
    std::size_t allocations = 0;
    for (int i = 0; i < 99; ++i) {
        const test::failing_allocation counted(0);
        event.set();
        allocations += counted.allocations();
        io.restart();
        io.poll();
    }
    CHECK(woken == 99);
    CHECK(allocations == 0);
}

} // namespace waking_test
