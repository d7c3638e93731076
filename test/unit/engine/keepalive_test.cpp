// SPDX-License-Identifier: Apache-2.0
#include "engine/keepalive.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace keepalive_test {

using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr time_point t0 = time_point() + 1h;
constexpr keepalive::traffic reading{true, false, 0};
constexpr keepalive::traffic writing{true, true, 0};

deadlines limits()
{
    deadlines all;
    all.ping_after = 20s;
    all.silence = 60s;
    all.write_stall = 30s;
    all.message = 30s;
    return all;
}

deadlines no_limits()
{
    deadlines all;
    all.ping_after = all.silence = all.write_stall = all.message = 0ms;
    return all;
}

/// A connection that opened at `t0`; its timers fire on time unless delayed.
struct connection {
    explicit connection(const deadlines& all = limits()) : life(all)
    {
        life.heard(t0);
        life.progressed(t0);
    }

    /// What a timer decides: "ping", "nothing", or the first words of why the connection ends.
    std::string at(milliseconds time, const keepalive::traffic& state = reading,
        std::size_t unacknowledged = 0, milliseconds late = 0ms)
    {
        const auto now = t0 + time;
        const auto [what, why] = life.check(now, now - late, state, unacknowledged);
        CHECK(why.has_value() == (what == keepalive::action::abort));
        if (why) {
            CHECK(why->value() == errc::timed_out);
            CHECK(why->phase() == (std::string(why->what()).starts_with("The network took nothing")
                                          ? phase::write
                                          : phase::open));
            return std::string(why->what()).substr(0, 20);
        }
        return what == keepalive::action::ping ? "ping" : "nothing";
    }
    [[nodiscard]] milliseconds next(const keepalive::traffic& state = reading) const
    {
        return std::chrono::duration_cast<milliseconds>(life.next_check(state) - t0);
    }

    keepalive life;
};

const std::string silent = "The server has been ";
const std::string endless = "The server has begun";
const std::string stalled = "The network took not";

} // namespace

TEST_CASE("a silent peer is pinged once, and dropped when it stays silent")
{
    connection one;
    CHECK(one.next() == 20s);
    CHECK(one.at(20s - 1ms) == "nothing");
    CHECK(one.at(20s) == "ping");
    CHECK(one.next() == 80s);
    CHECK(one.at(20s) == "nothing");
    CHECK(one.at(80s - 1ms) == "nothing");
    CHECK(one.at(80s) == silent);
}

TEST_CASE("anything received counts as life")
{
    connection one;
    one.life.heard(t0 + 15s);
    CHECK(one.next() == 35s);
    CHECK(one.at(20s) == "nothing");
    CHECK(one.at(35s) == "ping");
    one.life.heard(t0 + 94s);
    CHECK(one.next() == 114s);
    CHECK(one.at(95s) == "nothing");
    CHECK(one.at(114s) == "ping");
    CHECK(one.at(174s) == silent);
}

TEST_CASE("while nobody reads, the time counts neither as silence nor against a message")
{
    constexpr keepalive::traffic idle{false, false, 0};
    connection one;
    CHECK(one.at(20s, idle) == "nothing");
    CHECK(one.next() == 40s);
    CHECK(one.at(40s) == "ping");
    one.life.underway(1, t0 + 45s);
    CHECK(one.at(100s, idle) == "nothing"); // although pinged for the whole permitted silence
    CHECK(one.next() == 100s);              // when the ping is due
    one.life.heard(t0 + 100s);
    CHECK(one.at(129s) == "ping");
    CHECK(one.at(130s) == endless);
}

TEST_CASE("a message has a time limit, and a second more for each 16 KiB received")
{
    CHECK(time_for(0, 30s) == 30s);
    CHECK(time_for(600, 30s) < 31s);
    CHECK(time_for(16 * 1024, 30s) == 31s);
    CHECK(time_for(16u << 20, 30s) == 30s + 1024s);

    struct row {
        std::size_t received;
        milliseconds limit;
    };
    const std::vector<row> rows{{0, 30s}, {8 * 1024, 30'500ms}, {16 * 1024, 31s}, {1 << 20, 94s}};
    for (const auto& [received, limit] : rows) {
        CAPTURE(received);
        const keepalive::traffic state{true, false, received};
        auto all = no_limits();
        all.message = 30s;
        connection one(all);
        CHECK(one.next(state) > 1h); // nothing has begun
        one.life.underway(1, t0 + 1s);
        one.life.underway(1, t0 + 2s); // still the same message
        CHECK(one.next(state) == limit + 1s);
        CHECK(one.at(limit + 1s - 1ms, state) == "nothing");
        CHECK(one.at(limit + 1s, state) == endless);
    }
}

TEST_CASE("each message has its own time limit, and no limit applies between messages")
{
    auto all = no_limits();
    all.message = 30s;
    connection one(all);
    one.life.underway(1, t0);
    one.life.underway(2, t0 + 29s);
    CHECK(one.next() == 59s);
    CHECK(one.at(58s) == "nothing");
    one.life.underway(0, t0 + 58s);
    CHECK(one.at(1h) == "nothing");
    one.life.underway(3, t0 + 1h);
    CHECK(one.at(1h + 30s) == endless);
}

TEST_CASE("the error says how long the message has taken")
{
    connection one;
    one.life.underway(1, t0);
    one.life.heard(t0 + 29s);
    const auto [what, why] = one.life.check(t0 + 30s + 1us, t0 + 30s, reading, 0);
    REQUIRE(why);
    CHECK(std::string(why->what()).find("30001 ms ago") != std::string::npos);
}

TEST_CASE("a network that accepts nothing is given up if something waits to be sent")
{
    connection one;
    one.life.heard(t0 + 25s);
    CHECK(one.next() == 45s);
    CHECK(one.next(writing) == 30s);
    one.life.blocked(1000);
    CHECK(one.at(30s - 1ms, writing, 1000) == "nothing");
    CHECK(one.at(30s, reading, 1000) == "nothing");
    CHECK(one.at(30s, writing, 1000) == stalled);

    connection moving;
    moving.life.heard(t0 + 25s);
    moving.life.progressed(t0 + 10s);
    CHECK(moving.next(writing) == 40s);
    CHECK(moving.at(40s - 1ms, writing) == "nothing");
    CHECK(moving.at(40s, writing) == stalled);
}

TEST_CASE("a write that the peer acknowledges slowly is not a stall")
{
    auto all = no_limits();
    all.write_stall = 30s;
    connection one(all);
    one.life.blocked(1000);
    CHECK(one.at(20s, writing, 950) == "nothing"); // too early for a comparison
    CHECK(one.at(30s, writing, 999) == "nothing");
    CHECK(one.next(writing) == 60s);
    CHECK(one.at(60s, writing, 998) == "nothing");
    CHECK(one.at(90s, writing, 998) == stalled);
    one.life.blocked(1000);
    CHECK(one.at(90s, writing, 2000) == stalled); // more is waiting than before
}

TEST_CASE("a stalled loop costs nothing, once until something is received")
{
    struct row {
        milliseconds late;
        std::string pinged;  ///< The decision when the silence after a ping has lasted too long.
        std::string writes;  ///< The decision when a write has taken too long.
        std::string message; ///< The decision when a message has.
    };
    const std::vector<row> rows{{0ms, silent, stalled, endless}, {100ms, silent, stalled, endless},
        {101ms, "nothing", "nothing", "nothing"}, {10h, "nothing", "nothing", "nothing"}};
    for (const auto& [late, pinged, writes, message] : rows) {
        CAPTURE(late.count());
        connection first;
        CHECK(first.at(20s) == "ping");
        CHECK(first.at(90s, reading, 0, late) == pinged);
        if (pinged == "nothing") {
            CHECK(first.next() == 150s);
            CHECK(first.at(151s, reading, 0, late) == silent); // not a second time
            first.life.heard(t0 + 152s);
            CHECK(first.at(200s, reading, 0, late) == "nothing");
        }

        connection second;
        second.life.heard(t0 + 29s);
        CHECK(second.at(31s, writing, 0, late) == writes);

        connection third;
        third.life.underway(1, t0);
        third.life.heard(t0 + 29s);
        CHECK(third.at(31s, reading, 0, late) == message);
    }
}

TEST_CASE("a deadline of zero is no deadline")
{
    connection one(no_limits());
    one.life.underway(1, t0);
    CHECK(one.life.next_check(writing) == time_point::max());
    CHECK(one.at(10h, writing) == "nothing");

    auto all = no_limits();
    all.ping_after = 20s;
    connection patient(all);
    CHECK(patient.at(20s) == "ping");
    CHECK(patient.life.next_check(reading) == time_point::max());
    CHECK(patient.at(10h) == "nothing");
    all.ping_after = milliseconds::max();
    CHECK(connection(all).at(10h) == "nothing");
}

} // namespace keepalive_test
