// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <gemini/live/reconnect_plan.hpp>

#include <array>

namespace handover_test {

// What a session does when the server says that it will end the connection.
using namespace test;

namespace {

std::string handle_message(std::string_view handle)
{
    return R"({"sessionResumptionUpdate":{"newHandle":")" + std::string(handle) +
           R"(","resumable":true}})";
}

constexpr const char* going_away = R"({"goAway":{"timeLeft":"50s"}})";

bool setup_has(const std::string& setup, std::string_view handle)
{
    return setup.find(R"("handle":")" + std::string(handle) + '"') != std::string::npos;
}

} // namespace

TEST_CASE("at goAway an idle session changes its connection, and the reader sees one event")
{
    world w;
    peer_ptr first;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     first = peer;
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->send(text_message("Hello."));
                     peer->send(turn_complete);
                     peer->send(going_away);
                     co_await settle();
                     CHECK(w.dials == 1); // no handle to resume with yet
                     peer->send(handle_message("h1"));
                     while (co_await peer->receive()) {
                         FAIL("nothing more comes on the old connection");
                     }
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        co_await listen_until(session, all, [&] {
            return all.last(session_status::connected) &&
                   all.last(session_status::connected)->handover;
        });
        CHECK(session.status() == session_status::connected);
        co_await session.send("On the new one.");
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().handovers == 1);
        CHECK(session.counters().losses == 0);
        co_await session.close();
    });
    CHECK(w.dials == 2);
    CHECK(first->close_code() == 4000); // not the code of a finished conversation
    REQUIRE(all.changes.size() == 3);   // connecting, connected, connected
    const auto& change = all.changes.back();
    CHECK(change.from == session_status::connected);
    CHECK(change.resumed);
    CHECK_FALSE(change.turn_cut);
    CHECK(change.replayed == 0);
    REQUIRE(w.heard.size() == 3);
    CHECK(setup_has(w.heard[1], "h1"));
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"On the new one."}})");
}

TEST_CASE("the change waits for the end of the turn, the open function call and its handle")
{
    world w;
    bool at_rest = false;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->send(handle_message("before"));
                     peer->send(
                         R"({"toolCall":{"functionCalls":[{"id":"c","name":"f","args":{}}]}})");
                     peer->send(going_away);
                     auto response = co_await peer->receive();
                     CHECK(response->find("toolResponse") != std::string::npos);
                     peer->send(text_message("Done."));
                     peer->send(turn_complete);
                     co_await settle();
                     CHECK(w.served == 2); // connected ahead, and waiting
                     CHECK(w.heard.size() == 1);
                     at_rest = true;
                     peer->send(handle_message("after"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            CHECK(at_rest);
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Call it.");
        auto turn = co_await session.turn();
        REQUIRE(turn.end == turn_end::tool_call);
        co_await settle();
        function_response response("c", "f", json());
        co_await session.send_tool_response(std::move(response));
        turn = co_await session.turn();
        CHECK(turn.end == turn_end::complete);
        while (session.counters().handovers == 0) co_await settle();
        co_await session.close();
    });
    REQUIRE(w.heard.size() == 2);
    CHECK(setup_has(w.heard[1], "after"));
}

TEST_CASE("a session that is never idle changes its connection before the server's deadline")
{
    world w;
    base::time_point announced{};
    base::time_point changed{};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle_message("h"));
                     announced = w.clock->now();
                     peer->send(going_away);
                     while (!peer->close_code()) { // it never stops talking
                         peer->send(text_message("and "));
                         co_await w.clock->sleep_until(w.clock->now() + 1s);
                     }
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            changed = w.clock->now();
            co_await peer->receive();
            changed = w.clock->now();
            peer->send(R"({"setupComplete":{}})");
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::cut);
        CHECK(session.counters().handovers == 1);
        co_await session.close();
    });
    CHECK(changed - announced == 40s); // 50 s less the margin of 10 s
}

TEST_CASE("a new connection that is refused while the old one is open is made again at once")
{
    world w;
    int refused = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(going_away);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            ++refused;
            peer->close(1011, "Internal error encountered.");
        },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await listen_until(session, all, [&] {
            return all.last(session_status::reconnecting) && session.counters().connections == 2;
        });
        co_await session.close();
    });
    CHECK(refused == 1);
    CHECK(all.last(session_status::reconnecting)->delay == 0ms);
    CHECK(setup_has(w.heard.back(), "h"));
}

TEST_CASE("what is said during the handover follows in order, and speech only within its window")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(going_away);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            auto setup = co_await peer->receive();
            co_await w.clock->sleep_until(w.clock->now() + 200ms); // one round trip
            peer->send(R"({"setupComplete":{}})");
            while (auto message = co_await peer->receive()) w.heard.push_back(*message);
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        while (w.served < 2) co_await settle();
        co_await settle();
        co_await session.send_audio(pcm);
        co_await session.send("Text.");
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().dropped == 0);
        CHECK(session.counters().longest_outage == 200ms);
        co_await session.close();
    });
    REQUIRE(w.heard.size() == 3);
    CHECK(w.heard[1] == R"({"realtimeInput":{"text":"Text."}})");
    CHECK(w.heard[2].find(R"({"realtimeInput":{"audio")") == 0);
}

TEST_CASE("with overlap the old connection stays until the new one has been accepted")
{
    world w;
    w.options.reconnect.handover.overlap = true;
    peer_ptr first;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     first = peer;
                     co_await greet(w, peer);
                     peer->send(going_away);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            co_await settle();
            CHECK_FALSE(first->close_code());
            peer->send(R"({"setupComplete":{}})");
            co_await settle();
            CHECK(first->close_code() == 4000);
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        while (session.counters().handovers == 0) co_await settle();
        co_await settle();
        co_await session.close();
    });
    CHECK(w.dials == 2);
}

TEST_CASE("a disabled handover waits for the server to disconnect")
{
    world w;
    w.options.reconnect.handover.enabled = false;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle_message("h"));
                     peer->send(going_away);
                     co_await w.clock->sleep_until(w.clock->now() + 50s);
                     CHECK(w.dials == 1);
                     peer->close(1001, "");
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        while (session.counters().connections < 2)
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        CHECK(session.counters().losses == 1);
        co_await session.close();
    });
}

TEST_CASE("closing a session in the middle of a handover ends it")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(going_away);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            while (co_await peer->receive()) { // never completes the setup
                w.heard.emplace_back();
            }
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        while (w.heard.size() < 2) co_await settle();
        co_await session.close();
        CHECK(session.status() == session_status::closed);
    });
}

TEST_CASE("closing a session also closes the connection that was made ahead")
{
    world w;
    bool spare_is_open = false;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(text_message("I have only begun"));
                     peer->send(going_away);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            spare_is_open = true;
            auto message = co_await peer->receive();
            CHECK_FALSE(message);
            spare_is_open = false;
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        CHECK(spare_is_open);
        co_await session.close();
        co_await settle();
        CHECK_FALSE(spare_is_open);
    });
}

TEST_CASE(
    "a connection that was made ahead is used after a loss, unless the hook names another endpoint")
{
    const bool moves = GENERATE(false, true);
    world w;
    std::vector<std::string> hosts;
    w.decide = [&](const transport::connect_request& request) { hosts.push_back(request.host); };
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle_message("h"));
                     peer->send(text_message("I have only begun"));
                     peer->send(going_away);
                     co_await settle();
                     CHECK(hosts.size() == 2);
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    if (moves) {
        w.options.on_reconnecting = [](reconnect_plan& plan) -> asio::awaitable<void> {
            plan.base_url = "https://elsewhere.example";
            co_return;
        };
    }
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await listen_until(session, all, [&] {
            return all.last(session_status::reconnecting) &&
                   session.status() == session_status::connected;
        });
        co_await session.close();
    });
    std::vector<std::string> expected(2, "generativelanguage.googleapis.com");
    if (moves) expected.emplace_back("elsewhere.example");
    CHECK(hosts == expected);
}

TEST_CASE("a connection made ahead that the server closes before its setup does not cost the "
          "conversation")
{
    const auto reason = GENERATE("BidiGenerateContent session not found", "Session expired.");
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(handle_message("before"));
                     peer->send(text_message("I have only begun"));
                     peer->send(going_away);
                     co_await settle();
                     CHECK(w.served == 2);
                     peer->send(turn_complete);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            peer->close(1008, reason);
            co_return;
        },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await listen_until(session, all, [&] { return session.counters().connections == 2; });
        co_await session.close();
    });
    REQUIRE(all.last(session_status::connected));
    CHECK(all.last(session_status::connected)->resumed);
    CHECK(played.counters().contexts_lost == 0);
    CHECK(setup_has(w.heard.back(), "h"));
}

TEST_CASE("a question whose function call comes after its connection was left is asked again")
{
    const bool is_called_before = GENERATE(true, false);
    const std::string call = R"({"toolCall":{"functionCalls":[{"id":"c","name":"f","args":{}}]}})";
    world w;
    w.options.reconnect.handover.overlap = true;
    peer_ptr first;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     first = peer;
                     co_await greet(w, peer);
                     peer->send(handle_message("h"));
                     co_await peer->receive();
                     peer->send(text_message("Let me look."));
                     if (is_called_before) peer->send(call);
                     peer->send(going_away);
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive();
            if (!is_called_before) first->send(call);
            first->send(turn_complete); // before the response, as some models do
            co_await settle();
            peer->send(R"({"setupComplete":{}})");
            co_await listen(w, std::move(peer));
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("What is there?");
        const auto calling = co_await session.turn();
        CHECK(calling.end == turn_end::tool_call);
        const auto cut = co_await session.turn();
        CHECK(cut.end == turn_end::cut);
        CHECK(cut.ask_again());
        co_await session.send_tool_response(function_response("c", "f", json()));
        co_await session.send("Once more.");
        co_await session.drain();
        CHECK(session.counters().obsolete == 1);
        co_await session.close();
    });
    CHECK(w.heard.back().find("Once more.") != std::string::npos);
    for (const auto& message : w.heard) CHECK(message.find("toolResponse") == std::string::npos);
}

} // namespace handover_test
