// SPDX-License-Identifier: Apache-2.0
// The template for GoogleTest of docs/virtual_time.md.
// doc:begin virtual_googletest
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/virtual_time.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

namespace live = gemini::live;
using namespace std::chrono_literals;

/// Tests in virtual time; with LIVE_TESTS_ON_SOCKETS in the environment, on sockets.
class agent_test : public testing::Test {
protected:
    agent_test()
    {
        if (!std::getenv("LIVE_TESTS_ON_SOCKETS")) time.emplace(io);
    }

    live::client start()
    {
        emulator.emplace(io, serving);
        calling.base_url = emulator->url();
        return {io.get_executor(), calling};
    }

    asio::io_context io;
    std::optional<live::testing::virtual_time> time;
    live::testing::emulator_options serving;
    live::client_options calling{.credentials = live::api_key("any")};
    std::optional<live::testing::emulator> emulator;
};

TEST_F(agent_test, answers_a_greeting)
{
    const auto client = start();
    const auto test = [&]() -> asio::awaitable<void> {
        const live::setup setup{.model = "gemini-3.8-live", .output_audio_transcription = live::on};
        live::session session{client, setup};
        co_await session.connect();
        co_await session.send("Hello");
        const auto turn = co_await session.turn();
        EXPECT_EQ(turn.end, live::turn_end::complete); // ASSERT_… would return from a coroutine
        EXPECT_FALSE(turn.output_transcription.empty());
        co_await session.close();
    };
    live::testing::run(io, test());
}
// doc:end
