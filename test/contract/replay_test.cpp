// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/co_spawn.hpp>

#include <string>
#include <utility>
#include <vector>

namespace replay_test {

// A conversation is recorded, and played back to the same program.
namespace live = gemini::live;

namespace {

live::client make_client(
    asio::io_context& io, const live::testing::emulator& server, live::wire_tap tap = {})
{
    live::client_options options;
    options.credentials = live::api_key("a-secret-key");
    options.base_url = server.url();
    options.reconnect.first_delay = std::chrono::milliseconds(1);
    options.tap = std::move(tap);
    return {io.get_executor(), std::move(options)};
}

/// What a program reads in three turns, the second of which loses its connection.
asio::awaitable<std::vector<std::string>> converse(live::client client)
{
    std::vector<std::string> answers;
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    co_await session.connect();
    const std::vector<std::string> questions{"Hello", "/drop", "And again"};
    for (const auto& question : questions) {
        co_await session.send(question);
        const auto turn = co_await session.turn();
        answers.push_back(std::to_string(static_cast<int>(turn.end)) + turn.output_transcription +
                          ' ' + std::to_string(turn.audio.size()));
    }
    co_await session.close();
    co_return answers;
}

} // namespace

TEST_CASE("the emulator plays a recording back: the program sees the same conversation")
{
    test::context io;
    std::string recording;
    std::vector<std::string> original;
    {
        live::testing::emulator_options serving;
        serving.pace = 0;
        live::testing::emulator server(io.get_executor(), serving);
        live::wire_tap tap;
        tap.sink = [&recording](std::string_view line) { recording.append(line) += '\n'; };
        original = test::run(io, converse(make_client(io, server, tap)));
    }
    CHECK(recording.find("a-secret-key") == std::string::npos);
    CHECK(recording.find("\"newHandle\":\"[redacted]\"") != std::string::npos);

    live::testing::emulator_options serving;
    serving.pace = 0;
    serving.replay = recording;
    live::testing::emulator server(io.get_executor(), serving);
    const auto again = test::run(io, converse(make_client(io, server)));
    CHECK(again == original);
    CHECK(server.accepted() == 2);
}

TEST_CASE("an unreadable recording, or one beside a script, is reported when the emulator is made")
{
    test::context io;
    live::testing::emulator_options serving;
    serving.replay = "no recording";
    CHECK_THROWS_AS(live::testing::emulator(io.get_executor(), serving), live::error);
    serving.replay = R"({"at":0,"connection":1,"opened":true})";
    serving.script = R"({"stall": true})";
    CHECK_THROWS_AS(live::testing::emulator(io.get_executor(), serving), live::error);
}

} // namespace replay_test
