// SPDX-License-Identifier: Apache-2.0
#include "async/clock.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace gemini::live::async {
namespace {

class steady_clock : public clock {
public:
    [[nodiscard]] base::time_point now() const override { return std::chrono::steady_clock::now(); }

    asio::awaitable<void> sleep_until(base::time_point when) override
    {
        asio::steady_timer timer(co_await asio::this_coro::executor, when);
        co_await timer.async_wait(asio::use_awaitable);
    }
};

} // namespace

std::shared_ptr<clock> make_steady_clock() { return std::make_shared<steady_clock>(); }

} // namespace gemini::live::async
