// SPDX-License-Identifier: Apache-2.0
#include "async/alarm.hpp"

#include "support/catch.hpp"
#include "support/virtual_time.hpp"

#include <optional>

namespace alarm_test {

using namespace gemini::live;
using namespace std::chrono_literals;

TEST_CASE("an alarm that has been destroyed does not fire")
{
    asio::io_context io{1};
    const auto clock = std::make_shared<test::virtual_clock>();
    const auto run = [&io] {
        io.restart();
        io.poll();
    };
    int rung = 0;
    std::optional<async::alarm> alarm;
    alarm.emplace(io.get_executor(), clock, clock->now() + 1s, [&rung] { ++rung; });
    SECTION("destroyed before it waits") {}
    SECTION("destroyed while it waits") { run(); }
    SECTION("destroyed when it is due, before it has fired")
    {
        run();
        clock->advance();
    }
    alarm.reset();
    run();
    while (clock->advance()) run();
    CHECK(rung == 0);
}

TEST_CASE("an alarm that is left alone fires when it is due, once")
{
    asio::io_context io{1};
    const auto clock = std::make_shared<test::virtual_clock>();
    const auto due = clock->now() + 1s;
    int rung = 0;
    const async::alarm alarm(io.get_executor(), clock, due, [&rung] { ++rung; });
    io.poll();
    CHECK(rung == 0);
    clock->advance();
    CHECK(clock->now() == due);
    io.restart();
    io.poll();
    CHECK(rung == 1);
    CHECK_FALSE(clock->advance());
}

TEST_CASE("an alarm may outlive its execution context")
{
    int rung = 0;
    const auto virtual_clock = std::make_shared<test::virtual_clock>();
    const std::shared_ptr<async::clock> clock = GENERATE(false, true)
                                                    ? async::make_steady_clock()
                                                    : std::shared_ptr<async::clock>(virtual_clock);
    std::optional<async::alarm> alarm;
    {
        asio::io_context io{1};
        alarm.emplace(io.get_executor(), clock, clock->now() + 1h, [&rung] { ++rung; });
        SECTION("waiting") { io.poll(); }
        SECTION("before it waits") {}
    }
    CHECK(virtual_clock->waits() == 0);
    while (virtual_clock->advance()) {
    }
    alarm.reset();
    CHECK(rung == 0);
}

} // namespace alarm_test
