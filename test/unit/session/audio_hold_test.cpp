// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <array>
#include <string>

namespace audio_hold_test {

// Speech to models that cannot accept it while they wait for a function.
using namespace test;

TEST_CASE("speech waits while a model that cannot accept it waits for a function")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(weather_call);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    auto setup = plain;
    setup.model = "gemini-2.5-flash-native-audio-latest";
    w.play_session(setup, [&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await settle();
        co_await session.send_audio(pcm);
        co_await settle();
        CHECK(said(w).empty());
        function_response response("c1", "weather", json());
        co_await session.send_tool_response(std::move(response));
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
    const auto all = said(w);
    REQUIRE(all.size() == 2);
    CHECK(all[0].find("toolResponse") != std::string::npos);
    CHECK(all[1].find(R"("audio")") != std::string::npos);
}

TEST_CASE("speech does not wait forever for an unanswered function, nor for a non-blocking one")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(weather_call);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    auto setup = plain;
    setup.model = "gemini-2.5-flash-native-audio-latest";
    SECTION("nobody answers")
    {
        session session{client, setup};
        const auto work = [&]() -> asio::awaitable<void> {
            const std::array<std::byte, 4> pcm{};
            co_await session.connect();
            co_await settle();
            co_await w.clock->sleep_until(w.clock->now() + 9s);
            co_await session.send_audio(pcm);
            co_await settle();
            CHECK(said(w).empty());
            co_await session.drain();
            CHECK(said(w).size() == 1);
            co_await session.close();
        };
        w.play(work());
    }
    SECTION("the model does not wait")
    {
        setup.functions = {{.name = "weather", .behavior = behavior::non_blocking}};
        session session{client, setup};
        const auto work = [&]() -> asio::awaitable<void> {
            const std::array<std::byte, 4> pcm{};
            co_await session.connect();
            co_await settle();
            co_await session.send_audio(pcm);
            co_await settle();
            CHECK(said(w).size() == 1);
            co_await session.close();
        };
        w.play(work());
    }
}

TEST_CASE("speech that waits for a function expires as in an outage")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(weather_call);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    auto setup = plain;
    setup.model = "gemini-2.5-flash-native-audio-latest";
    w.play_session(setup, [&](session& session) -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await settle();
        co_await session.send_audio(pcm);
        co_await w.clock->sleep_until(w.clock->now() + 3s);
        co_await session.send_audio(pcm);
        function_response response("c1", "weather", json());
        co_await session.send_tool_response(std::move(response));
        co_await session.drain();
        co_await settle();
        CHECK(session.counters().dropped == 1);
        co_await session.close();
    });
    CHECK(said(w).size() == 2); // the response, and what was said last
}

} // namespace audio_hold_test
