// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/co_spawn.hpp>

#include <string>
#include <type_traits>
#include <vector>

namespace turn_options_test {

// Turns with a deadline, with a bound of their own, and turns that function calls do not end.
using namespace test;

// test/layering.py permits co_await session.turn({…}).
static_assert(std::is_trivially_copyable_v<turn_options>);

namespace {

std::string spoken(std::string_view words)
{
    return R"({"serverContent":{"outputTranscription":{"text":")" + std::string(words) + R"("}}})";
}
const std::string sound =
    R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQI="}}]}}})";
const std::string interrupted = R"({"serverContent":{"interrupted":true}})";

std::string call(std::string_view id)
{
    return R"({"toolCall":{"functionCalls":[{"id":")" + std::string(id) +
           R"(","name":"get","args":{}}]}})";
}

/// For each message of the client, the server messages that answer it, 2 s apart.
script answering(world& w, std::vector<std::vector<std::string>> rounds)
{
    return [&w, rounds = std::move(rounds)](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (const auto& round : rounds) {
            if (!co_await peer->receive()) co_return;
            for (const auto& each : round) {
                peer->send(each);
                co_await w.clock->sleep_until(w.clock->now() + 2s);
            }
        }
        while (co_await peer->receive()) {
        }
    };
}

asio::awaitable<void> respond(session_ref session, std::string id)
{
    function_response response;
    response.id = std::move(id);
    response.name = "get";
    response.response = json(R"({"output":1})");
    co_await session.send_tool_response(std::move(response));
}

setup of(const char* model)
{
    setup made{.model = model};
    return made;
}

turn_options through_calls()
{
    turn_options options;
    options.ends_at_function_calls = false;
    return options;
}

} // namespace

TEST_CASE("a turn that has not ended by its deadline is returned as far as it came, and continues")
{
    world w;
    w.scripts = {answering(w,
        {{text_message("Once "), text_message("upon "), text_message("a time."), turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("A story.");
        const auto begun = w.clock->now();
        const auto first = co_await session.turn({.deadline = 3s});
        CHECK(w.clock->now() - begun == 3s);
        CHECK(first.end == turn_end::timed_out);
        CHECK(first.text == "Once upon ");
        CHECK_FALSE(first.is_whole());
        CHECK_FALSE(first.ask_again());
        const auto second = co_await session.turn({.deadline = 10s});
        CHECK(second.end == turn_end::complete);
        CHECK(second.text == "a time.");
        co_await session.close();
    });
}

TEST_CASE("a deadline ends the wait for a server that says nothing, and for a connection")
{
    world w;
    const bool connects = GENERATE(true, false);
    if (!connects) {
        w.options.reconnect.first_connect_attempts = std::nullopt;
        w.decide = [](const transport::connect_request&) {
            throw error(errc::connect_failed, "Down.", {phase::connect});
        };
    }
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        const auto begun = w.clock->now();
        const auto turn = co_await session.turn({.deadline = 30s});
        CHECK(w.clock->now() - begun == 30s);
        CHECK(turn.end == turn_end::timed_out);
        co_await session.close();
        const auto last = co_await session.turn({.deadline = 30s});
        CHECK(last.end == turn_end::closed);
    });
}

TEST_CASE("a turn is bounded by its own limit")
{
    world w;
    w.scripts = {answering(w, {{text_message("12345"), text_message("67890"), turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Count.");
        const auto first = co_await session.turn({.limit = 4});
        CHECK(first.end == turn_end::unfinished);
        CHECK(first.text == "12345");
        const auto rest = co_await session.turn();
        CHECK(rest.end == turn_end::complete);
        CHECK(rest.text == "67890");
        co_await session.close();
    });
}

TEST_CASE("options of a turn that can never work are refused when it is awaited")
{
    world w;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        auto late = session.turn({.deadline = -1ms});
        const auto refused = co_await failure_of(std::move(late));
        REQUIRE(refused);
        CHECK(refused->value() == errc::invalid_argument);
        CHECK(std::string(refused->what()).find("turn_options::deadline") != std::string::npos);
        auto small = session.turn({.limit = 0});
        const auto other = co_await failure_of(std::move(small));
        REQUIRE(other);
        CHECK(other->value() == errc::invalid_argument);
    });
}

TEST_CASE("a turn goes on through function calls that something else answers, in every order")
{
    world w;
    const auto model = GENERATE(
        "gemini-3.8-live", "gemini-live-2.5-flash-native-audio", "gemini-3.1-flash-live-preview");
    std::vector<std::string> before;
    SECTION("closed after the responses") { before = {call("f1")}; }
    SECTION("closed at once") { before = {call("f1"), turn_complete}; }
    SECTION("in the message of the call")
    {
        before = {R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get"}]},)"
                  R"("serverContent":{"turnComplete":true}})"};
    }
    w.scripts = {answering(w, {before, {spoken("It is clear."), sound, turn_complete}})};
    w.play_session(of(model), [&](session& session) -> asio::awaitable<void> {
        co_await session.send("How is the weather?");
        asio::co_spawn(
            w.io,
            [](world& w, session_ref to) -> asio::awaitable<void> {
                co_await w.clock->sleep_until(w.clock->now() + 10s);
                co_await respond(to, "f1");
            }(w, session),
            rethrow);
        const auto turn = co_await session.turn(through_calls());
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.output_transcription == "It is clear.");
        CHECK(turn.late.output_transcription.empty());
        REQUIRE(turn.tool_calls.size() == 1);
        CHECK(turn.tool_calls[0].id == "f1");
        co_await session.close();
    });
}

TEST_CASE("words before a call, between calls and after them are one turn, in their order")
{
    world w;
    const auto model =
        GENERATE("gemini-live-2.5-flash-native-audio", "gemini-3.1-flash-live-preview");
    const bool closes = GENERATE(true, false);
    std::vector<std::string> first{spoken("Let me look. "), sound, call("f1")};
    std::vector<std::string> second{spoken("And there. "), sound, call("f2")};
    if (closes) {
        first.emplace_back(turn_complete);
        second.emplace_back(turn_complete);
    }
    w.scripts = {answering(w, {first, second, {spoken("Nothing."), sound, turn_complete},
                                  {text_message("Yes."), turn_complete}})};
    w.play_session(of(model), [&](session& session) -> asio::awaitable<void> {
        co_await session.send("Where is it?");
        asio::co_spawn(
            w.io,
            [](world& w, session_ref to) -> asio::awaitable<void> {
                for (const auto* id : {"f1", "f2"}) {
                    co_await w.clock->sleep_until(w.clock->now() + 20s);
                    co_await respond(to, id);
                }
            }(w, session),
            rethrow);
        const auto turn = co_await session.turn(through_calls());
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.output_transcription == "Let me look. And there. Nothing.");
        CHECK(turn.audio.size() == 6);
        CHECK(turn.tool_calls.size() == 2);
        co_await session.send("Sure?");
        const auto next = co_await session.turn(through_calls());
        CHECK(next.text == "Yes.");
        CHECK(next.tool_calls.empty());
        co_await session.close();
    });
}

TEST_CASE("an answer without words does not make the words before its call an empty turn")
{
    world w;
    w.scripts = {answering(w, {{spoken("Let me look. "), sound, call("f1")}, {turn_complete}})};
    const auto model = "gemini-3.1-flash-live-preview";
    w.play_session(of(model), [&](session& session) -> asio::awaitable<void> {
        co_await session.send("Where is it?");
        asio::co_spawn(
            w.io,
            [](world& w, session_ref to) -> asio::awaitable<void> {
                co_await w.clock->sleep_until(w.clock->now() + 20s);
                co_await respond(to, "f1");
            }(w, session),
            rethrow);
        const auto turn = co_await session.turn(through_calls());
        CHECK(turn.end == turn_end::complete);
        CHECK(turn.output_transcription == "Let me look. ");
        co_await session.close();
    });
}

TEST_CASE("a call that nothing is said to is an empty turn, with its calls")
{
    world w;
    w.scripts = {answering(w, {{call("f1")}, {turn_complete}})};
    const auto given = of("gemini-3.1-flash-live-preview");
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.send("Where is it?");
        asio::co_spawn(
            w.io,
            [](world& w, session_ref to) -> asio::awaitable<void> {
                co_await w.clock->sleep_until(w.clock->now() + 20s);
                co_await respond(to, "f1");
            }(w, session),
            rethrow);
        const auto turn = co_await session.turn(through_calls());
        CHECK(turn.end == turn_end::empty);
        CHECK(turn.tool_calls.size() == 1);
        co_await session.close();
    });
}

TEST_CASE(
    "if the model does not wait for a call, its words end the turn, and its answer is the next")
{
    world w;
    w.scripts = {answering(w, {{call("f1"), spoken("I am looking. "), sound, turn_complete},
                                  {spoken("Here it is."), sound, turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Where is it?");
        const auto first = co_await session.turn(through_calls());
        CHECK(first.end == turn_end::complete);
        CHECK(first.output_transcription == "I am looking. ");
        CHECK(first.tool_calls.size() == 1);
        co_await respond(session, "f1");
        const auto second = co_await session.turn(through_calls());
        CHECK(second.end == turn_end::complete);
        CHECK(second.output_transcription == "Here it is.");
        CHECK(second.tool_calls.empty());
        co_await session.close();
    });
}

TEST_CASE("an interruption during a call ends the turn")
{
    world w;
    w.scripts = {answering(w, {{spoken("Let me look. "), sound, call("f1"), interrupted,
                                  turn_complete, sound, turn_complete}})};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Where is it?");
        const auto first = co_await session.turn(through_calls());
        CHECK(first.end == turn_end::interrupted);
        CHECK(first.output_transcription == "Let me look. ");
        const auto second = co_await session.turn(through_calls());
        CHECK(second.end == turn_end::complete);
        CHECK(second.audio.size() == 2);
        co_await session.close();
    });
}

TEST_CASE("a model that calls without end fills a turn, and no more")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (int i = 0; i < 1'000; ++i) peer->send(call("f" + std::to_string(i)));
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        turn_options options{.limit = 10'000, .ends_at_function_calls = false};
        const auto turn = co_await session.turn(options);
        CHECK(turn.end == turn_end::unfinished);
        CHECK(turn.tool_calls.size() < 200);
        const auto rest = co_await session.turn(options);
        CHECK(rest.end == turn_end::unfinished);
        co_await session.close();
    });
}

} // namespace turn_options_test
