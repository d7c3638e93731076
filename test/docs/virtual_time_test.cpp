// SPDX-License-Identifier: Apache-2.0
// The examples of docs/virtual_time.md: an agent, and tests of it in virtual time.
#include "support/catch.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/virtual_time.hpp>

#include <asio/io_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace virtual_time_examples {

namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

// doc:begin virtual_agent
const live::setup receptionist{.model = "gemini-3.8-live",
    .functions = {{"get_weather", "Tells the weather in a city."}},
    .output_audio_transcription = live::on};

/// Looks up the weather somewhere; may take a while.
using weather_service = std::function<asio::awaitable<std::string>()>;

/// Asks a question, and answers the function calls of the model. A call that takes more than five
/// seconds has failed.
asio::awaitable<live::turn_result> ask(
    live::session& session, std::string question, weather_service service)
{
    co_await session.send(std::move(question));
    auto turn = co_await session.turn();
    while (turn.end == live::turn_end::tool_call) {
        for (const auto& call : turn.tool_calls) {
            auto result = live::json::object();
            try {
                result.add("output", co_await live::within(5s, service()));
            } catch (const live::error&) {
                result.add("error", "the weather service does not answer");
            }
            co_await session.send_tool_response(live::function_response(call, std::move(result)));
        }
        turn = co_await session.turn();
    }
    co_return turn;
}
// doc:end

// doc:begin virtual_fixture
/// An emulator, and clients of it, in virtual time.
struct world {
    asio::io_context io;
    live::testing::virtual_time time{io};
    live::testing::emulator_options serving{};
    live::client_options calling{.credentials = live::api_key("any")};
    std::optional<live::testing::emulator> emulator{};

    live::client start()
    {
        emulator.emplace(io, serving);
        calling.base_url = emulator->url();
        return {io.get_executor(), calling};
    }

    template <class T>
    T run(asio::awaitable<T> test, std::chrono::milliseconds limit = 1min)
    {
        return live::testing::run(io, std::move(test), limit);
    }
};
// doc:end

asio::awaitable<std::string> sunny() { co_return "sunny"; }

asio::awaitable<void> one_question(live::client client)
{
    live::session session{client, receptionist};
    co_await session.connect();
    const auto turn = co_await ask(session, "What is the weather in Oslo?", sunny);
    CHECK(turn.is_whole());
    co_await session.close();
}

} // namespace

TEST_CASE("a question in virtual time")
{
    // doc:begin virtual_first
    asio::io_context io;
    live::testing::virtual_time time(io);
    live::testing::emulator emulator(io);
    live::client client(io, {.credentials = live::api_key("any"), .base_url = emulator.url()});
    live::testing::run(io, one_question(client), 1min);
    CHECK(time.elapsed() > 1s); // the model spoke for a while
    // doc:end
}

// doc:begin virtual_barge_in
TEST_CASE("the caller may interrupt a long answer")
{
    world w;
    const auto client = w.start();
    const auto test = [&]() -> asio::awaitable<void> {
        live::session session{client, receptionist};
        co_await session.connect();
        co_await session.send("/story");
        co_await live::sleep_for(2s); // the model has been speaking since
        co_await session.send("Stop. What is the weather in Oslo?");
        const auto cut = co_await session.turn();
        CHECK(cut.end == live::turn_end::interrupted);
        const auto call = co_await session.turn();
        CHECK(call.end == live::turn_end::tool_call);
        CHECK(w.time.elapsed() < 5s);
        co_await session.close();
    };
    w.run(test());
}
// doc:end

// doc:begin virtual_go_away
TEST_CASE("a call outlives its connection, which the server ends after ten minutes")
{
    world w;
    w.serving.lifetime = 10min; // goAway comes 50 s before
    const auto client = w.start();
    const auto test = [&]() -> asio::awaitable<void> {
        live::session session{client, receptionist};
        co_await session.connect();
        for (int minute = 0; minute < 12; ++minute) {
            const auto turn = co_await ask(session, "What is the weather in Oslo?", sunny);
            CHECK(turn.is_whole());
            co_await live::sleep_for(1min);
        }
        CHECK(session.counters().handovers == 1);
        CHECK(session.counters().losses == 0);
        co_await session.close();
    };
    w.run(test(), 15min);
}
// doc:end

// doc:begin virtual_frozen
TEST_CASE("a server that freezes in the middle of an answer is left, and the conversation goes on")
{
    world w;
    const auto client = w.start();
    const auto test = [&]() -> asio::awaitable<void> {
        live::session session{client, receptionist};
        co_await session.connect();
        co_await session.send("Hello");
        co_await session.turn();
        co_await session.send("/story");
        co_await live::sleep_for(2s);
        w.time.freeze(); // not even pings are answered
        const auto cut = co_await session.turn();
        CHECK(cut.end == live::turn_end::cut);
        CHECK(w.time.elapsed() > 80s); // deadlines::ping_after and deadlines::silence
        w.time.thaw();
        const auto turn = co_await ask(session, "Are you there?", sunny);
        CHECK(turn.is_whole());
        co_await session.close();
    };
    w.run(test(), 5min);
}
// doc:end

// doc:begin virtual_silent
TEST_CASE("a server that stays connected and says nothing more is noticed")
{
    world w;
    w.calling.watchdogs.in_turn = 20s;
    w.serving.script = R"(
{"await": "setup"}
{"send": {"setupComplete": {}}}
{"await": "realtimeInput"}
{"send": {"serverContent": {"outputTranscription": {"text": "Let me see"}}}}
{"stall": true}
)";
    const auto client = w.start();
    const auto test = [&]() -> asio::awaitable<void> {
        live::session session{client, receptionist};
        co_await session.connect();
        const auto turn = co_await ask(session, "What is the weather in Oslo?", sunny);
        CHECK(turn.end == live::turn_end::stalled);
        CHECK(turn.output_transcription == "Let me see");
        CHECK(w.time.elapsed() == 20s);
        co_await session.close();
    };
    w.run(test());
}
// doc:end

// doc:begin virtual_hanging_tool
asio::awaitable<std::string> never()
{
    co_await live::sleep_for(24h);
    co_return "too late";
}

TEST_CASE("a tool that hangs costs five seconds, and the caller is told")
{
    world w;
    const auto client = w.start();
    const auto test = [&]() -> asio::awaitable<void> {
        live::session session{client, receptionist};
        co_await session.connect();
        const auto turn = co_await ask(session, "What is the weather in Oslo?", never);
        CHECK(turn.is_whole());
        CHECK(turn.output_transcription.find("does not answer") != std::string::npos);
        CHECK(w.time.elapsed() > 5s);
        CHECK(w.time.elapsed() < 15s);
        co_await session.close();
    };
    w.run(test());
}
// doc:end

// doc:begin virtual_quota
TEST_CASE("an exhausted quota is waited out for as long as the server says")
{
    world w;
    int upgrades = 0;
    w.serving.on_upgrade = [&](const live::testing::emulator_request&) {
        live::testing::emulator_verdict verdict;
        if (++upgrades == 1) verdict = {.status = 429, .headers = {{"retry-after", "5"}}};
        return verdict;
    };
    const auto client = w.start();
    const auto test = [&]() -> asio::awaitable<void> {
        live::session session{client, receptionist};
        co_await session.connect();
        CHECK(w.time.elapsed() >= 5s);
        const auto turn = co_await ask(session, "What is the weather in Oslo?", sunny);
        CHECK(turn.output_transcription.find("sunny") != std::string::npos);
        co_await session.close();
    };
    w.run(test());
    CHECK(upgrades == 2);
}
// doc:end

} // namespace virtual_time_examples
