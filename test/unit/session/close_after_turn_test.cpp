// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <optional>
#include <string>
#include <vector>

namespace close_after_turn_test {

// Sessions that end when the present turn is over.
using namespace test;

namespace {

const std::string a_call = R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get","args":{}}]}})";

asio::awaitable<void> say_later(world& w, peer_ptr peer, std::vector<std::string> messages)
{
    for (const auto& each : messages) {
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        peer->send(each);
    }
}

/// Answers the first message within three seconds: a word, another one, and the end of the turn.
script slow_answer(world& w)
{
    return [&w](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        w.heard.push_back(*co_await peer->receive());
        std::vector<std::string> answer{text_message("Good"), text_message("bye."), turn_complete};
        co_await say_later(w, peer, std::move(answer));
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    };
}

} // namespace

TEST_CASE("a session closes at the end of the model's turn, and all that was said can be read")
{
    world w;
    w.scripts = {slow_answer(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Say goodbye.");
        const auto begun = w.clock->now();
        const bool was_over = co_await session.close_after_turn();
        CHECK(was_over);
        CHECK(w.clock->now() - begun == 3s);
        const auto turn = co_await session.turn();
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.text == "Goodbye.");
        const auto last = co_await session.turn();
        CHECK(last.end == turn_end::closed);
    });
}

TEST_CASE("nothing that is sent at the end of the turn begins another")
{
    world w;
    w.scripts = {slow_answer(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Say goodbye.");
        bool closed = false;
        const auto end = [](session_ref to, bool& closed) -> asio::awaitable<void> {
            closed = co_await to.close_after_turn();
        };
        asio::co_spawn(w.io, end(session, closed), rethrow);
        const auto turn = co_await session.turn();
        CHECK(turn.is_whole());
        auto more = session.send("And more?");
        const auto refused = co_await failure_of(std::move(more));
        REQUIRE(refused);
        CHECK(refused->value() == errc::closed);
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        CHECK(closed);
    });
    CHECK(said(w).size() == 1);
}

TEST_CASE("a session between turns closes at once; one that was never connected, too")
{
    world w;
    const bool connects = GENERATE(true, false);
    w.play_session([&](session& session) -> asio::awaitable<void> {
        if (connects) co_await session.connect();
        const auto begun = w.clock->now();
        const bool was_over = co_await session.close_after_turn();
        CHECK(was_over);
        CHECK(w.clock->now() == begun);
        CHECK(session.status() == session_status::closed);
        const bool again = co_await session.close_after_turn();
        CHECK(again); // it was the turn's end that closed it
    });
}

TEST_CASE("what waits is sent and answered first; sound is not waited for")
{
    world w;
    w.scripts = {slow_answer(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Say goodbye."); // before it is connected
        co_await session.send_audio(std::vector<std::byte>(640));
        const bool was_over = co_await session.close_after_turn();
        CHECK(was_over);
        const auto turn = co_await session.turn();
        CHECK(turn.text == "Goodbye.");
    });
}

TEST_CASE("an open function call is answered, and the answer to it is waited for")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(a_call);
        peer->send(turn_complete);
        co_await peer->receive();
        std::vector<std::string> answer{text_message("Goodbye."), turn_complete};
        co_await say_later(w, peer, std::move(answer));
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Switch it off, then say goodbye.");
        auto calling = co_await session.turn();
        REQUIRE(calling.tool_calls.size() == 1);
        bool closed = false;
        const auto end = [](session_ref to, bool& closed) -> asio::awaitable<void> {
            closed = co_await to.close_after_turn();
        };
        asio::co_spawn(w.io, end(session, closed), rethrow);
        co_await w.clock->sleep_until(w.clock->now() + 3s);
        CHECK(session.status() == session_status::connected);
        function_response response(calling.tool_calls[0], json(R"({"output":1})"));
        co_await session.send_tool_response(std::move(response));
        const auto answer = co_await session.turn();
        CHECK(answer.text == "Goodbye.");
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        CHECK(closed);
    });
}

TEST_CASE("a turn that is not over by the deadline is cut")
{
    world w;
    const auto deadline = GENERATE(2500ms, 1ms);
    w.scripts = {slow_answer(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Say goodbye.");
        const auto begun = w.clock->now();
        const bool was_over = co_await session.close_after_turn(deadline);
        CHECK_FALSE(was_over);
        CHECK(w.clock->now() - begun == deadline);
        CHECK(session.status() == session_status::closed);
    });
}

TEST_CASE("a canceled close_after_turn leaves the session open")
{
    world w;
    w.scripts = {slow_answer(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Say goodbye.");
        asio::cancellation_signal cancel;
        bool canceled = false;
        asio::co_spawn(w.io, session.close_after_turn(),
            asio::bind_cancellation_slot(
                cancel.slot(), [&](std::exception_ptr thrown, bool) { canceled = !!thrown; }));
        co_await settle();
        cancel.emit(asio::cancellation_type::terminal);
        const auto turn = co_await session.turn();
        CHECK(canceled);
        CHECK(turn.is_whole());
        co_await session.send("And more?");
        CHECK(session.status() == session_status::connected);
        co_await session.close();
    });
}

TEST_CASE("a lost connection ends the turn, and what is asked again is waited for")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     co_await peer->receive();
                     co_await settle();
                     peer->drop();
                 },
        slow_answer(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Say goodbye.");
        const bool was_over = co_await session.close_after_turn(60s);
        CHECK(was_over);
        const auto turn = co_await session.turn();
        CHECK(turn.text == "Goodbye.");
    });
}

} // namespace close_after_turn_test
