// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"
#include "support/prometheus_page.hpp"

#include <gemini/live/metrics.hpp>
#include <gemini/live/music_session.hpp>
#include <gemini/live/turn_record.hpp>

#include <memory>
#include <string>
#include <vector>

namespace telemetry_test {

// Turn records, metrics and spans of whole sessions.
using namespace test;

namespace {

const std::string some_audio =
    R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQI="}}]}}})";
const std::string interruption = R"({"serverContent":{"interrupted":true,"turnComplete":true}})";

asio::awaitable<void> pass(world& w, std::chrono::milliseconds time)
{
    co_await w.clock->sleep_until(w.clock->now() + time);
}

/// What a session reports, in order: "status", "message", or "turn" with number and end.
struct reports {
    std::vector<std::string> all{};
    std::vector<turn_record> turns{};

    void add(const session_event& event)
    {
        if (const auto* change = std::get_if<status_change>(&event))
            all.emplace_back(to_string(change->to));
        if (const auto* record = std::get_if<turn_record>(&event)) {
            all.push_back("turn " + std::to_string(record->number) + ' ' + to_string(record->end));
            turns.push_back(*record);
        }
    }
};

/// Reads until the stream ends, or `records` have come.
asio::awaitable<void> read(session& session, reports& to, std::size_t records = 99)
{
    auto events = session.events();
    try {
        while (to.turns.size() < records) {
            auto event = co_await events.next();
            if (!event) co_return;
            to.add(*event);
        }
    } catch (const error&) {
        to.all.emplace_back("throws");
    }
}

/// Answers the first question of a connection after 200 ms, and says no more.
script answers(world& w, bool ends)
{
    return [&w, ends](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(new_handle);
        co_await peer->receive();
        co_await pass(w, 200ms);
        peer->send(some_audio);
        if (ends) peer->send(turn_complete);
        while (co_await peer->receive()) {
        }
    };
}

} // namespace

TEST_CASE("a turn's record follows the message that ends it")
{
    world w;
    w.options.telemetry.turn_records = true;
    w.scripts = {answers(w, true)};
    reports all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        co_await read(session, all, 1);
        co_await session.close();
        co_await read(session, all);
    });
    CHECK(all.all ==
          std::vector<std::string>{"connecting", "connected", "turn 1 complete", "closed"});
    REQUIRE(all.turns.size() == 1);
    CHECK(all.turns[0].origin == turn_origin::text);
    CHECK(all.turns[0].first_byte == 200ms);
    CHECK(all.turns[0].first_audio == 200ms);
    CHECK(all.turns[0].lasted == 200ms);
}

TEST_CASE("without the option there are no records")
{
    world w;
    w.options.telemetry.metrics = std::make_shared<metrics>();
    w.scripts = {answers(w, true)};
    reports all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        static_cast<void>(co_await session.turn());
        session.playback_started();
        co_await session.close();
        co_await read(session, all);
    });
    CHECK(all.turns.empty());
    CHECK(test::prometheus_page(w.options.telemetry.metrics->prometheus_text())
              .value("gemini_live_turns_total", {{"ending", "complete"}}) == 1);
}

TEST_CASE("a session that ends in mid-turn reports the turn before its own end")
{
    enum class by { close, loss, destructor };
    const auto how = GENERATE(by::close, by::loss, by::destructor);
    world w;
    w.options.telemetry.turn_records = true;
    w.options.telemetry.metrics = std::make_shared<metrics>();
    w.decide = [&w](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::unauthorized, "No.");
    };
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(some_audio);
        co_await pass(w, 1s);
        if (how == by::loss) peer->drop();
        while (co_await peer->receive()) {
        }
    }};
    reports all;
    {
        auto session = w.play_session([&](auto& session) -> asio::awaitable<void> {
            co_await session.send("Hello?");
            co_await session.connect();
            co_await pass(w, 500ms);
            if (how == by::close) co_await session.close();
            if (how != by::destructor) co_await read(session, all);
        });
    }
    w.play(settle());
    const std::string end = how == by::loss ? "cut" : "closed";
    const test::prometheus_page page(w.options.telemetry.metrics->prometheus_text());
    CHECK(page.value("gemini_live_turns_total", {{"ending", end}}) == 1);
    CHECK(page.value("gemini_live_sessions_open") == 0);
    CHECK(page.value("gemini_live_messages_sent_total") == 1);
    if (how == by::close)
        CHECK(all.all ==
              std::vector<std::string>{"connecting", "connected", "turn 1 closed", "closed"});
    if (how == by::loss)
        CHECK(all.all == std::vector<std::string>{"connecting", "connected", "turn 1 cut",
                             "reconnecting", "failed", "throws"});
}

TEST_CASE("turns are numbered across connections")
{
    world w;
    w.options.telemetry.turn_records = true;
    w.options.telemetry.metrics = std::make_shared<metrics>();
    w.options.reconnect.replay = replay::none;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     co_await peer->receive();
                     peer->send(some_audio);
                     co_await settle();
                     peer->drop();
                 },
        answers(w, true)};
    reports all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        co_await read(session, all, 1);
        co_await until_connected(w, session, 2);
        co_await session.send("Are you there?");
        co_await read(session, all, 2);
        co_await session.close();
    });
    REQUIRE(all.turns.size() == 2);
    CHECK(all.turns[0].end == turn_end::cut);
    CHECK(all.turns[0].losses == 1);
    CHECK(all.turns[1].number == 2);
    CHECK(all.turns[1].end == turn_end::complete);
    CHECK(all.turns[1].losses == 0);
    const test::prometheus_page page(w.options.telemetry.metrics->prometheus_text());
    CHECK(page.value("gemini_live_connection_losses_total") == 1);
    CHECK(page.value("gemini_live_connections_total") == 2);
    CHECK(page.value("gemini_live_outage_seconds_count") == 1);
}

TEST_CASE("loud audio is what speech ends with, and a playout tells what was heard")
{
    world w;
    w.options.telemetry.turn_records = true;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (int i = 0; i < 3; ++i) co_await peer->receive();
        peer->send(some_audio);
        co_await pass(w, 300ms);
        peer->send(interruption);
        while (co_await peer->receive()) {
        }
    }};
    reports all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const std::vector<std::int16_t> loud(320, 3000);
        const std::vector<std::int16_t> quiet(320, 30);
        co_await session.connect();
        co_await session.send_audio(loud);
        co_await pass(w, 100ms);
        auto also_loud = realtime_input::audio(std::as_bytes(std::span(loud)));
        co_await session.send_realtime_input(std::move(also_loud));
        co_await pass(w, 400ms);
        co_await session.send_audio(quiet);
        co_await pass(w, 50ms);
        session.playback_started();
        co_await pass(w, 300ms);
        session.playback_stopped();
        co_await read(session, all, 1);
        co_await session.close();
    });
    REQUIRE(all.turns.size() == 1);
    const auto& record = all.turns[0];
    CHECK(record.speech_end == speech_end_sign::last_loud_audio);
    CHECK(record.first_audio == 400ms);
    CHECK(record.first_heard == 450ms);
    CHECK(record.interrupted == 700ms);
    CHECK(record.silence == 50ms);
    CHECK(record.end == turn_end::interrupted);
}

TEST_CASE("a call is timed from the wire")
{
    world w;
    w.options.telemetry.turn_records = true;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(weather_call);
        co_await peer->receive();
        peer->send(some_audio);
        peer->send(turn_complete);
        while (co_await peer->receive()) {
        }
    }};
    reports all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Is it raining?");
        const auto turn = co_await session.turn();
        co_await pass(w, 700ms);
        function_response response(turn.tool_calls.at(0), json(R"({"output":1})"));
        co_await session.send_tool_response(std::move(response));
        co_await read(session, all, 2);
        co_await session.close();
    });
    REQUIRE(all.turns.size() == 2);
    CHECK(all.turns[0].end == turn_end::tool_call);
    REQUIRE(all.turns[0].calls.size() == 1);
    CHECK(all.turns[0].calls[0].name == "weather");
    CHECK(all.turns[0].calls[0].id == "c1");
    CHECK(all.turns[0].calls[0].duration == 700ms);
    CHECK(all.turns[1].origin == turn_origin::tool_response);
}

TEST_CASE("spans are sent for each turn, and for the session at its end")
{
    world w;
    std::vector<std::string> spans;
    w.options.telemetry.on_spans = [&](std::string json) { spans.push_back(std::move(json)); };
    w.scripts = {answers(w, true)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        static_cast<void>(co_await session.turn());
        co_await session.close();
    });
    REQUIRE(spans.size() == 2);
    CHECK(spans[0].find("generate_content gemini-3.8-live") != std::string::npos);
    CHECK(spans[0].find("Hello") == std::string::npos);
    CHECK(spans[1].find("gemini_live session") != std::string::npos);
}

TEST_CASE("a turn is logged in one line without its words")
{
    world w;
    std::vector<std::string> lines;
    w.options.telemetry.turn_records = true;
    w.options.logger.sink = log_lines([&](log_level level, std::string_view line) {
        if (line.starts_with("turn ended"))
            lines.push_back(to_string(level) + (' ' + std::string(line)));
    });
    w.options.logger.level = log_level::info;
    w.scripts = {answers(w, true)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.send("Hello?");
        static_cast<void>(co_await session.turn());
        co_await session.close();
    });
    CHECK(lines == std::vector<std::string>{
                       "info turn ended: number=1 origin=text end=complete first_byte=200ms "
                       "first_audio=200ms lasted=200ms"});
}

TEST_CASE("music has no turns")
{
    world w;
    std::vector<std::string> spans;
    w.options.telemetry.turn_records = true;
    w.options.telemetry.metrics = std::make_shared<metrics>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"serverContent":{"audioChunks":[{"data":"AQI="}]}})");
        while (co_await peer->receive()) {
        }
    }};
    music_session session(w.make_client());
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    const test::prometheus_page page(w.options.telemetry.metrics->prometheus_text());
    CHECK(page.value("gemini_live_connections_total") == 1);
    CHECK(page.value("gemini_live_turn_duration_seconds_count") == 0);
}

} // namespace telemetry_test
