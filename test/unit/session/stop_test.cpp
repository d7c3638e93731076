// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <algorithm>
#include <string>

namespace stop_test {

// Stopping the model without saying anything.
using namespace test;

namespace {

constexpr const char* interrupted = R"({"serverContent":{"interrupted":true}})";
constexpr const char* a_call =
    R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get","args":{}}]}})";

setup by_hand(const char* model)
{
    setup made{.model = model};
    made.realtime_input_config.emplace().automatic_activity_detection.emplace().disabled = true;
    return made;
}

} // namespace

TEST_CASE(
    "stop_speaking interrupts with an incomplete client content, and an open call is answered")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        w.heard.push_back(*co_await peer->receive()); // the question
        peer->send(a_call);
        peer->send(text_message("While I look, "));
        w.heard.push_back(*co_await peer->receive()); // stop
        peer->send(interrupted);
        peer->send(turn_complete);
        w.heard.push_back(*co_await peer->receive()); // the response
        peer->send(text_message("Here it is."));
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    auto& options = w.options;
    std::string model = "gemini-3.8-live";
    SECTION("on the Gemini API") {}
    SECTION("on Vertex AI")
    {
        options.backend = backend::vertex_ai;
        options.project = "p";
        options.credentials = access_token("token");
        model = "gemini-live-2.5-flash-native-audio";
    }
    const setup talkative{.model = model};
    w.play_session(talkative, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("What is in the drawer?");
        const auto calling = co_await session.turn();
        REQUIRE(calling.end == turn_end::tool_call);
        co_await session.stop_speaking();
        const auto stopped = co_await session.turn();
        CHECK(stopped.end == turn_end::interrupted);
        co_await session.send_tool_response(
            function_response(calling.tool_calls[0], json(R"({"output":1})")));
        const auto answer = co_await session.turn();
        CHECK(answer.end == turn_end::complete);
        CHECK(answer.text == "Here it is.");
        co_await session.close();
    });
    REQUIRE(w.heard.size() == 4);
    CHECK(w.heard[2] == R"({"clientContent":{"turnComplete":false}})");
    CHECK(w.heard[3].find(R"({"toolResponse")") == 0);
}

TEST_CASE("a model that accepts client content only as history is stopped by other means")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(text_message("Once upon a time"));
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    std::vector<std::string> wanted{R"({"realtimeInput":{"text":"."}})"};
    setup given{.model = "gemini-3.1-flash-live-preview"};
    SECTION("where the service detects activity: a text that it ignores") {}
    SECTION("where activity marks are manual: an activity without sound")
    {
        given = by_hand("gemini-3.1-flash-live-preview");
        wanted = {
            R"({"realtimeInput":{"activityStart":{}}})", R"({"realtimeInput":{"activityEnd":{}}})"};
    }
    SECTION("where activity does not interrupt: also by the text")
    {
        given = by_hand("gemini-3.1-flash-live-preview");
        given.realtime_input_config->activity_handling = activity_handling::no_interruption;
    }
    w.options.quirks = [](std::string_view model) {
        auto quirks = quirks_of(model);
        quirks.content_is_history = true;
        return quirks;
    };
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.stop_speaking();
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    REQUIRE(w.heard.size() == 1 + wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(w.heard[i + 1] == wanted[i]);
}

TEST_CASE("a stop that waits for room is accepted whole or not at all")
{
    world w;
    w.options.limits.outbox = 2'000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(text_message("Once upon a time"));
        co_await settle();
        peer->stall(true);
        co_await w.clock->sleep_until(w.clock->now() + 5s);
        peer->stall(false);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    w.options.quirks = [](std::string_view model) {
        auto quirks = quirks_of(model);
        quirks.content_is_history = true;
        return quirks;
    };
    const bool is_canceled = GENERATE(true, false);
    const std::size_t size = GENERATE(range(0, 2000, 50)); // what there is room for besides
    const auto given = by_hand("gemini-3.1-flash-live-preview");
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await session.send("taken at once"); // is being written
        co_await settle();
        const std::string filler(size, 'x');
        co_await session.send(filler);
        asio::cancellation_signal cancel;
        asio::co_spawn(w.io, session.stop_speaking(),
            asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
        co_await settle();
        if (is_canceled) cancel.emit(asio::cancellation_type::terminal);
        co_await w.clock->sleep_until(w.clock->now() + 10s);
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    const auto count = [&](const char* what) {
        return std::count_if(w.heard.begin(), w.heard.end(),
            [what](const std::string& each) { return each.find(what) != std::string::npos; });
    };
    CHECK(count("activityStart") == count("activityEnd"));
    if (!is_canceled) CHECK(count("activityEnd") == 1);
}

TEST_CASE("such a model is left alone when it says nothing")
{
    world w;
    w.options.quirks = [](std::string_view) {
        model_quirks quirks;
        quirks.content_is_history = true;
        return quirks;
    };
    const setup given{.model = "gemini-3.1-flash-live-preview"};
    w.play_session(given, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.stop_speaking();
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    CHECK(w.heard.size() == 1);
}

TEST_CASE("a stop does not outlive its connection: a question that is asked again is answered")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     for (int i = 0; i < 2; ++i) co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            w.heard.clear();
            return listen(w, std::move(peer));
        }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        co_await session.stop_speaking();
        told all;
        co_await listen_until(session, all, [&] {
            return all.last(session_status::reconnecting) &&
                   session.status() == session_status::connected;
        });
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard[1] == R"({"realtimeInput":{"text":"one"}})");
}

} // namespace stop_test
