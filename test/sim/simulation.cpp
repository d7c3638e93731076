// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.hpp"

#include "sim/call_oracle.hpp"
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

constexpr std::uint64_t max_events = 500'000;

/// Makes the hook of the user return another base URL from `attempt` on.
void change_endpoint(live::client_options& options, ledger& ledger, int attempt)
{
    options.base_url = "https://here.example";
    ledger.expected_host = "here.example";
    options.on_reconnecting = [&ledger, attempt](
                                  live::reconnect_plan& next) -> asio::awaitable<void> {
        if (next.attempt < attempt) co_return;
        next.base_url = "https://there.example";
        ledger.expected_host = "there.example";
    };
}

/// Runs every ready handler, then advances the clock to the next event, until `done`.
void run(asio::io_context& io, virtual_clock& clock, ledger& ledger, const bool& done,
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
        if (!clock.advance()) return ledger.report("deadlock: no event is left");
        if (clock.events() > max_events) return ledger.report("livelock: too many events");
    }
}

/// After the run, only the closing handshakes may still be pending.
void check_leftovers(asio::io_context& io, virtual_clock& clock, ledger& ledger)
{
    const auto latest = clock.now() + std::chrono::seconds(120);
    while (io.poll() != 0 || (!io.stopped() && clock.advance(latest))) io.restart();
    if (!io.stopped())
        ledger.report(clock.waits() != 0 ? "a timer is left" : "a coroutine is left");
}

} // namespace

run_result simulate(const scenario& scenario, bool traces, const mutation& planted)
{
    const auto clock = std::make_shared<virtual_clock>();
    clock->alter_sleep = planted.sleep;
    sim::ledger ledger(clock, traces);
    sim::server server(scenario, ledger, clock);
    sim::oracle oracle(scenario, ledger, server);
    sim::call_oracle call_oracle(scenario, ledger);
    bool done = false;
    {
        asio::io_context io{1};
        const auto network =
            std::make_shared<sim::network>(io.get_executor(), scenario, ledger, clock, server);
        network->watch.dialed = [&oracle](int number) { oracle.dialed(number); };
        network->watch.opened = [&oracle](int number) { oracle.opened(number); };
        network->watch.closed = [&oracle](int number) { oracle.closed_by_session(number); };
        network->watch.failed = [&oracle](int number, const live::error& why) {
            oracle.failed(number, why);
        };
        auto options = scenario.options;
        options.telemetry.turn_records = true;
        const auto store = std::make_shared<handle_store>(clock, scenario.store_latency);
        if (scenario.uses_store) options.resumption_store = store;
        if (scenario.endpoint_changes_at != 0)
            change_endpoint(options, ledger, scenario.endpoint_changes_at);
        if (planted.options) planted.options(options);
        const auto draw = [&oracle, &planted] {
            const auto drawn = oracle.random();
            return planted.random ? planted.random(drawn) : drawn;
        };
        const auto client = live::access::make_client(
            std::make_shared<live::client_core>(options, mutated(network, planted), clock, draw));
        sim::user user(
            {scenario, ledger, *clock, oracle, call_oracle, *network, server, io, planted}, client);
        asio::co_spawn(io, user.run(), [&](std::exception_ptr failure) {
            done = true;
            if (failure) std::rethrow_exception(failure);
        });
        try {
            const auto after_each = [&](std::uint64_t steps) {
                if (scenario.interruption && steps == scenario.interruption->after_steps)
                    user.interrupt(*scenario.interruption);
            };
            run(io, *clock, ledger, done, after_each, [&user] { user.check_quiet(); });
            if (planted.leaks_timer)
                asio::co_spawn(
                    io, clock->sleep_until(clock->now() + std::chrono::hours(1)), asio::detached);
            if (done) check_leftovers(io, *clock, ledger);
            oracle.saw_stored_handle(store->handle());
        } catch (const std::exception& failure) {
            ledger.report(fmt::format("an exception: {}", failure.what()));
        }
    }
    run_result result;
    result.violations = ledger.violations();
    result.trace = ledger.trace();
    result.fault_counts = ledger.fault_counts;
    result.events = clock->events();
    result.sends = ledger.sends.size();
    result.connections = ledger.connections.size() - 1;
    return result;
}

} // namespace sim
