// SPDX-License-Identifier: Apache-2.0
#include "vectors/stage.hpp"

#include "support/catch.hpp"

#include <gemini/live/music_session.hpp>

namespace music_session_test {

using namespace gemini::live;
using vectors::stage;

namespace {

client_options with_key()
{
    client_options options;
    options.credentials = api_key("test-key");
    return options;
}

constexpr const char* chunk =
    R"({"serverContent":{"audioChunks":[{"data":"AAABAA==","mimeType":"audio/l16;rate=48000;channels=2"},{"data":"AgADAA=="}]}})";

} // namespace

TEST_CASE(
    "a music session is controlled by prompts, settings and playback, and returns stereo sound")
{
    stage here(with_key(), [](stage::peer peer) -> asio::awaitable<void> {
        peer->send(chunk);
        co_return;
    });
    const auto client = here.client();
    music_session session(client);
    bytes heard;
    const auto work = [&]() -> asio::awaitable<void> {
        std::vector<weighted_prompt> prompts;
        prompts.emplace_back("minimal techno");
        prompts.emplace_back("piano", 0.3);
        co_await session.set_weighted_prompts(std::move(prompts));
        music_generation_config config;
        config.bpm = 120;
        config.scale = music_scale::c_major_a_minor;
        co_await session.set_music_generation_config(std::move(config));
        co_await session.play();
        co_await session.connect();
        auto messages = session.messages();
        while (auto message = co_await messages.next()) {
            heard.assign(message->audio().begin(), message->audio().end());
            if (!heard.empty()) break;
        }
        co_await session.drain();
        co_await stage::settle();
        co_await session.close();
    };
    here.play(work());
    REQUIRE(here.dials.size() == 1);
    CHECK(here.dials[0].target ==
          "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic");
    REQUIRE(here.heard.size() == 4);
    CHECK(here.heard[0] == R"({"setup":{"model":"models/lyria-realtime-exp"}})");
    CHECK(
        here.heard[1] ==
        R"({"clientContent":{"weightedPrompts":[{"text":"minimal techno","weight":1},{"text":"piano","weight":0.3}]}})");
    CHECK(here.heard[2] == R"({"musicGenerationConfig":{"bpm":120,"scale":"C_MAJOR_A_MINOR"}})");
    CHECK(here.heard[3] == R"({"playbackControl":"PLAY"})");
    CHECK(heard.size() == 8);
}

TEST_CASE("after an outage the music continues with the latest prompts, settings and play state")
{
    int connections = 0;
    stage here(with_key(), [&](stage::peer peer) -> asio::awaitable<void> {
        if (++connections == 1) {
            for (int i = 0; i < 4; ++i) here.heard.push_back(*co_await peer->receive());
            peer->drop();
        }
    });
    const auto client = here.client();
    music_session session(client);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.set_weighted_prompts(
            std::vector<weighted_prompt>(1, weighted_prompt("a")));
        co_await session.set_weighted_prompts(
            std::vector<weighted_prompt>(1, weighted_prompt("b")));
        co_await session.play();
        co_await session.reset_context();
        auto events = session.events();
        for (int opened = 0; opened < 2;) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* change = std::get_if<status_change>(&*event);
            if (change && change->to == session_status::connected) ++opened;
        }
        co_await stage::settle();
        co_await session.close();
    };
    here.play(work());
    REQUIRE(here.heard.size() == 8);
    CHECK(here.heard[5] == R"({"setup":{"model":"models/lyria-realtime-exp"}})");
    CHECK(here.heard[6] == R"({"clientContent":{"weightedPrompts":[{"text":"b","weight":1}]}})");
    CHECK(here.heard[7] == R"({"playbackControl":"PLAY"})");
}

TEST_CASE("music requests that cannot be met are refused before they are sent")
{
    stage here(with_key());
    const auto client = here.client();
    music_session session(client);
    music_generation_config fast;
    fast.bpm = 300;
    std::vector<asio::awaitable<void>> calls; // a call does not throw, but the await does
    calls.push_back(session.set_weighted_prompts({}));
    calls.push_back(
        session.set_weighted_prompts(std::vector<weighted_prompt>(1, weighted_prompt("x", 0))));
    calls.push_back(session.set_music_generation_config(fast));
    std::vector<std::string> refusals;
    const auto work = [&]() -> asio::awaitable<void> {
        for (auto& call : calls) {
            try {
                co_await std::move(call);
            } catch (const error& refused) {
                if (refused.value() == errc::invalid_argument)
                    refusals.emplace_back(refused.what());
            }
        }
    };
    here.play(work());
    REQUIRE(refusals.size() == 3);
    CHECK(refusals[2] == "music_generation_config::bpm must be from 60 to 200, not 300.");
}

TEST_CASE("a request that was never accepted is not repeated on the next connection")
{
    int connections = 0;
    stage here(with_key(), [&](stage::peer peer) -> asio::awaitable<void> {
        if (++connections == 1) {
            here.heard.push_back(*co_await peer->receive());
            peer->drop();
        }
    });
    const auto client = here.client();
    music_session session(client);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        {
            auto unused = session.set_weighted_prompts(
                std::vector<weighted_prompt>(1, weighted_prompt("never")));
        }
        co_await session.play();
        auto events = session.events();
        for (int opened = 0; opened < 2;) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* change = std::get_if<status_change>(&*event);
            if (change && change->to == session_status::connected) ++opened;
        }
        co_await stage::settle();
        co_await session.close();
    };
    here.play(work());
    for (const auto& each : here.heard) CHECK(each.find("never") == std::string::npos);
}

} // namespace music_session_test
