// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace context_loss_test {

// A handle that the server refuses: what becomes of the session, and what the user is told.
using namespace test;

namespace {

/// A conversation of one turn and one call whose handle is refused after an outage.
struct forgotten {
    world w{};
    told all{};

    std::optional<error> play(context_loss policy)
    {
        w.options.reconnect.on_context_loss = policy;
        w.scripts = {[this](peer_ptr peer) -> asio::awaitable<void> {
                         co_await greet(w, peer);
                         co_await peer->receive();
                         peer->send(weather_call);
                         co_await peer->receive();
                         peer->send(
                             R"({"serverContent":{"outputTranscription":{"text":"It rains."}}})");
                         peer->send(turn_complete);
                         peer->send(new_handle);
                         co_await settle();
                         peer->drop();
                     },
            [this](peer_ptr peer) -> asio::awaitable<void> {
                w.heard.push_back(*co_await peer->receive());
                peer->close(1008, "BidiGenerateContent session not found");
            },
            [this](peer_ptr peer) { return listen(w, std::move(peer)); }};
        const auto client = w.make_client();
        session session{client, plain};
        std::optional<error> failure;
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            co_await session.send("Rain?");
            auto turn = co_await session.turn();
            function_response response(turn.tool_calls[0], json().add("rain", true));
            co_await session.send_tool_response(std::move(response));
            turn = co_await session.turn();
            const auto reading = [&]() -> asio::awaitable<void> {
                co_await listen_until(
                    session, all, [&] { return session.counters().connections == 2; });
            };
            failure = co_await failure_of(reading());
            co_await settle();
            co_await session.close();
        };
        w.play(work());
        return failure;
    }
};

} // namespace

TEST_CASE("a lost context is reported, and the session continues without it")
{
    forgotten story;
    CHECK_FALSE(story.play(context_loss::restart));
    const auto* change = story.all.last(session_status::connected);
    CHECK(change->context_lost);
    CHECK_FALSE(change->restored);
    CHECK_FALSE(change->resumed);
    CHECK(said(story.w).empty());
    CHECK(story.w.heard.back().find("handle") == std::string::npos);
}

TEST_CASE("a lost context can be restored from what was said")
{
    forgotten story;
    CHECK_FALSE(story.play(context_loss::restore));
    const auto* change = story.all.last(session_status::connected);
    CHECK(change->context_lost);
    CHECK(change->restored);
    REQUIRE(said(story.w).size() == 1);
    CHECK(said(story.w)[0] ==
          R"({"clientContent":{"turns":[)"
          R"({"role":"user","parts":[{"text":"Rain?"}]},)"
          R"({"role":"model","parts":[{"text":"[called weather with {\"city\":\"Ulm\"}]"}]},)"
          R"({"role":"user","parts":[{"text":"[weather returned {\"rain\":true}]"}]},)"
          R"({"role":"model","parts":[{"text":"It rains."}]}],"turnComplete":true}})");
    CHECK(story.w.heard[2].find(R"("historyConfig":{"initialHistoryInClientContent":true})") !=
          std::string::npos);
}

TEST_CASE("a lost context can end the session")
{
    forgotten story;
    const auto failure = story.play(context_loss::fail);
    REQUIRE(failure);
    CHECK(failure->value() == errc::context_lost);
    CHECK(failure->close_code() == 1008);
}

TEST_CASE("the response to a call of a lost conversation does not reach the new one")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(weather_call);
                     peer->send(new_handle);
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            peer->close(1007, "Invalid session handle");
        },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await listen_until(session, all, [&] { return all.last(session_status::reconnecting); });
        function_response response("c1", "weather", json());
        co_await session.send_tool_response(std::move(response)); // the handle includes the call
        co_await listen_until(
            session, all, [&] { return session.status() == session_status::connected; });
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().contexts_lost == 1);
        CHECK(session.counters().obsolete == 1);
        co_await session.close();
    });
    CHECK(said(w).empty());
    CHECK(all.last(session_status::connected)->forgotten_calls == std::vector<std::string>{"c1"});
}

TEST_CASE("two internal errors in answer to a handle count as a refusal of the handle")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     co_await settle();
                     peer->close(1001, "");
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            w.heard.push_back(*co_await peer->receive());
            if (w.heard.back().find(R"("handle")") != std::string::npos) {
                peer->close(1011, "Internal error encountered.");
                co_return;
            }
            peer->send(R"({"setupComplete":{}})");
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await until_connected(w, session, 2);
        co_await session.close();
    });
    CHECK(w.dials == 4); // the first, two with the handle, one without
}

TEST_CASE("while the server may not have noticed the end of a connection, its internal errors do "
          "not cost the handle")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            w.heard.push_back(*co_await peer->receive());
            if (w.heard.size() < 5) {
                peer->close(1011, "Internal error encountered.");
                co_return;
            }
            peer->send(R"({"setupComplete":{}})");
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await until_connected(w, session, 2);
        CHECK(session.counters().contexts_lost == 0);
        co_await session.close();
    });
    CHECK(w.heard.back().find(R"("handle")") != std::string::npos);
}

} // namespace context_loss_test
