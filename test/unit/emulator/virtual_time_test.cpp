// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/virtual_time.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace virtual_time_test {

// Whole conversations with the emulator, in virtual time, as a user's test holds them.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// An emulator, a client of it, and what crossed the connections.
struct world {
    explicit world(std::uint64_t seed = 1) : time(io, {.seed = seed})
    {
        calling.credentials = live::api_key("any");
        calling.tap.sink = [this](std::string_view line) { tapped.append(line) += '\n'; };
        serving.on_event = [this](std::string_view event) { events.emplace_back(event); };
    }

    live::client start()
    {
        server.emplace(io, serving);
        calling.base_url = server->url();
        return {io.get_executor(), calling};
    }

    std::string tapped{};
    std::vector<std::string> events{};
    asio::io_context io{1};
    live::testing::virtual_time time;
    live::testing::emulator_options serving{};
    live::client_options calling{};
    std::optional<live::testing::emulator> server{};
};

const live::setup spoken{.model = "gemini-3.8-live",
    .functions = {{"get_weather", "Tells the weather in a city.",
        live::json(R"({"type":"object","properties":{"city":{"type":"string"}}})")}},
    .output_audio_transcription = live::on};

asio::awaitable<void> yield() { return asio::post(asio::use_awaitable); }

/// What `run` throws for this work.
std::string failure_of(
    asio::io_context& io, asio::awaitable<void> work, std::chrono::milliseconds limit = 1min)
{
    try {
        live::testing::run(io, std::move(work), limit);
    } catch (const live::error& late) {
        CHECK(late.value() == live::errc::timed_out);
        return late.what();
    }
    return "nothing was thrown";
}

/// Ten minutes with everything that takes time: speech, goAway, a lost connection, a refusal.
asio::awaitable<void> long_call(world& w, live::client client)
{
    live::session session{client, spoken};
    co_await session.connect();
    for (int i = 0; i < 20; ++i) {
        co_await session.send("Tell me more.");
        const auto turn = co_await session.turn();
        CHECK_FALSE(turn.output_transcription.empty());
        if (i == 10) w.server->drop_all();
        co_await live::sleep_for(27s);
    }
    CHECK(session.counters().handovers >= 1);
    CHECK(session.counters().losses == 1);
    co_await session.close();
}

std::string tap_of_long_call(std::uint64_t seed)
{
    world w(seed);
    w.serving.lifetime = 5min;
    int upgrades = 0;
    w.serving.on_upgrade = [&upgrades](const live::testing::emulator_request&) {
        live::testing::emulator_verdict verdict;
        ++upgrades;
        if (upgrades == 3 || upgrades == 4) verdict.status = 503;
        return verdict;
    };
    live::testing::run(w.io, long_call(w, w.start()), 1h);
    CHECK(w.time.elapsed() > 9min);
    return w.tapped;
}

} // namespace

TEST_CASE("the same test does the same every time, message for message and millisecond for "
          "millisecond")
{
    const auto first = tap_of_long_call(1);
    CHECK(first.size() > 50'000);
    CHECK(first.find("\"refused\":503") != std::string::npos);
    CHECK(tap_of_long_call(1) == first);
    CHECK(tap_of_long_call(2) != first); // other waits between attempts
}

TEST_CASE("the emulator speaks at its own pace, in virtual time")
{
    world w;
    const auto client = w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        live::session session{client, spoken};
        co_await session.connect();
        const auto begin = w.time.now();
        co_await session.send("/story");
        const auto turn = co_await session.turn();
        const auto taken = w.time.now() - begin;
        CHECK(turn.end == live::turn_end::complete);
        CHECK(taken > 1s);
        co_await session.close();
    };
    live::testing::run(w.io, work());
}

TEST_CASE("within, race and sleep_for of a program follow virtual time, and so do its handlers of "
          "the emulator")
{
    world w;
    w.serving.behavior = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        co_await peer.receive();
        co_await live::sleep_for(3h);
        std::string complete = R"({"setupComplete":{}})";
        co_await peer.send(std::move(complete));
        while (co_await peer.receive()) {
        }
    };
    w.calling.deadlines.setup = 0ms;
    const auto client = w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        live::session session{client, spoken};
        co_await session.connect();
        CHECK(w.time.elapsed() == 3h);
        const auto first = co_await live::race(live::sleep_for(2min), live::sleep_for(1min));
        CHECK(first.index() == 1);
        CHECK(w.time.elapsed() == 3h + 1min);
        co_await session.close();
    };
    live::testing::run(w.io, work(), 4h);
}

TEST_CASE("deadlines of a session end when they are due: a server that never completes the setup")
{
    world w;
    w.serving.behavior = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        while (co_await peer.receive()) {
        }
    };
    w.calling.reconnect.first_connect_attempts = 1;
    const auto client = w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        live::session session{client, spoken};
        try {
            co_await session.connect();
            FAIL("it has connected");
        } catch (const live::error& late) {
            CHECK(late.value() == live::errc::timed_out);
            CHECK(late.phase() == live::phase::setup);
        }
        CHECK(w.time.elapsed() >= 15s);
        CHECK(w.time.elapsed() < 16s);
    };
    live::testing::run(w.io, work());
}

TEST_CASE("a script plays in virtual time, and what it misses is its failure")
{
    world w;
    w.serving.script = R"({"await": "setup"}
{"send": {"setupComplete": {}}}
{"wait": 3600}
{"await": "toolResponse", "within": 60})";
    const auto client = w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        live::session session{client, spoken};
        co_await session.connect();
        co_await session.send("Hello");
        co_await w.server->finished();
        CHECK(w.time.elapsed() == 3660s);
        co_await session.close();
    };
    live::testing::run(w.io, work(), 2h);
    CHECK(w.server->failure().starts_with(
        "Client 1: Line 4 of the script awaits \"toolResponse\" within 60 s"));
}

TEST_CASE("a client that a script reads slowly is held up")
{
    world w;
    w.serving.script = R"({"await": "setup"}
{"send": {"setupComplete": {}}}
{"drain": 16000})";
    w.calling.limits.outbox = 100'000;
    const auto client = w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        live::session session{client, spoken};
        co_await session.connect();
        const live::bytes second(32'000);
        for (int i = 0; i < 60; ++i) co_await session.send_audio(second);
        CHECK(w.time.elapsed() > 60s);
        co_await session.close();
    };
    live::testing::run(w.io, work(), 1h);
}

TEST_CASE("tokens expire by the clock of the world")
{
    world w;
    w.calling.tap = {};
    const auto client = w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        live::ephemeral_token_request request;
        request.uses = 0;
        request.expire_time = w.time.wall_clock() + 30min;
        request.new_session_expire_time = w.time.wall_clock() + 10min;
        const auto token = co_await live::create_ephemeral_token(client, std::move(request));
        auto options = w.calling;
        options.credentials = token;
        options.reconnect.first_connect_attempts = 1;
        const live::client bearer(w.io.get_executor(), options);
        {
            live::session session{bearer, spoken};
            co_await session.connect();
            co_await session.close();
        }
        co_await live::sleep_for(10min);
        live::session late{bearer, spoken};
        try {
            co_await late.connect();
            FAIL("the token has not expired");
        } catch (const live::error& refused) {
            CHECK(refused.value() == live::errc::unauthorized);
        }
    };
    live::testing::run(w.io, work(), 1h);
}

TEST_CASE("a test that waits for something that never comes ends at once, and says what came last")
{
    world w;
    w.serving.script = R"({"await": "setup"}
{"send": {"setupComplete": {}}}
{"stall": true})";
    const auto client = w.start();
    bool has_ended = false;
    const auto work = [&]() -> asio::awaitable<void> {
        struct note {
            ~note() { ended = true; }
            bool& ended;
        };
        const note ending{has_ended};
        live::session session{client, spoken};
        co_await session.connect();
        co_await session.send("Is anybody there?");
        co_await session.turn();
    };
    const auto why = failure_of(w.io, work(), 24h);
    INFO(why);
    CHECK(why.starts_with("The work of run() waits for something that never comes: at "));
    CHECK(why.find("Is anybody there?") != std::string::npos);
    CHECK(why.find("setupComplete") != std::string::npos);
    CHECK(has_ended); // it was canceled
}

TEST_CASE("a test that takes longer than its limit ends there, and says when the next wait ends")
{
    asio::io_context io;
    const live::testing::virtual_time time(io);
    CHECK(
        failure_of(io, live::sleep_for(1h), 20min) ==
        "The work of run() has not ended within 1200000 ms of virtual time. The next of the waits "
        "ends at 3600.000 s.");
    CHECK(time.elapsed() <= 20min);
    live::testing::run(io, live::sleep_for(1h), 1h); // the context can still be used
}

TEST_CASE("a test that never lets time pass ends nevertheless")
{
    asio::io_context io;
    const live::testing::virtual_time time(io);
    const auto spin = []() -> asio::awaitable<void> {
        for (;;) co_await yield();
    };
    CHECK(failure_of(io, spin()).starts_with("The work of run() does not let time pass"));
}

TEST_CASE("run returns what the work returns, and throws what it throws")
{
    asio::io_context io;
    const auto virtual_one = GENERATE(false, true);
    std::optional<live::testing::virtual_time> time;
    if (virtual_one) time.emplace(io);
    const auto number = []() -> asio::awaitable<std::unique_ptr<int>> {
        co_await live::sleep_for(1ms);
        co_return std::make_unique<int>(7);
    };
    CHECK(*live::testing::run(io, number()) == 7);
    const auto fail = []() -> asio::awaitable<int> {
        co_await live::sleep_for(1ms);
        throw std::invalid_argument("of its own");
    };
    CHECK_THROWS_AS(live::testing::run(io, fail()), std::invalid_argument);
}

TEST_CASE("without virtual time, run ends at its limit in real time")
{
    asio::io_context io;
    CHECK(failure_of(io, live::sleep_for(1h), 20ms) ==
          "The work of run() has not ended within 20 ms.");
    live::testing::run(io, live::sleep_for(1ms)); // the context can still be used
}

TEST_CASE("other work continues in the next run")
{
    asio::io_context io;
    const live::testing::virtual_time time(io);
    int ticks = 0;
    const auto tick = [&]() -> asio::awaitable<void> {
        for (; ticks < 10; ++ticks) co_await live::sleep_for(1s);
    };
    asio::co_spawn(io, tick(), asio::detached);
    live::testing::run(io, live::sleep_for(4500ms));
    CHECK(ticks == 4);
    live::testing::run(io, live::sleep_for(1min));
    CHECK(ticks == 10);
}

TEST_CASE("a context has one virtual time")
{
    asio::io_context io;
    const live::testing::virtual_time time(io);
    try {
        const live::testing::virtual_time another(io);
        FAIL("it has two");
    } catch (const live::error& refused) {
        CHECK(refused.value() == live::errc::misuse);
    }
}

TEST_CASE("the time of day begins where the test says, and passes with the rest")
{
    asio::io_context io;
    using namespace std::chrono;
    const live::testing::virtual_time time(io, {.wall_clock = sys_days(2027y / May / 1)});
    live::testing::run(io, live::sleep_for(24h), 24h);
    CHECK(time.wall_clock() == sys_days(2027y / May / 2));
    CHECK(time.elapsed() == 24h);
}

TEST_CASE("sessions may outlive their context")
{
    std::optional<live::session> session;
    {
        world w;
        session.emplace(w.start(), spoken);
        live::testing::run(w.io, session->connect());
        w.time.freeze();
        live::testing::run(w.io, live::sleep_for(1s));
    }
    session.reset();
}

} // namespace virtual_time_test
