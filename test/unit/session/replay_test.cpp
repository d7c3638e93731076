// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace replay_test {

// What is sent again after an outage, and what is not.
namespace live = gemini::live;
using namespace test;

namespace {

/// Answers "one", sends a handle, answers "two", accepts "three" and disconnects.
asio::awaitable<void> answer_two_of_three(world& w, peer_ptr peer)
{
    co_await greet(w, peer);
    co_await peer->receive();
    peer->send(text_message("1"));
    peer->send(turn_complete);
    peer->send(new_handle);
    co_await peer->receive();
    peer->send(text_message("2"));
    peer->send(turn_complete);
    co_await peer->receive();
    peer->drop();
}

asio::awaitable<void> say_three(session& session)
{
    co_await session.connect();
    co_await session.send("one");
    auto turn = co_await session.turn();
    co_await session.send("two");
    turn = co_await session.turn();
    co_await session.send("three");
}

std::vector<std::string> again_with(replay replay)
{
    world w;
    w.options.reconnect.replay = replay;
    w.scripts = {[&](peer_ptr peer) { return answer_two_of_three(w, std::move(peer)); },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await say_three(session);
        co_await until_connected(w, session, 2);
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard[1].find(R"("handle":"h")") != std::string::npos);
    return said(w);
}

} // namespace

TEST_CASE("what is sent again is what the user chose")
{
    using texts = std::vector<std::string>;
    CHECK(again_with(replay::unanswered) == texts{text_input("three")});
    CHECK(again_with(replay::all_since_handle) == texts{text_input("two"), text_input("three")});
    CHECK(again_with(replay::none).empty());
}

TEST_CASE("a question that is asked again does not count as cut, and is counted")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            auto question = co_await peer->receive();
            CHECK(*question == text_input("Are you there?"));
            peer->send(text_message("I am."));
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Are you there?");
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.text == "I am.");
        CHECK(session.counters().replayed == 1);
        co_await session.close();
    });
}

TEST_CASE("the response to a call that the server forgot is not sent, and the call is named")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     co_await peer->receive();
                     peer->send(weather_call);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    told all;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.send("Rain?");
        const auto turn = co_await session.turn();
        REQUIRE(turn.end == turn_end::tool_call);
        function_response response(turn.tool_calls[0], json().add("rain", true));
        co_await session.send_tool_response(std::move(response));
        co_await listen_until(session, all, [&] { return session.counters().connections == 2; });
        co_await settle();
        co_await session.close();
    });
    CHECK(said(w) == std::vector<std::string>{text_input("Rain?")}); // the model will call again
    CHECK(all.last(session_status::connected)->forgotten_calls == std::vector<std::string>{"c1"});
    CHECK(played.counters().obsolete == 1);
}

TEST_CASE("the rest of a speech keeps its activity on the next connection")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send_realtime_input(realtime_input::activity_start());
        co_await session.send_audio(pcm);
        co_await until_connected(w, session, 2);
        co_await session.send_audio(pcm);
        co_await session.send_realtime_input(realtime_input::activity_end());
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    const auto all = said(w);
    REQUIRE(all.size() == 3);
    CHECK(all[0] == R"({"realtimeInput":{"activityStart":{}}})");
    CHECK(all[1].find(R"({"realtimeInput":{"audio")") == 0);
    CHECK(all[2] == R"({"realtimeInput":{"activityEnd":{}}})");
}

TEST_CASE("a spoken question that is lost with its connection counts as cut")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     for (int i = 0; i < 3; ++i) co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send_realtime_input(realtime_input::activity_start());
        co_await session.send_audio(pcm);
        co_await session.send_realtime_input(realtime_input::activity_end());
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::cut);
        co_await session.close();
    });
    CHECK(said(w).empty());
}

TEST_CASE("a lost connection is resumed with the handle, and what was sent meanwhile follows")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(
                         R"({"sessionResumptionUpdate":{"newHandle":"h-1","resumable":true}})");
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("cut me");
        std::vector<std::string> life;
        auto events = session.events();
        bool sent = false;
        while (auto event = co_await events.next()) {
            if (const auto* change = std::get_if<status_change>(&*event)) {
                life.emplace_back(to_string(change->to));
                if (change->to == session_status::reconnecting) {
                    CHECK(change->cause->value() == errc::connection_lost);
                    CHECK(change->attempt == 1);
                    CHECK(change->delay == 250ms);
                    co_await session.send("meanwhile");
                    sent = true;
                }
                if (change->to == session_status::connected && sent) {
                    CHECK(change->resumed);
                    break;
                }
            }
        }
        CHECK(life ==
              std::vector<std::string>{"connecting", "connected", "reconnecting", "connected"});
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    CHECK(w.dials == 2);
    REQUIRE(w.heard.size() >= 3);
    CHECK(w.heard[1].find(R"("sessionResumption":{"handle":"h-1"})") != std::string::npos);
    CHECK(w.heard.back() == R"({"realtimeInput":{"text":"meanwhile"}})");
}

TEST_CASE("speech older than the window does not survive an outage, text does")
{
    world w;
    int refusals = 4;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1 && refusals-- > 0) throw error(errc::connect_failed, "Down.");
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto events = session.events();
        const std::vector<std::byte> pcm(640);
        std::size_t dropped = 0;
        bool lost = false;
        while (auto event = co_await events.next()) {
            const auto* change = std::get_if<status_change>(&*event);
            if (!change) continue;
            if (change->to == session_status::reconnecting && !std::exchange(lost, true)) {
                co_await session.send_audio(pcm);
                co_await session.send("kept");
                co_await session.send_audio(pcm);
            }
            if (change->to == session_status::connected && lost) {
                dropped = change->dropped;
                break;
            }
        }
        CHECK(dropped == 2);
        co_await session.drain();
        co_await settle();
    });
    CHECK(w.heard.back() == R"({"realtimeInput":{"text":"kept"}})");
    CHECK(w.heard.size() == 3);
}

TEST_CASE("with transparent resumption exactly what the server has not consumed is sent again")
{
    world w;
    w.options.backend = backend::vertex_ai;
    w.options.project = "p";
    w.options.credentials = access_token("token");
    int connections = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        if (++connections == 2) {
            while (auto message = co_await peer->receive()) w.heard.push_back(*message);
            co_return;
        }
        for (int i = 0; i < 3; ++i) co_await peer->receive();
        peer->send(
            R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true,"lastConsumedClientMessageIndex":"1"}})");
        peer->drop();
    }};
    live::setup given = plain;
    given.session_resumption->transparent = true;
    std::optional<status_change> lost;
    std::optional<status_change> back;
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send("one");
        co_await session.send_audio(pcm);
        co_await session.send("two");
        auto events = session.events();
        while (!back) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* change = std::get_if<status_change>(&*event);
            if (change && change->to == session_status::reconnecting) lost = *change;
            if (change && lost && change->to == session_status::connected) back = *change;
        }
        co_await session.send("three");
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    CHECK_FALSE(lost->turn_cut); // the question is asked again
    CHECK(back->resumed);
    CHECK(back->replayed == 2);
    REQUIRE(w.heard.size() == 5);
    CHECK(w.heard[1].find(R"("sessionResumption":{"handle":"h","transparent":true})") !=
          std::string::npos);
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"two"}})");
    CHECK(w.heard[3] == R"({"realtimeInput":{"text":"three"}})"); // overtakes the audio that waits
    CHECK(w.heard[4].find(R"({"realtimeInput":{"audio")") == 0);
}

TEST_CASE(
    "what the server has consumed is not sent again, even if a send failed before that was read")
{
    world w;
    w.options.backend = backend::vertex_ai;
    w.options.project = "p";
    w.options.credentials = access_token("token");
    w.options.limits.inbox = 4096;
    int connections = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        if (++connections == 2) {
            while (auto message = co_await peer->receive()) w.heard.push_back(*message);
            co_return;
        }
        co_await peer->receive();
        peer->send(text_message(std::string(5000, 'x'))); // the reader is slow: the rest waits
        peer->send(
            R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true,"lastConsumedClientMessageIndex":"1"}})");
        peer->drop();
    }};
    live::setup given = plain;
    given.session_resumption->transparent = true;
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        co_await settle();
        co_await session.send("two"); // to a connection that is gone
        co_await settle();
        auto events = session.events();
        while (w.heard.size() < 2) co_await events.next();
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    REQUIRE(w.heard.size() == 3);
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"two"}})");
}

} // namespace replay_test
