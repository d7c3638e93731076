// SPDX-License-Identifier: Apache-2.0
#include "async/clock.hpp"

#include "async/event.hpp"
#include "async/strand.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>

#include <utility>

namespace gemini::live::async {
namespace {

class steady_timer : public clock::timer {
public:
    steady_timer(
        base::time_point when, const asio::any_io_executor& executor, std::function<void()> what)
        : timer_(executor, when)
    {
        timer_.async_wait([what = std::move(what)](asio::error_code canceled) {
            if (!canceled) what();
        });
    }

private:
    asio::steady_timer timer_;
};

class steady_clock : public clock {
public:
    [[nodiscard]] base::time_point now() const override { return std::chrono::steady_clock::now(); }

    [[nodiscard]] std::unique_ptr<timer> call_at(base::time_point when,
        const asio::any_io_executor& executor, std::function<void()> what) override
    {
        // On a strand, Asio would have to allocate where it cannot handle an exception.
        const auto* const on_strand = target_of<strand>(executor);
        return std::make_unique<steady_timer>(
            when, on_strand ? on_strand->inner() : executor, std::move(what));
    }
};

} // namespace

asio::awaitable<void> clock::sleep_until(base::time_point when)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto over = std::make_shared<event>();
    const auto end = call_at(when, executor, [over] { over->set(); });
    co_await over->wait();
}

std::shared_ptr<clock> make_steady_clock() { return std::make_shared<steady_clock>(); }

} // namespace gemini::live::async
