// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"

#include "support/catch.hpp"
#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <thread>

namespace event_test {

namespace async = gemini::live::async;

namespace {

asio::awaitable<void> count(async::event& event, int& passed)
{
    co_await event.wait();
    ++passed;
}

asio::awaitable<void> turns(int count)
{
    for (int i = 0; i < count; ++i)
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

} // namespace

TEST_CASE("an event set before or after a wait lets one wait pass, however often it was set")
{
    asio::io_context io;
    async::event event;
    int passed = 0;
    event.set();
    event.set();
    asio::co_spawn(io, count(event, passed), asio::detached);
    test::run(io, turns(5));
    CHECK(passed == 1);
    asio::co_spawn(io, count(event, passed), asio::detached);
    test::run(io, turns(5));
    CHECK(passed == 1);
    event.set();
    test::run(io, turns(5));
    CHECK(passed == 2);
}

TEST_CASE("a canceled wait ends, and leaves the event for the next")
{
    asio::io_context io;
    async::event event;
    int passed = 0;
    asio::cancellation_signal cancel;
    std::exception_ptr ended;
    asio::co_spawn(io, count(event, passed),
        asio::bind_cancellation_slot(
            cancel.slot(), [&](std::exception_ptr thrown) { ended = thrown; }));
    test::run(io, turns(5));
    cancel.emit(asio::cancellation_type::terminal);
    test::run(io, turns(5));
    CHECK(ended);
    asio::co_spawn(io, count(event, passed), asio::detached);
    test::run(io, turns(5));
    CHECK(passed == 0);
    event.set();
    test::run(io, turns(5));
    CHECK(passed == 1);
}

TEST_CASE("destroying an event wakes its waiter with an error")
{
    asio::io_context io;
    auto event = std::make_unique<async::event>();
    int passed = 0;
    std::exception_ptr ended;
    asio::co_spawn(io, count(*event, passed), [&](std::exception_ptr thrown) { ended = thrown; });
    test::run(io, turns(5));
    event.reset();
    test::run(io, turns(5));
    CHECK(ended);
    CHECK(passed == 0);
}

TEST_CASE("an event may outlive its waiter's execution context")
{
    async::event event;
    int passed = 0;
    {
        asio::io_context io;
        asio::co_spawn(io, count(event, passed), asio::detached);
        test::run(io, turns(5));
    }
    event.set();
    CHECK(passed == 0);
}

TEST_CASE("an event may be set from another thread")
{
    asio::io_context io;
    async::event event;
    const auto wait = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 1000; ++i) co_await event.wait();
    };
    std::atomic<bool> done = false;
    std::thread setter([&] {
        while (!done) event.set();
    });
    test::run(io, wait());
    done = true;
    setter.join();
}

} // namespace event_test
