// SPDX-License-Identifier: Apache-2.0
#include "transport/connect_schedule.hpp"

#include "support/catch.hpp"

namespace connect_schedule_test {

using namespace gemini::live;
using namespace gemini::live::transport;
using namespace std::chrono_literals;

namespace {

const base::time_point start{1h};

error refused() { return {errc::connect_failed, "Nothing listens there.", {phase::connect}}; }
error unanswered() { return {errc::timed_out, "It has not answered.", {phase::connect}}; }

/// How long after the start the next address is tried.
std::optional<std::chrono::nanoseconds> next(const connect_schedule& schedule)
{
    const auto when = schedule.next();
    if (!when) return std::nullopt;
    return *when - start;
}

} // namespace

TEST_CASE("addresses that do not answer are tried 250 ms apart")
{
    connect_schedule schedule(3, 10s, start);
    CHECK(next(schedule) == 0s);
    CHECK(schedule.begin(start) == 0);
    CHECK(next(schedule) == 250ms);
    CHECK(schedule.begin(start + 260ms) == 1); // a little late
    CHECK(next(schedule) == 510ms);
    CHECK(schedule.begin(start + 510ms) == 2);
    CHECK_FALSE(next(schedule));
    CHECK_FALSE(schedule.over());
}

TEST_CASE("the next address is tried at once when an attempt has failed")
{
    connect_schedule schedule(3, 10s, start);
    schedule.begin(start);
    schedule.failed(refused(), start + 3ms);
    CHECK(next(schedule) == 3ms);
    CHECK_FALSE(schedule.over());
    schedule.begin(start + 4ms);
    CHECK(next(schedule) == 254ms);
    schedule.begin(start + 254ms);
    schedule.failed(refused(), start + 300ms);
    CHECK_FALSE(schedule.over()); // one is still waited for
    schedule.failed(unanswered(), start + 10s);
    CHECK(schedule.over());
}

TEST_CASE("an attempt may take what is left of the time for all of them")
{
    const connect_schedule schedule(3, 10s, start);
    CHECK(schedule.time_left(start) == 10s);
    CHECK(schedule.time_left(start + 250ms) == 9750ms);
    CHECK(schedule.time_left(start + 9s + 999'500us) == 1ms);
    CHECK(schedule.time_left(start + 11s) == 1ms); // zero would mean no limit
    CHECK(connect_schedule(3, 0s, start).time_left(start + 9h) == 0s);
}

TEST_CASE("no address is tried after the limit")
{
    connect_schedule schedule(3, 400ms, start);
    schedule.begin(start);
    schedule.begin(start + 250ms);
    CHECK_FALSE(next(schedule)); // at 500 ms
    schedule.failed(unanswered(), start + 400ms);
    CHECK_FALSE(next(schedule));
    CHECK_FALSE(schedule.over());
    schedule.failed(unanswered(), start + 400ms);
    CHECK(schedule.over());
}

TEST_CASE("without a limit every address is tried")
{
    connect_schedule schedule(2, 0s, start);
    schedule.begin(start);
    schedule.failed(unanswered(), start + 9h);
    CHECK(next(schedule) == 250ms);
    schedule.begin(start + 9h);
    schedule.failed(unanswered(), start + 18h);
    CHECK(schedule.over());
}

TEST_CASE("of several failures the one is reported that tells most, with the number of addresses")
{
    const auto sentence = [](const error& why) { return std::string(why.what()); };
    SECTION("one address")
    {
        connect_schedule schedule(1, 10s, start);
        schedule.begin(start);
        schedule.failed(refused(), start);
        CHECK(sentence(schedule.why()) == "Nothing listens there.");
    }
    SECTION("no route to the first, no answer from the second")
    {
        connect_schedule schedule(2, 10s, start);
        schedule.begin(start);
        schedule.failed(refused(), start);
        schedule.begin(start);
        schedule.failed(unanswered(), start + 10s);
        CHECK(schedule.why().value() == errc::timed_out);
        CHECK(schedule.why().phase() == phase::connect);
        CHECK(sentence(schedule.why()) ==
              "It has not answered. The host has 2 addresses, of which 2 were tried.");
    }
    SECTION("no answer from the first")
    {
        connect_schedule schedule(3, 300ms, start);
        schedule.begin(start);
        schedule.begin(start + 250ms);
        schedule.failed(unanswered(), start + 300ms);
        schedule.failed(refused(), start + 301ms);
        CHECK(schedule.over());
        CHECK(sentence(schedule.why()) ==
              "It has not answered. The host has 3 addresses, of which 2 were tried.");
    }
}

} // namespace connect_schedule_test
