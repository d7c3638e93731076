// SPDX-License-Identifier: Apache-2.0
// Records one call in virtual time, the same bytes each time: record-call FILE
// Somebody calls a bicycle workshop. The call has a function, an interruption, a change of the
// connection (goAway), a lost connection with a refused attempt to reconnect, and a member that is
// not known yet.
#include "base/base64.hpp"
#include "unit/session/world.hpp"

#include <gemini/live/wire_tap.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace test;

/// One second of a made-up voice at a time: syllables of a humming tone.
class voice {
public:
    voice(int rate, double pitch) : rate_(rate), pitch_(pitch) {}

    /// Returns pcm16 of this length.
    std::vector<std::byte> say(std::chrono::milliseconds length, double loudness)
    {
        std::vector<std::byte> pcm;
        for (auto left = length.count() * rate_ / 1000; left > 0; --left, ++at_) {
            const auto seconds = static_cast<double>(at_) / rate_;
            const auto syllable = std::sin(seconds * 2.1 * std::numbers::pi) *
                                  std::sin(seconds * 6.7 * std::numbers::pi + 1);
            const auto tone = pitch_ * (1 + 0.08 * std::sin(seconds * 3.1));
            phase_ += tone / rate_;
            double wave = 0;
            for (int harmonic = 1; harmonic <= 5; ++harmonic)
                wave += std::sin(phase_ * harmonic * 2 * std::numbers::pi) / harmonic;
            const auto sample =
                static_cast<std::int16_t>(9000 * loudness * (0.15 + std::abs(syllable)) * wave);
            pcm.push_back(static_cast<std::byte>(sample & 0xff));
            pcm.push_back(static_cast<std::byte>(sample >> 8 & 0xff));
        }
        return pcm;
    }

private:
    int rate_;
    double pitch_;
    std::int64_t at_ = 0;
    double phase_ = 0;
};

struct call {
    world w{};
    voice caller{16000, 190};
    voice model{24000, 125};

    asio::awaitable<void> until(std::chrono::milliseconds at)
    {
        return w.clock->sleep_until(virtual_clock::start + at);
    }

    /// The model speaks: words, divided by "|", with 400 ms of sound each, four times as fast as
    /// they play.
    asio::awaitable<void> speak(peer_ptr peer, std::chrono::milliseconds at, std::string words)
    {
        for (std::size_t from = 0; from < words.size();) {
            const auto end = std::min(words.find('|', from), words.size());
            const auto piece = words.substr(from, end - from);
            from = end + 1;
            co_await until(at);
            const auto pcm = model.say(400ms, 1);
            const json sound =
                json().add("mimeType", "audio/pcm;rate=24000").add("data", base64(pcm));
            const json part = json().add("inlineData", sound);
            json content;
            content.add("modelTurn", json().add("parts", json("[]").push(part)));
            content.add("outputTranscription", json().add("text", piece));
            peer->send(std::string(json().add("serverContent", content).text()));
            at += 100ms;
        }
    }

    static std::string base64(std::span<const std::byte> from)
    {
        std::string text(base::base64_size(from.size()), '=');
        base::base64_encode(from, text.data());
        return text;
    }

    asio::awaitable<void> say(peer_ptr peer, std::chrono::milliseconds at, const char* message)
    {
        co_await until(at);
        peer->send(message);
    }
};

/// Reads what the client sends, until it leaves.
asio::awaitable<void> read_all(peer_ptr peer)
{
    for (auto message = co_await peer->receive(); message;) message = co_await peer->receive();
}

constexpr const char* tokens =
    R"({{"usageMetadata":{{"promptTokenCount":{},"responseTokenCount":{},)"
    R"("totalTokenCount":{}}},"serverContent":{{"turnComplete":true}}}})";

std::string complete(int prompt, int response)
{
    return fmt::format(tokens, prompt, response, prompt + response);
}

std::string heard(std::string_view text)
{
    return fmt::format(R"({{"serverContent":{{"inputTranscription":{{"text":"{}"}}}}}})", text);
}

constexpr const char* generated = R"({"serverContent":{"generationComplete":true}})";

/// The server's side until it announces its end.
asio::awaitable<void> first_connection(call& c, peer_ptr peer)
{
    co_await c.until(180ms);
    co_await greet(c.w, peer);
    auto reading = read_all(peer);
    asio::co_spawn(c.w.io, std::move(reading), asio::detached);
    peer->send(new_handle);
    co_await c.say(peer, 3600ms, heard("Hi, this is Dana Moreno. ").c_str());
    co_await c.say(peer, 4600ms, heard("Can I pick up my bike tomorrow morning?").c_str());
    co_await c.say(peer, 5020ms,
        R"({"toolCall":{"functionCalls":[{"id":"call-1","name":"find_order","args":{"customer":"Dana Moreno"}}]}})");
    co_await c.speak(peer, 6240ms,
        "Hello Dana. |I have found |your order: |a new chain |and brakes. |It is ready |from "
        "eight, |and we close |at six in |the evening, |but if you |would rather |come on "
        "|Saturday, |then we |could also ");
    peer->send(generated);
    co_await c.say(peer, 10'420ms, R"({"serverContent":{"interrupted":true}})");
    peer->send(complete(412, 96));
    peer->send(new_handle);
    co_await c.say(peer, 11'300ms, heard("Eight is fine. What will it cost?").c_str());
    co_await c.say(peer, 11'900ms,
        R"({"toolCall":{"functionCalls":[{"id":"call-2","name":"get_invoice","args":{"order":4711}},)"
        R"({"id":"call-3","name":"move_pickup","args":{"order":4711,"to":"tomorrow, 08:00"}}]}})");
    co_await c.say(peer, 13'400ms, R"({"goAway":{"timeLeft":"20s"}})");
    co_await c.speak(peer, 14'300ms, "Eight |tomorrow, |then. |It comes to |eighty-four |euros. ");
    peer->send(generated);
    co_await c.say(peer, 16'800ms, complete(655, 58).c_str());
    peer->send(new_handle);
    co_await c.until(40s); // a server that ends closes the connection
}

/// After the change: it breaks in the middle of an answer.
asio::awaitable<void> second_connection(call& c, peer_ptr peer)
{
    co_await greet(c.w, peer);
    auto reading = read_all(peer);
    asio::co_spawn(c.w.io, std::move(reading), asio::detached);
    peer->send(new_handle);
    co_await c.say(peer, 20'900ms, heard("Can I pay by card?").c_str());
    co_await c.say(peer, 21'300ms,
        R"({"serverContent":{"modelTurn":{"parts":[{"text":"The caller asks how to pay.","thought":true}]}},)"
        R"("trafficHints":{"region":"europe-west4"}})");
    co_await c.speak(peer, 21'500ms, "Yes, |by card ");
    co_await c.until(22'300ms);
    peer->drop();
}

/// After the loss.
asio::awaitable<void> third_connection(call& c, peer_ptr peer)
{
    co_await c.until(25'150ms);
    co_await greet(c.w, peer);
    auto reading = read_all(peer);
    asio::co_spawn(c.w.io, std::move(reading), asio::detached);
    peer->send(new_handle);
    co_await c.speak(peer, 26'600ms,
        "Yes, you can |pay by card |or by phone. |I have sent |the address |to you. ");
    peer->send(generated);
    co_await c.say(peer, 29'200ms, complete(803, 64).c_str());
    co_await c.say(peer, 31'000ms, heard("Great, thank you. <b>Bye!</b>").c_str());
    co_await c.speak(peer, 31'400ms, "See you |tomorrow, |Dana. ");
    peer->send(generated);
    co_await c.say(peer, 32'900ms, complete(861, 21).c_str());
    co_await c.until(40s);
}

/// The caller's microphone, in pieces of 100 ms. When somebody speaks stands here.
asio::awaitable<void> microphone(call& c, session& session)
{
    const std::vector<std::pair<std::chrono::milliseconds, std::chrono::milliseconds>> speech{
        {1000ms, 2700ms}, {2900ms, 4400ms}, {9900ms, 11'200ms}, {19'600ms, 20'800ms},
        {29'900ms, 30'900ms}};
    for (auto at = 400ms; at < 33'500ms; at += 100ms) {
        co_await c.until(at);
        double loudness = 0.001;
        for (const auto& [begin, end] : speech)
            if (at > begin && at <= end) loudness = 0.8;
        const auto pcm = c.caller.say(100ms, loudness);
        co_await session.send_audio(pcm);
    }
}

asio::awaitable<void> answer(call& c, session& session, function_call called)
{
    const auto length = called.name == "find_order" ? 980ms : 1650ms;
    const auto when = c.w.clock->now() + length;
    co_await c.w.clock->sleep_until(when);
    json result;
    if (called.name == "find_order")
        result.add("order", 4711).add("work", "chain, brakes").add("ready", true);
    else if (called.name == "get_invoice")
        result.add("total", 84.0).add("currency", "EUR");
    else
        result.add("moved", true);
    function_response response(called, std::move(result));
    co_await session.send_tool_response(std::move(response));
}

asio::awaitable<void> listen_to_model(call& c, session& session)
{
    auto messages = session.messages();
    while (auto message = co_await messages.next()) {
        for (const auto& each : message->function_calls()) {
            auto work = answer(c, session, each);
            asio::co_spawn(c.w.io, std::move(work), asio::detached);
        }
    }
}

asio::awaitable<void> talk(call& c, session& session)
{
    co_await session.connect();
    auto speaking = microphone(c, session);
    auto listening = listen_to_model(c, session);
    asio::co_spawn(c.w.io, std::move(speaking), asio::detached);
    asio::co_spawn(c.w.io, std::move(listening), asio::detached);
    co_await c.until(22'150ms);
    co_await session.send("[The caller's screen shows: payment]");
    co_await c.until(34'000ms);
    co_await session.close();
    co_await settle(); // the listener ends
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: record-call FILE\n", stderr);
        return 2;
    }
    call c;
    c.w.options.logger = {};
    c.w.options.tap = file_tap(argv[1], true);
    c.w.scripts = {[&](peer_ptr peer) { return first_connection(c, std::move(peer)); },
        [&](peer_ptr peer) { return second_connection(c, std::move(peer)); },
        [&](peer_ptr peer) { return third_connection(c, std::move(peer)); }};
    c.w.options.reconnect.first_delay = 1200ms;
    c.w.decide = [&](const transport::connect_request&) {
        if (c.w.dials != 3) return;
        error_details refused;
        refused.http_status = 503;
        throw error(errc::unavailable, "The service is overloaded.", std::move(refused));
    };
    const setup setup{.model = "gemini-3.8-live",
        .functions = {{.name = "find_order"}, {.name = "get_invoice"}, {.name = "move_pickup"}},
        .voice = voice_config("Kore"),
        .input_audio_transcription = on,
        .output_audio_transcription = on};
    c.w.play_session(setup, [&](session& session) { return talk(c, session); });
    return 0;
}
