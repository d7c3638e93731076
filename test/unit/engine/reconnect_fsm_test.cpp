// SPDX-License-Identifier: Apache-2.0
#include "engine/reconnect_fsm.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace reconnect_fsm_test {

using namespace gemini::live;
using namespace gemini::live::engine;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

const error lost(errc::connection_lost, "The connection was lost.", {phase::open});
const error refused(errc::connect_failed, "Nobody listens.", {phase::connect});
const error wrong_key(errc::unauthorized, "The key was refused.", {phase::upgrade, 0, "", 401});

constexpr time_point start_of_time = time_point() + 1h;

reconnect_fsm make(reconnect_policy policy = {}, std::string handle = "", double random = 0.5)
{
    return {policy, std::move(handle), [random] { return random; }};
}

error closed(std::uint16_t code, std::string reason)
{
    return {errc::connection_lost, "Closed.", {phase::open, code, std::move(reason)}};
}

} // namespace

TEST_CASE("the life of a session that loses its connection once")
{
    auto reconnect_fsm = make();
    CHECK(reconnect_fsm.status() == session_status::disconnected);

    const auto connecting = reconnect_fsm.start();
    CHECK(connecting.from == session_status::disconnected);
    CHECK(connecting.to == session_status::connecting);
    CHECK(connecting.attempt == 1);
    CHECK(reconnect_fsm.epoch() == 0);

    const auto connected = reconnect_fsm.opened(start_of_time);
    CHECK(connected.to == session_status::connected);
    CHECK_FALSE(connected.resumed);
    CHECK(reconnect_fsm.epoch() == 1);

    const auto again = reconnect_fsm.lost(lost, start_of_time + 1min);
    CHECK(again.to == session_status::reconnecting);
    CHECK(again.attempt == 1);
    CHECK(again.delay == 250ms); // half of [0, 500 ms]
    CHECK(again.cause->value() == errc::connection_lost);

    CHECK(reconnect_fsm.opened(start_of_time + 2min).to == session_status::connected);
    CHECK(reconnect_fsm.epoch() == 2);
    CHECK(reconnect_fsm.close().to == session_status::closed);
    CHECK(reconnect_fsm.ended());
}

TEST_CASE("the wait doubles up to its cap and is spread evenly from zero")
{
    reconnect_policy policy;
    policy.max_attempts = std::nullopt;
    auto longest = make(policy, "", 0.999999);
    static_cast<void>(longest.start());
    static_cast<void>(longest.opened(start_of_time));
    std::vector<std::chrono::milliseconds> delays;
    for (int i = 0; i < 9; ++i) delays.push_back(longest.lost(lost, start_of_time).delay + 1ms);
    CHECK(delays == std::vector<std::chrono::milliseconds>{
                        500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms, 30000ms});

    auto shortest = make(policy, "", 0.0);
    static_cast<void>(shortest.start());
    static_cast<void>(shortest.opened(start_of_time));
    CHECK(shortest.lost(lost, start_of_time).delay == 0ms);
    CHECK(shortest.lost(lost, start_of_time).delay == 0ms);
}

TEST_CASE("the first connection has its own limit of attempts; an absent one means no limit")
{
    reconnect_policy policy;
    for (const std::optional<int> most : {std::optional<int>(1), std::optional<int>(3), {}}) {
        INFO(most.value_or(0));
        policy.first_connect_attempts = most;
        auto reconnect_fsm = make(policy);
        static_cast<void>(reconnect_fsm.start());
        int failures = 0;
        while (!reconnect_fsm.ended() && failures < 1'000) {
            const auto change = reconnect_fsm.lost(refused, start_of_time);
            ++failures;
            if (!reconnect_fsm.ended()) CHECK(change.to == session_status::connecting);
        }
        CHECK(failures == most.value_or(1'000));
    }
    auto reconnect_fsm = make(policy); // no limit
    static_cast<void>(reconnect_fsm.start());
    const error hopeless(errc::unauthorized, "No.", {phase::upgrade, 0, "", 401});
    CHECK(reconnect_fsm.lost(hopeless, start_of_time).to == session_status::failed);
}

TEST_CASE("a server that accepts and disconnects at once is not hammered")
{
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    int dials = 0;
    auto now = start_of_time;
    status_change change;
    do {
        static_cast<void>(reconnect_fsm.opened(now));
        ++dials;
        change = reconnect_fsm.lost(lost, now + 10ms);
        now += 10ms + change.delay;
    } while (change.to == session_status::reconnecting);
    CHECK(dials == 11); // the first, plus max_attempts
    CHECK(change.to == session_status::failed);
}

TEST_CASE("a healthy connection starts a new series of attempts")
{
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    CHECK(reconnect_fsm.lost(lost, start_of_time).attempt == 1);
    CHECK(reconnect_fsm.lost(refused, start_of_time).attempt == 2);
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    CHECK(reconnect_fsm.lost(lost, start_of_time + 29s).attempt == 3);
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    CHECK(reconnect_fsm.lost(lost, start_of_time + 30s).attempt == 1);
}

TEST_CASE("attempts keep counting across changes of connection, and the waits grow")
{
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    auto now = start_of_time;
    std::vector<std::chrono::milliseconds> waits;
    while (const auto wait = reconnect_fsm.wait_ahead(now)) {
        waits.push_back(*wait);
        now += *wait;
        reconnect_fsm.dials_ahead(now);
        reconnect_fsm.hand_over(now);
        static_cast<void>(reconnect_fsm.opened(now));
    }
    CHECK(waits == std::vector<std::chrono::milliseconds>{0ms, 500ms, 1000ms, 2000ms, 4000ms,
                       8000ms, 15000ms, 15000ms, 15000ms, 15000ms});
    SECTION("a connection that lasts starts a new series")
    {
        CHECK(reconnect_fsm.renewal() == now + 30s);
        CHECK(reconnect_fsm.wait_ahead(now + 30s) == 0ms);
        CHECK_FALSE(reconnect_fsm.renewal());
    }
    SECTION("one that does not is the last, and the error names the cause")
    {
        const auto end = reconnect_fsm.lost(lost, now + 1s, {.was_sent_away = true});
        REQUIRE(end.to == session_status::failed);
        CHECK(end.cause->value() == errc::unavailable);
        CHECK(std::string(end.cause->what()).find("goAway") != std::string::npos);
        CHECK(std::string(end.cause->what()).find(lost.what()) != std::string::npos);
    }
}

TEST_CASE("a connection dialed ahead is one attempt, even when it replaces a lost one")
{
    const bool is_replaced = GENERATE(true, false);
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    reconnect_fsm.dials_ahead(start_of_time);
    CHECK(reconnect_fsm.lost(lost, start_of_time + 1s, {.is_replaced = is_replaced}).attempt ==
          (is_replaced ? 1 : 2));
}

TEST_CASE("the first connection has a small limit of its own and fails with the real cause")
{
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    CHECK(reconnect_fsm.lost(refused, start_of_time).attempt == 2);
    const auto third = reconnect_fsm.lost(refused, start_of_time);
    CHECK(third.to == session_status::connecting);
    CHECK(third.attempt == 3);
    const auto end = reconnect_fsm.lost(refused, start_of_time);
    CHECK(end.to == session_status::failed);
    CHECK(end.cause->value() == errc::connect_failed);
}

TEST_CASE("a permanent error is not retried")
{
    auto first = make();
    static_cast<void>(first.start());
    CHECK(first.lost(wrong_key, start_of_time).to == session_status::failed);

    auto later = make();
    static_cast<void>(later.start());
    static_cast<void>(later.opened(start_of_time));
    CHECK(later.lost(wrong_key, start_of_time).to == session_status::failed);
}

TEST_CASE("Retry-After is the minimum wait, and can be too long for a first connection")
{
    error_details details{phase::upgrade, 0, "", 503};
    details.retry_after = 20s;
    const error busy(errc::unavailable, "Busy.", details);

    auto later = make();
    static_cast<void>(later.start());
    static_cast<void>(later.opened(start_of_time));
    CHECK(later.lost(busy, start_of_time).delay == 20s);

    auto first = make();
    static_cast<void>(first.start());
    const auto end = first.lost(busy, start_of_time);
    CHECK(end.to == session_status::failed);
    CHECK(end.cause->retry_after() == 20s);
}

TEST_CASE("without reconnecting, the first loss ends the session")
{
    reconnect_policy policy;
    policy.enabled = false;
    auto reconnect_fsm = make(policy);
    static_cast<void>(reconnect_fsm.start());
    CHECK(reconnect_fsm.lost(refused, start_of_time).to == session_status::connecting);
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    CHECK(reconnect_fsm.lost(lost, start_of_time).to == session_status::failed);
}

TEST_CASE("the newest good handle is used, and dropped when the server refuses it")
{
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    reconnect_fsm.update({"one", true, {}});
    reconnect_fsm.update({"", true, {}});
    reconnect_fsm.update({"two", false, {}});
    CHECK(reconnect_fsm.handle() == "one");
    reconnect_fsm.update({"three", true, {}});

    CHECK(reconnect_fsm.lost(lost, start_of_time + 1min).to == session_status::reconnecting);
    CHECK(reconnect_fsm.handle() == "three");
    const auto refused_handle =
        reconnect_fsm.lost(closed(1007, "Invalid session handle"), start_of_time + 1min);
    CHECK(refused_handle.to == session_status::reconnecting);
    CHECK(reconnect_fsm.handle().empty());
    CHECK_FALSE(reconnect_fsm.opened(start_of_time + 1min).resumed);
}

TEST_CASE("only consecutive internal errors in answer to a handle count")
{
    const auto internal = closed(1011, "Internal error encountered.");
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    reconnect_fsm.update({"one", true, {}});
    static_cast<void>(reconnect_fsm.lost(closed(1012, ""), start_of_time));
    static_cast<void>(reconnect_fsm.lost(internal, start_of_time));
    SECTION("the setup fails in another way")
    {
        static_cast<void>(reconnect_fsm.lost(lost, start_of_time));
    }
    SECTION("a setup is accepted")
    {
        static_cast<void>(reconnect_fsm.opened(start_of_time));
        static_cast<void>(reconnect_fsm.lost(closed(1012, ""), start_of_time));
    }
    static_cast<void>(reconnect_fsm.lost(internal, start_of_time));
    CHECK(reconnect_fsm.handle() == "one");
    static_cast<void>(reconnect_fsm.lost(internal, start_of_time));
    CHECK(reconnect_fsm.handle().empty());
}

TEST_CASE("the first connection uses a handle from another process")
{
    auto reconnect_fsm = make({}, "from elsewhere");
    CHECK(reconnect_fsm.handle() == "from elsewhere");
    static_cast<void>(reconnect_fsm.start());
    CHECK(reconnect_fsm.opened(start_of_time).resumed);
}

TEST_CASE("a handle given to a running session from elsewhere is trusted for a minute")
{
    const auto internal = closed(1011, "Internal error occurred.");
    auto reconnect_fsm = make();
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    static_cast<void>(reconnect_fsm.lost(closed(1012, ""), start_of_time + 1min));
    reconnect_fsm.go_on_with("of another");
    for (int i = 0; i < 5; ++i)
        static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 2min + i * 10s));
    CHECK(reconnect_fsm.handle() == "of another");
    CHECK(reconnect_fsm.status() == session_status::reconnecting);
    SECTION("it is refused for longer than a minute")
    {
        static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 3min));
        CHECK(reconnect_fsm.handle().empty());
    }
    SECTION("a connection opens with it, and the session owns it from then on")
    {
        static_cast<void>(reconnect_fsm.opened(start_of_time + 3min));
        static_cast<void>(reconnect_fsm.lost(closed(1012, ""), start_of_time + 4min));
        static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 4min));
        static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 4min));
        CHECK(reconnect_fsm.handle().empty());
    }
}

TEST_CASE("after the minute, a session that keeps a refused handle has the policy's attempts")
{
    const auto internal = closed(1011, "Internal error occurred.");
    reconnect_policy policy;
    policy.on_failure = [](const error&, failure_context) { return reconnect_action::back_off; };
    auto reconnect_fsm = make(policy, "of another");
    static_cast<void>(reconnect_fsm.start());
    auto now = start_of_time;
    for (; now < start_of_time + 1min; now += 5s)
        REQUIRE(reconnect_fsm.lost(internal, now).to == session_status::connecting);
    for (int i = 1; i < *policy.first_connect_attempts; ++i)
        CHECK(reconnect_fsm.lost(internal, now += 5s).to == session_status::connecting);
    CHECK(reconnect_fsm.lost(internal, now + 5s).to == session_status::failed);
    CHECK(reconnect_fsm.handle() == "of another");
}

TEST_CASE("attempts spent waiting for a handle's owner do not count against the policy")
{
    const auto internal = closed(1011, "Internal error occurred.");
    reconnect_policy policy;
    auto reconnect_fsm = make(policy, "of another");
    static_cast<void>(reconnect_fsm.start());
    auto now = start_of_time;
    for (int i = 0; i < 4; ++i)
        REQUIRE(reconnect_fsm.lost(internal, now += 5s).to == session_status::connecting);
    for (int i = 1; i < *policy.first_connect_attempts; ++i)
        CHECK(reconnect_fsm.lost(lost, now += 5s).to == session_status::connecting);
    CHECK(reconnect_fsm.lost(lost, now + 5s).to == session_status::failed);
    CHECK(reconnect_fsm.handle() == "of another");
}

TEST_CASE("only consecutive internal errors of consecutive setups cost the handle")
{
    const auto internal = closed(1011, "Internal error occurred.");
    const auto restarts = closed(1012, "");
    auto reconnect_fsm = make({}, "handle");
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    static_cast<void>(reconnect_fsm.lost(restarts, start_of_time + 1min));
    static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 2min));
    SECTION("another failure between them")
    {
        static_cast<void>(reconnect_fsm.lost(restarts, start_of_time + 3min));
    }
    SECTION("a connection between them")
    {
        static_cast<void>(reconnect_fsm.opened(start_of_time + 3min));
        static_cast<void>(reconnect_fsm.lost(restarts, start_of_time + 4min));
    }
    static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 5min));
    CHECK(reconnect_fsm.handle() == "handle");
    static_cast<void>(reconnect_fsm.lost(internal, start_of_time + 6min));
    CHECK(reconnect_fsm.handle().empty());
}

TEST_CASE("an outage longer than max_outage ends the session")
{
    reconnect_policy policy;
    policy.max_outage = 10s;
    auto reconnect_fsm = make(policy, "", 0.0);
    static_cast<void>(reconnect_fsm.start());
    static_cast<void>(reconnect_fsm.opened(start_of_time));
    CHECK(reconnect_fsm.lost(lost, start_of_time).to == session_status::reconnecting);
    CHECK(reconnect_fsm.lost(refused, start_of_time + 10s).to == session_status::reconnecting);
    CHECK(reconnect_fsm.lost(refused, start_of_time + 10s + 1ms).to == session_status::failed);
}

TEST_CASE("on_failure also decides about a connection that is made ahead")
{
    reconnect_policy policy;
    CHECK(make(policy).judge_dial(refused).action == action::back_off);
    policy.on_failure = [](const error&, failure_context) { return action::give_up; };
    CHECK(make(policy).judge_dial(refused).action == action::give_up);
}

TEST_CASE("a session makes only the transitions of the table, and makes them all")
{
    std::mt19937 dice(7);
    std::set<std::pair<session_status, session_status>> gone;
    const auto all = transitions();
    for (int life = 0; life < 2000; ++life) {
        auto reconnect_fsm = make();
        auto now = start_of_time;
        for (int step = 0; step < 40 && !reconnect_fsm.ended(); ++step, now += 7s) {
            std::optional<status_change> change;
            const bool connected = reconnect_fsm.status() == session_status::connected;
            const auto die = dice() % 20;
            if (die == 0) {
                change = reconnect_fsm.close();
            } else if (reconnect_fsm.status() == session_status::disconnected) {
                change = reconnect_fsm.start();
            } else if (connected && die < 10) {
                reconnect_fsm.hand_over(now);
                change = reconnect_fsm.opened(now + 1s);
            } else if (connected || die < 15) {
                change = reconnect_fsm.lost(die == 11 ? wrong_key : lost, now);
            } else {
                change = reconnect_fsm.opened(now);
            }
            CHECK(std::any_of(all.begin(), all.end(), [&](const transition& each) {
                return each.from == change->from && each.to == change->to;
            }));
            gone.emplace(change->from, change->to);
        }
    }
    CHECK(gone.size() == all.size());
}

} // namespace reconnect_fsm_test
