// SPDX-License-Identifier: Apache-2.0
// The examples of docs/servers.md and docs/logging.md, run against the emulator.
#include "support/catch.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio.hpp>

#include <stdlib.h> // mkdtemp, mkstemp
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace operations_test {

namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

// doc:begin group
asio::awaitable<void> greet(live::session& session)
{
    co_await session.send("Hello");
    const auto greeting = co_await session.turn();
    if (!greeting.is_whole()) throw std::runtime_error("no greeting"); // the group tries again
}

asio::awaitable<std::size_t> serve(live::session_group& group)
{
    group.start("caller 7", {.model = "gemini-3.8-live"}, &greet);
    group.start("caller 8", {.model = "gemini-3.8-live"}, &greet,
        live::restart_policy{.restart = live::restart::never});
    if (const auto session = group.find("caller 7")) co_await session->send("Are you there?");
    co_await group.stop("caller 8");
    co_return co_await group.shutdown(10s, live::stop_mode::after_turn);
}
// doc:end

// doc:begin watchdogs
live::client_options for_phone_calls()
{
    live::client_options options;
    options.watchdogs.in_turn = 6s;
    options.watchdogs.after_resume = 3s;
    options.watchdogs.empty_turns = 2;
    using enum live::watchdog_action;
    options.watchdogs.actions = {nudge, reconnect, give_up};
    return options;
}
// doc:end

// doc:begin group_events
live::session_group_options with_events(std::ostream& out)
{
    live::session_group_options options;
    options.connecting = 8;
    options.restart.max_restarts = 3;
    options.limits.idle = 2min;
    options.limits.total = 30min;
    options.on_event = [&out](const live::group_event& event) {
        out << event.name << ' ' << to_string(event.what);
        if (event.how) out << ": " << to_string(*event.how);
        out << '\n';
    };
    return options;
}
// doc:end

// doc:begin store
live::client_options with_a_store(const std::filesystem::path& directory)
{
    live::client_options options;
    options.resumption_store = std::make_shared<live::file_resumption_store>(directory);
    return options;
}

asio::awaitable<std::string> go_on(live::client& client, std::string name)
{
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}, name};
    co_await session.connect();
    co_await session.send("Where were we?");
    const auto turn = co_await session.turn();
    co_await session.close();
    if (!turn.is_whole()) throw std::runtime_error(to_string(turn.end));
    co_return turn.output_transcription;
}
// doc:end

// doc:begin logger
live::client_options with_a_log(std::ostream& out)
{
    live::client_options options;
    options.logger.level = live::log_level::info;
    options.logger.sink = live::log_lines([&out](live::log_level level, std::string_view line) {
        out << to_string(level) << ": " << line << '\n';
    });
    return options;
}
// doc:end

// doc:begin tap
live::client_options with_a_tap(const std::filesystem::path& path)
{
    live::client_options options;
    options.tap = live::file_tap(path); // (path, true) also keeps audio and pictures
    return options;
}
// doc:end

// doc:begin replay
live::testing::emulator play_back(asio::io_context& io, const std::filesystem::path& path)
{
    std::ostringstream recording;
    recording << std::ifstream(path).rdbuf();
    live::testing::emulator_options options;
    options.replay = recording.str();
    options.pace = 0; // without the pauses
    return live::testing::emulator(io.get_executor(), options);
}
// doc:end

struct stage {
    stage() : emulator(io.get_executor(), quick()) {}

    static live::testing::emulator_options quick()
    {
        live::testing::emulator_options options;
        options.pace = 0;
        return options;
    }

    live::client make_client(live::client_options options = {})
    {
        options.credentials = live::api_key("any");
        options.base_url = emulator.url();
        return {io.get_executor(), std::move(options)};
    }

    asio::io_context io;
    live::testing::emulator emulator;
};

} // namespace

TEST_CASE("a group of sessions is started, reports its events and is shut down")
{
    stage s;
    std::ostringstream told;
    auto client = s.make_client();
    live::session_group group(s.io.get_executor(), client, with_events(told));
    CHECK(test::run(s.io, serve(group)) == 0);
    CHECK(told.str().find("caller 7 ended: ") != std::string::npos);
    CHECK(told.str().find("caller 8 ended: ") != std::string::npos);
}

TEST_CASE("a conversation with watchdogs that act goes on as any other")
{
    stage s;
    auto client = s.make_client(for_phone_calls());
    const auto work = [](live::client client) -> asio::awaitable<void> {
        live::session session(client, {.model = "gemini-3.8-live"});
        co_await session.send("Hello");
        const auto turn = co_await session.turn();
        CHECK(turn.is_whole());
        CHECK(session.counters().stalls == 0);
        co_await session.close();
    };
    test::run(s.io, work(client));
}

TEST_CASE("a conversation is resumed from a store, in another client")
{
    auto directory = (std::filesystem::temp_directory_path() / "gemini-live-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()));
    stage s;
    std::string handles;
    for (int i = 0; i < 2; ++i) {
        auto options = with_a_store(directory);
        options.tap.sink = [&handles](std::string_view line) {
            if (line.find("\"handle\":\"[redacted]\"") != std::string_view::npos) handles += '+';
        };
        auto client = s.make_client(options);
        CHECK_FALSE(test::run(s.io, go_on(client, "caller 7")).empty());
        handles += '|';
    }
    CHECK(handles == "|+|");
    CHECK(std::filesystem::exists(std::filesystem::path(directory) / "caller%207.json"));
    std::filesystem::remove_all(directory);
}

TEST_CASE("a session is logged, recorded and played back")
{
    auto path = (std::filesystem::temp_directory_path() / "gemini-live-XXXXXX").string();
    const int made = ::mkstemp(path.data());
    REQUIRE(made >= 0);
    ::close(made);
    stage s;
    std::ostringstream lines;
    auto options = with_a_log(lines);
    options.tap = with_a_tap(path).tap;
    auto client = s.make_client(options);
    const auto said = test::run(s.io, go_on(client, "a"));
    CHECK(lines.str().find("info: session connected: from=connecting to=connected") !=
          std::string::npos);

    s.emulator = play_back(s.io, path);
    auto other = s.make_client();
    CHECK(test::run(s.io, go_on(other, "a")) == said);
    std::filesystem::remove(path);
}

} // namespace operations_test
