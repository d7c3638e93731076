// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <string>

namespace stale_audio_test {

// Speech that waited to be read when the model was interrupted (client_options::skip_stale_audio).
using namespace test;

TEST_CASE("stale speech is not delivered after an interruption, everything else is")
{
    world w;
    w.options.skip_stale_audio = true;
    const std::string speech =
        R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}})";
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(speech);
        peer->send(turn_complete);
        peer->send(speech);
        peer->send(
            R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]},"outputTranscription":{"text":"Well"}}})");
        peer->send(speech);
        peer->send(R"({"serverContent":{"interrupted":true}})");
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        auto turn = co_await session.turn();
        CHECK(turn.audio.size() == 3); // from the previous turn
        auto messages = session.messages();
        auto message = co_await messages.next();
        CHECK(message->audio().empty());
        CHECK(message->output_transcription() == "Well");
        message = co_await messages.next();
        CHECK(message->interrupted());
        CHECK(session.counters().stale == 2);
        co_await session.close();
    });
}

TEST_CASE("stale speech that is dropped makes room for what follows")
{
    world w;
    w.options.skip_stale_audio = true;
    w.options.limits.inbox = 5000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        while (co_await peer->receive()) {
            for (int i = 0; i < 4; ++i) {
                peer->send(
                    R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}})");
            }
            peer->send(R"({"serverContent":{"interrupted":true}})");
        }
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        co_await messages.next();
        for (int i = 0; i < 10; ++i) {
            co_await session.send("Well?");
            co_await settle();
            const auto message = co_await messages.next();
            CHECK(message->interrupted());
        }
        CHECK(session.counters().stale == 40);
        CHECK(session.counters().inbox == 0);
        co_await session.close();
    });
}

} // namespace stale_audio_test
