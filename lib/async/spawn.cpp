// SPDX-License-Identifier: Apache-2.0
#include "async/spawn.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace gemini::live::async {

void spawn(const asio::any_io_executor& executor, asio::awaitable<void> work,
    std::function<void(std::exception_ptr)> done, asio::cancellation_slot stop)
{
    auto end = [done = std::move(done)](std::exception_ptr thrown) {
        if (done) done(std::move(thrown));
    };
    asio::co_spawn(
        executor, std::move(work), asio::bind_cancellation_slot(std::move(stop), std::move(end)));
}

asio::awaitable<void> run_on(
    asio::any_io_executor executor, asio::awaitable<void> work, asio::cancellation_slot stop)
{
    if (!stop.is_connected()) {
        auto running = asio::co_spawn(executor, std::move(work), asio::use_awaitable);
        co_return co_await std::move(running);
    }
    auto running = asio::co_spawn(
        executor, std::move(work), asio::bind_cancellation_slot(stop, asio::use_awaitable));
    co_await std::move(running);
}

asio::awaitable<void> yield() { return asio::post(asio::use_awaitable); }

void post(const asio::any_io_executor& executor, std::function<void()> work)
{
    asio::post(executor, std::move(work));
}

} // namespace gemini::live::async
