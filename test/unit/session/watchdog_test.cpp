// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <string>
#include <vector>

namespace watchdog_test {

// Servers that stay connected and say nothing.
using namespace test;

TEST_CASE("a server that stays connected and says nothing is reported once")
{
    world w;
    w.options.watchdogs.in_turn = 5s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        co_await w.clock->sleep_until(w.clock->now() + 20s);
        peer->send(text_message("Sorry."));
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await w.clock->sleep_until(w.clock->now() + 60s); // no question is open
        co_await session.send("Hello?");
        co_await listen_until(session, all, [&] { return !all.text.empty(); });
        co_await session.close();
    });
    REQUIRE(all.silences.size() == 1);
    CHECK(all.silences[0].silence == 5s);
    CHECK_FALSE(all.silences[0].after_resume);
}

TEST_CASE("a silence lasts from the server's last message, however often the user asks")
{
    const bool says_something = GENERATE(false, true);
    world w;
    w.options.watchdogs.in_turn = 5s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        if (says_something) peer->send(text_message("Well, "));
        while (co_await peer->receive()) {
        }
    }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto begun = w.clock->now();
        const auto ask = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                co_await session.send("Hello?");
                co_await w.clock->sleep_until(w.clock->now() + 1500ms);
            }
        };
        asio::co_spawn(w.io, ask(), asio::detached);
        co_await listen_until(session, all, [&] { return !all.silences.empty(); });
        CHECK(w.clock->now() - begun == (says_something ? 6s : 5s));
        co_await session.close();
    });
    CHECK(all.silences[0].silence == 5s);
}

TEST_CASE("after a resume a silence has its own limit, if there is something to answer")
{
    const bool asks = GENERATE(true, false);
    world w;
    w.options.watchdogs.after_resume = 3s;
    w.options.watchdogs.in_turn = 20s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     if (asks) co_await peer->receive();
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            co_await w.clock->sleep_until(w.clock->now() + 10s);
            peer->send(text_message("Here I am."));
            co_await peer->receive();
        }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        if (asks) co_await session.send("Hello?");
        co_await listen_until(session, all, [&] { return !all.text.empty(); });
        co_await session.close();
    });
    REQUIRE(all.silences.size() == (asks ? 1 : 0));
    if (!asks) return;
    CHECK(all.silences[0].after_resume);
    CHECK(all.silences[0].silence == 3s);
}

namespace {

/// Acts on each silence of 5 s in turn.
client_options& acting(world& w, std::vector<watchdog_action> actions)
{
    w.options.watchdogs.in_turn = 5s;
    w.options.watchdogs.actions = std::move(actions);
    return w.options;
}

/// Says something, and then nothing more until `answers` messages have been received.
script frozen_in_mid_turn(world& w, int answers)
{
    return [&w, answers](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(new_handle);
        for (int i = 0; i < answers; ++i) {
            auto message = co_await peer->receive();
            if (!message) co_return;
            w.heard.push_back(*message);
            if (i == 0) peer->send(text_message("Well, "));
        }
        peer->send(text_message("here I am."));
        peer->send(turn_complete);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    };
}

std::vector<watchdog_action> actions_of(const told& all)
{
    std::vector<watchdog_action> actions;
    for (const auto& each : all.silences) actions.push_back(each.action);
    return actions;
}

} // namespace

TEST_CASE("a model that freezes in mid-turn is nudged in the way that it wants text, and goes on")
{
    world w;
    acting(w, {watchdog_action::nudge}).watchdogs.nudge_text = "And?";
    w.scripts = {frozen_in_mid_turn(w, 2)};
    setup given{.model = "gemini-3.8-live"};
    std::string nudge = text_input("And?");
    SECTION("as realtime input") {}
    SECTION("as client content")
    {
        given.model = "gemini-live-2.5-flash-native-audio";
        nudge = R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"And?"}]}],)"
                R"("turnComplete":true}})";
    }
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        const auto begun = w.clock->now();
        const auto turn = co_await session.turn(); // is not ended by the watchdog
        CHECK(w.clock->now() - begun == 5s);
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.text == "Well, here I am.");
        CHECK(session.counters().nudges == 1);
        CHECK(session.counters().stalls == 1);
        co_await session.close();
    });
    CHECK(said(w).back() == nudge);
}

TEST_CASE(
    "a model that does not answer a nudge gets another connection, where the question is asked "
    "again")
{
    world w;
    acting(w, {watchdog_action::nudge, watchdog_action::reconnect});
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     while (auto message = co_await peer->receive()) w.heard.push_back(*message);
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            w.heard.push_back(*co_await peer->receive());
            peer->send(text_message("Here I am."));
            peer->send(turn_complete);
            while (auto message = co_await peer->receive()) w.heard.push_back(*message);
        }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hello?");
        const auto begun = w.clock->now();
        co_await listen_until(session, all, [&] { return !all.text.empty(); });
        CHECK(w.clock->now() - begun >= 10s);
        CHECK(w.clock->now() - begun < 11s);
        CHECK(session.counters().stall_reconnects == 1);
        co_await w.clock->sleep_until(w.clock->now() + 60s);
        co_await session.close();
    });
    CHECK(actions_of(all) == std::vector{watchdog_action::nudge, watchdog_action::reconnect});
    const auto* lost = all.last(session_status::reconnecting);
    REQUIRE(lost);
    REQUIRE(lost->cause);
    CHECK(lost->cause->value() == errc::timed_out);
    CHECK(all.last(session_status::connected)->resumed);
    const auto sent = said(w);
    REQUIRE(sent.size() == 3);
    CHECK(sent[0] == text_input("Hello?"));
    CHECK(sent[1] == text_input("Please go on."));
    CHECK(sent[2] == text_input("Hello?")); // the nudge is not repeated
}

TEST_CASE("a server that nothing helps is given up, and everybody who waits learns why")
{
    world w;
    acting(w, {watchdog_action::tell, watchdog_action::nudge, watchdog_action::reconnect,
                  watchdog_action::give_up})
        .watchdogs.after_resume = 2s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(new_handle);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hello?");
        const auto read = [&]() -> asio::awaitable<void> {
            co_await listen_until(session, all, [] { return false; });
        };
        auto reading = read();
        const auto failure = co_await failure_of(std::move(reading));
        REQUIRE(failure);
        CHECK(failure->value() == errc::timed_out);
        CHECK(session.status() == session_status::failed);
        auto sending = session.send("more");
        const auto refused = co_await failure_of(std::move(sending));
        REQUIRE(refused);
        CHECK(refused->value() == errc::timed_out);
        CHECK(session.counters().stalls == 4);
    });
    CHECK(actions_of(all) == std::vector{watchdog_action::tell, watchdog_action::nudge,
                                 watchdog_action::reconnect, watchdog_action::give_up});
    CHECK(w.served == 2);
}

TEST_CASE("a session that is silent after a resume takes the next step, not the first one again")
{
    world w;
    acting(w, {watchdog_action::reconnect, watchdog_action::give_up}).watchdogs.after_resume = 2s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        if (w.served == 1) peer->send(new_handle);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hello?");
        const auto read = [&]() -> asio::awaitable<void> {
            co_await listen_until(session, all, [] { return false; });
        };
        auto reading = read();
        const auto failure = co_await failure_of(std::move(reading));
        CHECK(failure);
    });
    REQUIRE(actions_of(all) == std::vector{watchdog_action::reconnect, watchdog_action::give_up});
    CHECK(all.silences[1].after_resume);
    CHECK(all.silences[1].silence == 2s);
}

TEST_CASE("empty turns in a row are nudged, then led to another connection, then given up")
{
    world w;
    w.options.watchdogs.empty_turns = 2;
    w.options.watchdogs.actions = {
        watchdog_action::nudge, watchdog_action::reconnect, watchdog_action::give_up};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(new_handle);
        while (auto message = co_await peer->receive()) {
            w.heard.push_back(*message);
            peer->send(turn_complete);
        }
    }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto ask = [](world& w, session_ref to) -> asio::awaitable<void> {
            while (to.status() != session_status::failed) {
                co_await to.send("Hello?");
                co_await w.clock->sleep_until(w.clock->now() + 10s);
            }
        };
        asio::co_spawn(w.io, ask(w, session), asio::detached);
        const auto read = [&]() -> asio::awaitable<void> {
            co_await listen_until(session, all, [] { return false; });
        };
        auto reading = read();
        const auto failure = co_await failure_of(std::move(reading));
        REQUIRE(failure);
        CHECK(failure->value() == errc::timed_out);
        CHECK(std::string(failure->what()).find("turns in a row") != std::string::npos);
    });
    CHECK(actions_of(all) == w.options.watchdogs.actions);
    CHECK(all.silences[0].empty_turns == 2);
    CHECK(all.silences[1].empty_turns == 3);
    CHECK(all.silences[2].empty_turns == 4);
}

TEST_CASE("turn() ends at a report of a silence only, not at what the watchdog does about it")
{
    world w;
    acting(w, {watchdog_action::nudge, watchdog_action::tell});
    w.scripts = {frozen_in_mid_turn(w, 100)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        const auto begun = w.clock->now();
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::stalled);
        CHECK(turn.text == "Well, ");
        CHECK(w.clock->now() - begun == 10s);
        co_await session.close();
    });
}

TEST_CASE("watchdogs that can never work are refused")
{
    world w;
    SECTION("no empty turn") { w.options.watchdogs.empty_turns = 0; }
    SECTION("a nudge without words")
    {
        w.options.watchdogs.actions = {watchdog_action::nudge};
        w.options.watchdogs.nudge_text.clear();
    }
    SECTION("a nudge that cannot be sent")
    {
        w.options.watchdogs.actions = {watchdog_action::nudge};
        w.options.watchdogs.nudge_text = "\xff";
    }
    w.options.base_url = "http://127.0.0.1:1";
    try {
        const client refused(w.io, w.options);
        FAIL("accepted");
    } catch (const error& thrown) {
        CHECK(thrown.value() == errc::invalid_argument);
    }
}

} // namespace watchdog_test
