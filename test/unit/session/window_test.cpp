// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "engine/outbox.hpp"
#include "engine/round_trip.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace window_test {

// A handle was made before it arrived: it may or may not include what was in flight then.
using namespace test;
using engine::delivery_class;
using engine::outbox;
using engine::proof;

namespace {

constexpr base::time_point t0 = base::time_point() + 1h;

std::string handle(std::string_view name)
{
    return R"({"sessionResumptionUpdate":{"newHandle":")" + std::string(name) +
           R"(","resumable":true}})";
}

constexpr const char* call =
    R"({"toolCall":{"functionCalls":[{"id":"c1","name":"weather","args":{}}]}})";

bool has(const std::vector<std::string>& all, std::string_view words)
{
    return std::any_of(all.begin(), all.end(),
        [words](const std::string& each) { return each.find(words) != std::string::npos; });
}

/// What the second server received, and the change to its connection.
struct aftermath {
    std::vector<std::string> heard{};
    std::optional<status_change> lost{};
    std::optional<status_change> back{};
    session_counters total{};
};

using step = std::function<asio::awaitable<void>(session&)>;

/// Plays `first` against a session that does `work`, then a second server that listens.
aftermath play(script first, step work, replay how = replay::unanswered)
{
    world w;
    aftermath all;
    w.options.reconnect.replay = how;
    w.scripts = {std::move(first), [&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     while (auto message = co_await peer->receive()) all.heard.push_back(*message);
                 }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto whole = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await work(session);
        told seen;
        const auto is_back = [&seen] {
            const auto* change = seen.last(session_status::connected);
            return change && change->resumed;
        };
        co_await listen_until(session, seen, is_back);
        co_await settle();
        if (const auto* change = seen.last(session_status::reconnecting)) all.lost = *change;
        if (const auto* change = seen.last(session_status::connected)) all.back = *change;
        all.total = session.counters();
        co_await session.close();
    };
    w.play(whole());
    return all;
}

} // namespace

TEST_CASE("client content that was in flight when a handle was made is sent again after a loss")
{
    const auto all = play(
        [](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            peer->send(R"({"setupComplete":{}})");
            co_await settle();
            peer->send(handle("made before"));
            co_await settle();
            peer->drop();
        },
        [](session& session) -> asio::awaitable<void> {
            content fact("The code is 4711.");
            co_await session.send_client_content(std::move(fact), false);
        });
    CHECK(has(all.heard, "4711"));
    REQUIRE(all.back);
    CHECK(all.back->replayed == 1);
    CHECK(all.back->maybe_heard == 1);
    CHECK(all.total.maybe_heard == 1);
}

TEST_CASE("a function response that was in flight when a handle was made is sent again")
{
    const auto all = play(
        [](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            peer->send(R"({"setupComplete":{}})");
            co_await peer->receive();
            peer->send(call);
            peer->send(handle("with the call"));
            co_await settle();
            peer->send(handle("without the response"));
            co_await settle();
            peer->drop();
        },
        [](session& session) -> asio::awaitable<void> {
            co_await session.send("How is the weather?");
            const auto turn = co_await session.turn();
            REQUIRE(turn.tool_calls.size() == 1);
            function_response response("c1", "weather", json::object().add("sky", "blue"));
            co_await session.send_tool_response(std::move(response));
        });
    CHECK(has(all.heard, "blue"));
    CHECK(all.total.obsolete == 0);
}

TEST_CASE(
    "a question that was in flight when a handle was made is asked again, not reported as cut")
{
    const auto all = play(
        [](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            peer->send(R"({"setupComplete":{}})");
            co_await settle();
            for (const char* each : {"a", "b", "c", "d"}) peer->send(handle(each));
            co_await settle();
            peer->drop();
        },
        [](session& session) -> asio::awaitable<void> { co_await session.send("Are you there?"); });
    CHECK(has(all.heard, "Are you there?"));
    REQUIRE(all.lost);
    CHECK_FALSE(all.lost->ask_again);
    REQUIRE(all.back);
    CHECK_FALSE(all.back->ask_again);
}

TEST_CASE("what the server had certainly received when it made a handle is not sent again")
{
    for (const auto how : {replay::unanswered, replay::all_since_handle}) {
        const auto all = play(
            [](peer_ptr peer) -> asio::awaitable<void> {
                co_await peer->receive();
                peer->send(R"({"setupComplete":{}})");
                peer->send(handle("before"));
                co_await peer->receive();
                co_await settle();
                peer->send(handle("after"));
                co_await settle();
                peer->drop();
            },
            [](session& session) -> asio::awaitable<void> {
                content fact("The code is 4711.");
                co_await session.send_client_content(std::move(fact), false);
            },
            how);
        CHECK(all.heard.empty());
        REQUIRE(all.back);
        CHECK(all.back->replayed == 0);
        CHECK(all.back->maybe_heard == 0);
    }
}

TEST_CASE("a handover waits for a handle that certainly includes everything, or for its deadline, "
          "and reports which")
{
    const bool is_in_time = GENERATE(true, false);
    world w;
    base::time_point announced{};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await settle();
                     peer->send(handle("made before"));
                     announced = w.clock->now();
                     peer->send(R"({"goAway":{"timeLeft":"50s"}})");
                     co_await settle();
                     CHECK(w.heard.size() == 1); // no setup yet
                     w.heard.push_back(*co_await peer->receive());
                     if (is_in_time) {
                         co_await settle();
                         peer->send(handle("with all"));
                     }
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told seen;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        content fact("The code is 4711.");
        co_await session.send_client_content(std::move(fact), false);
        const auto changed = [&] {
            const auto* change = seen.last(session_status::connected);
            return change && change->handover;
        };
        co_await listen_until(session, seen, changed);
        co_await settle();
        co_await session.close();
    });
    const auto* change = seen.last(session_status::connected);
    REQUIRE(change);
    CHECK(change->maybe_heard == (is_in_time ? 0u : 1u));
    CHECK(change->replayed == (is_in_time ? 0u : 1u));
    CHECK(w.heard.size() == (is_in_time ? 3u : 4u));
}

TEST_CASE("with a full inbox a handover does not block on the reader of the old connection")
{
    world w;
    w.options.limits.inbox = 4000;
    const std::string much = text_message(std::string(5000, 'x'));
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle("h"));
                     peer->send(R"({"goAway":{"timeLeft":"2s"}})");
                     for (int i = 0; i < 10; ++i) peer->send(much);
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            for (int i = 0; i < 10; ++i) peer->send(much);
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        while (session.counters().handovers == 0)
            co_await w.clock->sleep_until(w.clock->now() + 100ms);
        co_await settle();
        auto messages = session.messages();
        bool complete = false;
        while (!complete) {
            auto message = co_await messages.next();
            REQUIRE(message);
            complete = message->turn_complete();
        }
        co_await session.close();
    });
}

TEST_CASE("a message is kept until the server had certainly received it when it made a handle")
{
    outbox box(1'000'000, engine::keeps::until_handle);
    box.push({base::frame("a"), delivery_class::context}, t0);
    static_cast<void>(box.take(1000));
    box.written(t0);
    box.pinged(1, 1);
    box.handle_issued(proof{t0 + 1s, 0, 1}); // no pong yet
    CHECK(box.kept_cost() == outbox::cost_of(1));
    box.handle_issued(proof{t0 - 1ms, 1}); // too soon
    CHECK(box.kept_cost() == outbox::cost_of(1));
    SECTION("a handle made after the pong, and late enough, includes it")
    {
        box.handle_issued(proof{t0, 1});
        CHECK(box.kept_cost() == 0);
    }
    SECTION("a peer that never answers pings has received it after a minute and many pings")
    {
        box.handle_issued(proof{t0 + 1h, 0, 8}); // the process may have been suspended
        CHECK(box.kept_cost() == outbox::cost_of(1));
        box.handle_issued(proof{t0 + 61s, 0, 9});
        CHECK(box.kept_cost() == 0);
    }
    SECTION("what was received on a lost connection is kept again on the next")
    {
        box.noted();
        box.lost();
        static_cast<void>(box.take(1000));
        box.written(t0 + 1s);
        box.pinged(1);
        box.handle_issued(proof{t0 + 1s, 0});
        CHECK(box.kept_cost() == outbox::cost_of(1));
    }
    SECTION("otherwise it is sent again, and the server may have received it twice")
    {
        box.lost();
        CHECK(box.waiting_again() == 1);
        CHECK(box.waiting_in_doubt() == 1);
    }
}

TEST_CASE("an answer settles only the oldest question that may not have been received")
{
    outbox box(1'000'000, engine::keeps::until_answered);
    for (const char* each : {"1", "2"}) {
        box.push({base::frame(each), delivery_class::durable}, t0);
        static_cast<void>(box.take(1000));
        box.written(t0);
        box.pinged(each[0] - '0');
    }
    const proof nothing{t0 - 1s, 0};
    box.answered(proof{t0, 0}, nothing);
    CHECK(box.kept_cost() == 2 * outbox::cost_of(1)); // too soon for any
    box.answered(proof{t0, 2}, nothing);
    CHECK(box.kept_cost() == outbox::cost_of(1));
    box.lost();
    const auto again = box.take(1000);
    REQUIRE(again.size() == 1);
    CHECK(again[0].view() == "2");
}

TEST_CASE("a round trip is measured by pings, else by answers, with a margin and bounds")
{
    engine::round_trip trip;
    CHECK(trip.window() == 1s); // nothing measured yet
    trip.at_most(300ms);
    trip.at_most(400ms);
    CHECK(trip.window() == 600ms);
    trip.measured(50ms);
    CHECK(trip.window() == 100ms);
    trip.measured(200ms); // it has become slower
    CHECK(trip.window() == 400ms);
    trip.measured(40ms);
    CHECK(trip.window() == 360ms);
    trip.measured(1h);
    CHECK(trip.window() == 10s);
    engine::round_trip near;
    near.measured(100us);
    CHECK(near.window() == 20ms);
}

} // namespace window_test
