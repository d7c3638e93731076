// SPDX-License-Identifier: Apache-2.0
#include "async/clock.hpp"

#include "async/event.hpp"
#include "async/strand.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>

namespace gemini::live::async {
namespace {

/// A timer whose end a coroutine awaits. Awaited itself, the timer would have to allocate where
/// Asio cannot handle an exception.
struct nap {
    nap(const asio::any_io_executor& executor, base::time_point when) : timer(executor, when) {}

    asio::steady_timer timer;
    event over;
};

struct stop_at_the_end {
    nap& of;
    ~stop_at_the_end() { of.timer.cancel(); }
};

class steady_clock : public clock {
public:
    [[nodiscard]] base::time_point now() const override { return std::chrono::steady_clock::now(); }

    asio::awaitable<void> sleep_until(base::time_point when) override
    {
        auto executor = co_await asio::this_coro::executor;
        if (const auto* const on_strand = target_of<strand>(executor))
            executor = on_strand->inner(); // an event can be set from anywhere
        const auto sleep = std::make_shared<nap>(executor, when);
        sleep->timer.async_wait([sleep](asio::error_code) { sleep->over.set(); });
        const stop_at_the_end stop{*sleep};
        co_await sleep->over.wait();
    }
};

} // namespace

std::shared_ptr<clock> make_steady_clock() { return std::make_shared<steady_clock>(); }

} // namespace gemini::live::async
