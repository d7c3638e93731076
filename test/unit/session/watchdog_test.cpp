// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

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

} // namespace watchdog_test
