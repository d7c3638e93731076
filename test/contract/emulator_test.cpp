// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/raw_client.hpp"
#include "support/run.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/ip/tcp.hpp>

#include <stdexcept>

namespace emulator_test {

// What any client sees of the emulator, through raw sockets.
namespace live = gemini::live;
using test::raw_frame;
using test::raw_socket;

namespace {

const std::string path =
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const std::string with_key = path + "?key=any";
const std::string setup =
    R"({"setup":{"model":"models/gemini-3.8-live","outputAudioTranscription":{}}})";

/// An emulator without pauses, and a test that talks to it.
struct world {
    asio::io_context io;
    live::testing::emulator_options serving{};
    std::optional<live::testing::emulator> server{};

    world() { serving.pace = 0; }

    void start() { server.emplace(io.get_executor(), serving); }

    void run(asio::awaitable<void> work) { test::run(io, std::move(work)); }

    asio::awaitable<raw_socket> dial()
    {
        auto socket = co_await test::raw_connect(server->port());
        if (serving.tls) co_await socket.connect_tls("localhost", serving.tls->certificate_pem);
        co_await test::upgrade(socket, with_key);
        co_return socket;
    }

    /// Status of the answer to an upgrade request.
    asio::awaitable<std::string> knock(std::string target, test::header_fields fields)
    {
        auto socket = co_await test::raw_connect(server->port());
        co_await socket.write(test::upgrade_request(target, fields));
        const auto head = co_await socket.read_head();
        co_return head.target();
    }
};

asio::awaitable<void> send(raw_socket& socket, std::string text)
{
    auto frame = raw_frame::text(std::move(text)).masked().bytes();
    co_await socket.write(std::move(frame));
}

bool has(const raw_frame& frame, std::string_view text)
{
    return frame.payload().find(text) != std::string::npos;
}

/// Reads up to the first frame that has `text`.
asio::awaitable<raw_frame> read_until(raw_socket& socket, std::string text)
{
    for (;;) {
        auto frame = co_await socket.read_frame();
        if (has(frame, text) || frame.opcode() == 8) co_return frame;
    }
}

} // namespace

TEST_CASE("a conversation in binary frames of indented JSON, plain and encrypted")
{
    world w;
    SECTION("plain") {}
    SECTION("TLS") { w.serving.tls = live::testing::tls_identity::self_signed(); }
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, setup);
        const auto complete = co_await socket.read_frame();
        CHECK(complete.opcode() == 2);
        CHECK_FALSE(complete.is_masked());
        CHECK(complete.payload() == "{\n  \"setupComplete\": {}\n}\n");
        co_await send(socket, R"({"realtimeInput":{"text":"Hello"}})");
        const auto end = co_await read_until(socket, "turnComplete");
        CHECK(has(end, "usageMetadata"));
        CHECK(w.server->connected() == 1);
        auto goodbye = raw_frame::close(1000).masked().bytes();
        co_await socket.write(std::move(goodbye));
        const auto closed = co_await socket.read_frame();
        CHECK(closed.close_code() == 1000);
        co_await socket.read_to_end();
    };
    w.run(work());
}

TEST_CASE("music plays on its own method until it is paused")
{
    world w;
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await test::raw_connect(w.server->port());
        co_await test::upgrade(socket,
            "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic?key=any");
        co_await send(socket, R"({"setup":{"model":"models/lyria-realtime-exp"}})");
        const auto complete = co_await socket.read_frame();
        CHECK(complete.payload() == "{\n  \"setupComplete\": {}\n}\n");
        co_await send(
            socket, R"({"clientContent":{"weightedPrompts":[{"text":"piano","weight":1}]}})");
        co_await send(socket, R"({"playbackControl":"PLAY"})");
        for (int i = 0; i < 3; ++i) {
            const auto piece = co_await read_until(socket, "audio/l16;rate=48000;channels=2");
            CHECK(piece.opcode() != 8); // it comes in fragments
        }
        co_await send(socket, R"({"musicGenerationConfig":{"bpm":1000}})");
        const auto closed = co_await read_until(socket, "invalid argument");
        CHECK(closed.close_code() == 1007);
    };
    w.run(work());
}

TEST_CASE("a refusal is a close with code and reason")
{
    world w;
    w.serving.api_key = "another";
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, setup);
        const auto closed = co_await socket.read_frame();
        CHECK(closed.close_code() == 1007);
        CHECK(closed.close_reason() == "API key not valid. Please pass a valid API key.");
    };
    w.run(work());
}

TEST_CASE("which upgrades are accepted")
{
    world w;
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        struct row {
            std::string target;
            test::header_fields fields;
            std::string status;
        };
        const std::string vertex =
            "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent";
        std::vector<row> rows;
        rows.push_back({with_key, {}, "101"});
        rows.push_back({"/" + with_key, {}, "101"});
        rows.push_back({"/base" + with_key, {}, "101"});
        rows.push_back({path, {{"x-goog-api-key", "any"}}, "101"});
        rows.push_back({vertex, {{"Authorization", "Bearer ya29.any"}}, "101"});
        rows.push_back({"/", {}, "404"});
        rows.push_back({with_key, {{"Origin", "https://example.com"}}, "403"});
        for (const auto& each : rows) {
            INFO(each.target);
            const auto status = co_await w.knock(each.target, each.fields);
            CHECK(status == each.status);
        }
    };
    w.run(work());
}

TEST_CASE("the owner may refuse an upgrade, and sees the request")
{
    world w;
    w.serving.on_upgrade = [](const live::testing::emulator_request& request) {
        live::testing::emulator_verdict verdict;
        CHECK(request.path == path);
        CHECK(request.query == "key=any");
        CHECK(request.header("upgrade") == "websocket");
        verdict.status = 429;
        verdict.headers = {{"Retry-After", "7"}};
        return verdict;
    };
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await test::raw_connect(w.server->port());
        co_await socket.write(test::upgrade_request(with_key));
        const auto head = co_await socket.read_head();
        CHECK(head.target() == "429");
        CHECK(head.header("retry-after") == "7");
    };
    w.run(work());
    CHECK(w.server->accepted() == 0);
}

TEST_CASE("a custom behavior sends either kind of frame, and its end is a close")
{
    world w;
    std::uint16_t code = 1000;
    std::string reason;
    const auto echo = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        auto heard = co_await peer.receive();
        auto again = *heard;
        co_await peer.send(std::move(again));
        co_await peer.send_text(std::move(*heard));
    };
    const auto fail = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        co_await peer.receive();
        throw std::runtime_error("the test's own fault");
    };
    const auto close = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        co_await peer.receive();
        co_await peer.close(1013, "later");
    };
    SECTION("it returns") { w.serving.behavior = echo; }
    SECTION("it throws")
    {
        w.serving.behavior = fail;
        code = 1011;
        reason = "the test's own fault";
    }
    SECTION("it closes")
    {
        w.serving.behavior = close;
        code = 1013;
        reason = "later";
    }
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, "hello");
        auto frame = co_await socket.read_frame();
        if (frame.opcode() == 2) {
            CHECK(frame.payload() == "hello");
            frame = co_await socket.read_frame();
            CHECK(frame.opcode() == 1);
            frame = co_await socket.read_frame();
        }
        CHECK(frame.close_code() == code);
        CHECK(frame.close_reason() == reason);
    };
    w.run(work());
}

TEST_CASE("every client can be disconnected, and the emulator keeps serving")
{
    world w;
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto one = co_await w.dial();
        auto other = co_await w.dial();
        co_await send(one, setup);
        co_await one.read_frame();
        co_await send(other, setup);
        co_await other.read_frame();
        w.server->drop_all();
        const auto last_of_one = co_await one.read_to_end();
        CHECK(last_of_one.empty()); // no close frame
        const auto last_of_other = co_await other.read_to_end();
        CHECK(last_of_other.empty());
        auto next = co_await w.dial();
        co_await send(next, setup);
        const auto complete = co_await next.read_frame();
        CHECK(has(complete, "setupComplete"));
        CHECK(w.server->accepted() == 3);
    };
    w.run(work());
}

TEST_CASE("after close no client is served, and no work is left")
{
    world w;
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        w.server->close();
        w.server->close();
        co_await socket.read_to_end();
    };
    w.run(work());
    w.server.reset();
    w.io.restart();
    w.io.run(); // returns
}

TEST_CASE("messages in both directions, and the life of connections, can be observed")
{
    world w;
    std::string messages;
    std::vector<std::string> events;
    w.serving.on_message = [&](const live::testing::emulator_message& message) {
        if (messages.size() < 1000)
            messages += std::to_string(message.client) +
                        (message.from == live::testing::message_sender::client ? '>' : '<') +
                        std::string(message.text) + '|';
    };
    w.serving.on_event = [&](std::string_view sentence) { events.emplace_back(sentence); };
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, setup);
        co_await socket.read_frame();
        co_await send(socket, "{");
        co_await socket.read_frame();
    };
    w.run(work());
    CHECK(messages == "1>" + setup + "|1<{\n  \"setupComplete\": {}\n}\n|1>{|");
    REQUIRE(events.size() == 2);
    CHECK(events[0] == "Client 1 has come: Gemini API v1beta, with an API key.");
    CHECK(events[1].starts_with("Client 1 is sent away with 1007: Invalid JSON payload received."));
}

TEST_CASE("a client that sends without reading is not buffered without bounds")
{
    world w;
    std::size_t heard = 0;
    w.serving.on_message = [&](const live::testing::emulator_message& message) {
        heard += message.from == live::testing::message_sender::client ? 1 : 0;
    };
    w.start();
    const auto work = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, setup);
        // each is answered by some 200 KB that nobody reads
        std::string flood;
        for (int i = 0; i < 2000; ++i)
            flood += raw_frame::text(R"({"realtimeInput":{"text":"Hello"}})").masked().bytes();
        co_await socket.write(std::move(flood));
        int answered = 0;
        while (answered < 3) {
            const auto frame = co_await socket.read_frame();
            answered += has(frame, "turnComplete") ? 1 : 0;
        }
        CHECK(heard < 2000);
    };
    w.run(work());
}

TEST_CASE("it does not listen to other machines unless configured to, nor on a port in use")
{
    asio::io_context io;
    live::testing::emulator_options open;
    for (const auto* address : {"127.example.com", "::", "0.0.0.0"}) {
        open.address = address;
        CHECK_THROWS_AS(live::testing::emulator(io.get_executor(), open), live::error);
    }
    open.allow_remote = true;
    CHECK_NOTHROW(live::testing::emulator(io.get_executor(), open));
    const live::testing::emulator first(io.get_executor());
    live::testing::emulator_options taken;
    taken.port = first.port();
    CHECK_THROWS_AS(live::testing::emulator(io.get_executor(), taken), live::error);
}

} // namespace emulator_test
