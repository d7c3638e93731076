// SPDX-License-Identifier: Apache-2.0
#include "transport/connect_race.hpp"

#include "async/alarm.hpp"
#include "async/clock.hpp"
#include "transport/connect_schedule.hpp"

#include <asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace gemini::live::transport {
namespace {

struct attempts {
    std::vector<std::shared_ptr<lws_client>> running;

    attempts() = default;
    attempts(const attempts&) = delete;
    attempts& operator=(const attempts&) = delete;
    ~attempts()
    {
        for (const auto& each : running) each->abort();
    }

    /// Removes and returns the first that has connected; null if none has.
    std::shared_ptr<lws_client> take_winner()
    {
        const auto winner = std::find_if(
            running.begin(), running.end(), [](const auto& each) { return each->has_connected(); });
        if (winner == running.end()) return nullptr;
        auto taken = std::move(*winner);
        running.erase(winner);
        return taken;
    }

    void remove_failed(connect_schedule& schedule, base::time_point now)
    {
        std::erase_if(running, [&](const auto& each) {
            if (each->end()) schedule.failed(*each->end(), now);
            return each->end() != nullptr;
        });
    }
};

} // namespace

asio::awaitable<std::shared_ptr<lws_client>> first_to_connect(
    std::vector<asio::ip::address> addresses, std::chrono::milliseconds limit,
    connect_attempt begin)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto clock = async::make_steady_clock();
    const auto rivals = std::make_shared<connect_rivals>();
    connect_schedule schedule(addresses.size(), limit, clock->now());
    attempts all;
    for (;;) {
        if (auto winner = all.take_winner()) co_return winner;
        all.remove_failed(schedule, clock->now());
        if (schedule.over()) throw schedule.why();

        std::optional<async::alarm> next_due;
        if (const auto next = schedule.next()) {
            const auto now = clock->now();
            if (*next <= now) {
                const auto left = schedule.time_left(now);
                try {
                    all.running.push_back(begin(addresses[schedule.begin(now)], left, rivals));
                } catch (const error& why) {
                    if (all.running.empty()) throw;
                    schedule.failed(why, now); // no room for another, perhaps
                }
                continue;
            }
            next_due.emplace(executor, clock, *next, [rivals] { rivals->changed.set(); });
        }
        co_await rivals->changed.wait();
    }
}

} // namespace gemini::live::transport
