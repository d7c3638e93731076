// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.hpp"

#include "sim/handle_store.hpp"
#include "sim/ledger.hpp"
#include "sim/network.hpp"
#include "sim/oracle.hpp"
#include "sim/server.hpp"
#include "sim/user.hpp"

#include "base/access.hpp"
#include "session/client_core.hpp"

#include <gemini/live/reconnect_plan.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <fmt/format.h>

#include <exception>
#include <functional>

namespace sim {
namespace {

constexpr std::uint64_t most_events = 500'000;

/// From an attempt on the user's hook wants the sessions elsewhere.
void move(live::client_options& options, ledger& book, int attempt)
{
    options.base_url = "https://here.example";
    book.host = "here.example";
    options.on_reconnecting = [&book, attempt](
                                  live::reconnect_plan& next) -> asio::awaitable<void> {
        if (next.attempt < attempt) co_return;
        next.base_url = "https://there.example";
        book.host = "there.example";
    };
}

/// Runs all that is ready, one after the other, then lets time go to the next event.
void run(asio::io_context& io, virtual_clock& clock, ledger& book, const bool& done,
    const std::function<void(std::uint64_t steps)>& after_each,
    const std::function<void()>& when_quiet)
{
    std::uint64_t steps = 0;
    while (!done) {
        const auto ran = io.poll_one();
        io.restart();
        if (ran != 0) after_each(++steps);
        if (done) return;
        if (ran != 0) continue;
        if (!clock.is_due()) when_quiet();
        if (!clock.advance()) return book.report("stuck: nothing is left to happen");
        if (clock.events() > most_events) return book.report("too much happens: a livelock");
    }
}

/// What the session has left to do when everybody has gone is to say goodbye.
void check_rest(asio::io_context& io, virtual_clock& clock, ledger& book)
{
    const auto latest = clock.now() + std::chrono::seconds(120);
    while (io.poll() != 0 || (!io.stopped() && clock.advance(latest))) io.restart();
    if (!io.stopped())
        book.report(clock.sleepers() != 0 ? "a timer is left" : "a coroutine is left");
}

} // namespace

run_result simulate(const scenario& scenario, bool traces, const mutation& planted)
{
    const auto clock = std::make_shared<virtual_clock>();
    clock->alter_sleep = planted.sleep;
    ledger book(clock, traces);
    server api(scenario, book, clock);
    oracle oracle(scenario, book, api);
    bool done = false;
    {
        asio::io_context io{1};
        const auto net = std::make_shared<network>(io.get_executor(), scenario, book, clock, api);
        net->watch.dialled = [&oracle](int number) { oracle.dialled(number); };
        net->watch.opened = [&oracle](int number) { oracle.opened(number); };
        net->watch.left = [&oracle](int number) { oracle.left(number); };
        net->watch.failed = [&oracle](
                                int number, const live::error& why) { oracle.failed(number, why); };
        auto options = scenario.options;
        const auto store = std::make_shared<handle_store>(clock, scenario.store_latency);
        if (scenario.uses_store) options.resumption_store = store;
        if (scenario.endpoint_changes_at != 0) move(options, book, scenario.endpoint_changes_at);
        if (planted.options) planted.options(options);
        const auto draw = [&oracle, &planted] {
            const auto drawn = oracle.random();
            return planted.random ? planted.random(drawn) : drawn;
        };
        const auto client = live::access::make_client(
            std::make_shared<live::client_core>(options, mutated(net, planted), clock, draw));
        user one({scenario, book, *clock, oracle, *net, api, io, planted}, client);
        asio::co_spawn(io, one.live_on(), [&](std::exception_ptr failure) {
            done = true;
            if (failure) std::rethrow_exception(failure);
        });
        try {
            const auto after_each = [&](std::uint64_t steps) {
                if (scenario.interruption && steps == scenario.interruption->after_steps)
                    one.interrupt(*scenario.interruption);
            };
            run(io, *clock, book, done, after_each, [&one] { one.check_waiting(); });
            if (planted.leaves_a_timer)
                asio::co_spawn(
                    io, clock->sleep_until(clock->now() + std::chrono::hours(1)), asio::detached);
            if (done) check_rest(io, *clock, book);
            oracle.saw_kept(store->handle());
        } catch (const std::exception& failure) {
            book.report(fmt::format("an exception: {}", failure.what()));
        }
    }
    run_result result;
    result.violations = book.violations();
    result.story = book.story();
    result.fired = book.fired;
    result.events = clock->events();
    result.sends = book.sends.size();
    result.connections = book.connections.size() - 1;
    return result;
}

} // namespace sim
