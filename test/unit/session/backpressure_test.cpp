// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <array>
#include <exception>
#include <string>
#include <vector>

namespace backpressure_test {

// Senders and servers that have to wait, and what makes room for them.
using namespace test;

TEST_CASE("only the latest picture waits, and text does not wait for media")
{
    world w;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 1> old_one{std::byte{1}};
        const std::array<std::byte, 1> new_one{std::byte{2}};
        co_await session.send_video(old_one);
        co_await session.send_video(new_one);
        co_await session.send("Look!");
        co_await session.connect();
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().dropped == 1);
        co_await session.close();
    });
    const auto all = said(w);
    REQUIRE(all.size() == 2);
    CHECK(all[0] == text_input("Look!"));
    CHECK(all[1].find(R"("data":"Ag==")") != std::string::npos);
}

TEST_CASE("a full outbox suspends the sender; a canceled one has sent nothing")
{
    world w;
    w.options.limits.outbox = 100;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) {
        server = peer;
        return listen(w, std::move(peer));
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::string big(90, 'x');
        co_await session.send(big);
        std::vector<std::string> done;
        asio::cancellation_signal cancel;
        const auto send = [&](std::string text) -> asio::awaitable<void> {
            co_await session.send(text);
            done.push_back(text);
        };
        const auto ignore = [](std::exception_ptr) {};
        asio::co_spawn(w.io, send("second"), ignore);
        asio::co_spawn(
            w.io, send("cancelled"), asio::bind_cancellation_slot(cancel.slot(), ignore));
        asio::co_spawn(w.io, send("third"), ignore);
        co_await settle();
        CHECK(done.empty());
        cancel.emit(asio::cancellation_type::terminal);
        co_await settle();
        co_await session.connect();
        co_await settle();
        CHECK(done == std::vector<std::string>{"second", "third"});
        co_await session.drain();
        co_await settle();
        server.reset();
    });
    REQUIRE(w.heard.size() == 4);
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"second"}})");
    CHECK(w.heard[3] == R"({"realtimeInput":{"text":"third"}})");
}

TEST_CASE("a send that is canceled just as room becomes available has sent nothing")
{
    using namespace asio::experimental::awaitable_operators;
    const int moment = GENERATE(range(0, 12)); // turns of the loop before the cancellation
    CAPTURE(moment);
    world w;
    w.options.limits.outbox = 100;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        co_await greet(w, peer);
        peer->stall(true);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    bool is_sent = false;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.send(std::string(90, 'x'));
        const auto interrupt = [&]() -> asio::awaitable<void> {
            co_await settle();
            server->stall(false);
            for (int i = 0; i < moment; ++i) co_await asio::post(w.io, asio::use_awaitable);
        };
        auto sending = session.send("second");
        auto race = std::move(sending) || interrupt();
        const auto first = co_await std::move(race);
        is_sent = first.index() == 0;
        co_await session.drain();
        co_await settle();
        server.reset();
    });
    CHECK(w.heard.size() == (is_sent ? 3 : 2));
}

TEST_CASE("a sender that waits for room resumes when an outage has made some")
{
    world w;
    w.options.limits.outbox = 1000;
    w.options.reconnect.realtime_window = 100ms;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 150> speech{};
        co_await session.connect();
        co_await session.send("one");
        while (session.status() == session_status::connected) co_await settle();
        co_await session.send_audio(speech); // expired by the time the connection is back
        co_await session.send(std::string(200, 'x'));
        co_await session.drain();
        co_await session.close();
    });
    CHECK(played.counters().dropped == 1);
}

TEST_CASE("a sender that waits behind audio resumes when a handover has dropped it")
{
    world w;
    w.options.limits.outbox = 1000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(
                         R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})");
                     peer->send(R"({"goAway":{"timeLeft":"6s"}})");
                     peer->stall(true);
                     while (co_await peer->receive()) {
                     }
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 150> speech{};
        co_await session.connect();
        co_await session.send_audio(speech);
        co_await session.send(std::string(200, 'x'));
        co_await session.drain();
        co_await session.close();
    });
    CHECK(played.counters().handovers == 1);
}

TEST_CASE("a sender that waits behind audio resumes when that expires before there is a connection")
{
    world w;
    w.options.limits.outbox = 1000;
    w.options.reconnect.realtime_window = 100ms;
    w.options.reconnect.first_delay = 20s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 150> speech{};
        co_await session.connect();
        co_await session.send("one");
        while (session.status() == session_status::connected) co_await settle();
        co_await session.send_audio(speech);
        co_await session.send(std::string(200, 'x'));
        CHECK(session.status() == session_status::reconnecting);
        CHECK(session.counters().dropped == 1);
        co_await session.close();
    });
}

TEST_CASE("a slow reader holds the server back and loses nothing")
{
    world w;
    w.options.limits.inbox = 4096;
    int sent = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (; sent < 1000; ++sent) peer->send(text_message(std::to_string(sent)));
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        auto messages = session.messages();
        co_await messages.next();
        for (int i = 0; i < 1000; ++i) {
            auto message = co_await messages.next();
            REQUIRE(message);
            REQUIRE(message->text() == std::to_string(i));
        }
        co_await session.close();
    });
}

TEST_CASE("a response that is dropped with its call makes room, and leaves nothing to drain")
{
    world w;
    w.options.limits.outbox = 400;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(R"({"toolCall":{"functionCalls":[{"id":"c","name":"f","args":{}}]}})");
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    session session{client, plain};
    bool is_sent = false;
    const auto send = [&]() -> asio::awaitable<void> {
        co_await session.send(std::string(300, 'x')); // waits for room
        is_sent = true;
    };
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("What is there?");
        const auto calling = co_await session.turn();
        REQUIRE(calling.end == turn_end::tool_call);
        const json result(R"({"output":")" + std::string(200, 'y') + R"("})");
        co_await session.send_tool_response(function_response("c", "f", result));
        asio::co_spawn(w.io, send(), [](std::exception_ptr) {});
        server->send(R"({"toolCallCancellation":{"ids":["c"]}})");
        co_await session.drain();
        CHECK(session.counters().obsolete == 1);
        co_await settle();
        CHECK(is_sent);
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    server.reset();
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard.back().find("xxx") != std::string::npos);
}

} // namespace backpressure_test
