// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/raw_client.hpp"
#include "support/run.hpp"

#include <gemini/live/emulator.hpp>
#include <gemini/live/error.hpp>

#include <string>
#include <utility>
#include <vector>

// What scripts do to clients of any make, by raw sockets.
namespace live = gemini::live;
using test::raw_frame;
using test::raw_socket;

namespace {

const std::string target =
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=any";

/// An emulator with a script, and a test that talks to it.
struct world {
    explicit world(std::string script)
        : server(io.get_executor(), serving(std::move(script), events))
    {
    }

    static live::emulator_options serving(std::string script, std::vector<std::string>& events)
    {
        live::emulator_options options;
        options.pace = 0;
        options.script = std::move(script);
        options.on_event = [&events](std::string_view event) { events.emplace_back(event); };
        return options;
    }

    void run(asio::awaitable<void> work) { test::run(io, std::move(work)); }

    asio::awaitable<raw_socket> dial()
    {
        auto socket = co_await test::raw_connect(server.port());
        co_await test::upgrade(socket, target);
        co_return socket;
    }

    /// Status of the answer to an upgrade request.
    asio::awaitable<std::string> knock()
    {
        auto socket = co_await test::raw_connect(server.port());
        const auto request = test::upgrade_request(target);
        co_await socket.write(request);
        const auto head = co_await socket.read_head();
        co_return head.target();
    }

    std::vector<std::string> events;
    asio::io_context io;
    live::emulator server;
};

asio::awaitable<void> send(raw_socket& socket, std::string text)
{
    auto frame = raw_frame::text(std::move(text)).masked().bytes();
    co_await socket.write(std::move(frame));
}

} // namespace

TEST_CASE("a script is played to a client, in binary and text frames, broken JSON too")
{
    world w(R"({"expect": {"setup": {"model": "m"}}}
{"send": {"setupComplete": {}}}
{"repeat": 2, "steps": [{"wait": 0.001}, {"send_text": {"a": 1}}]}
{"send": "{\"broken\": "}
{"close": 1011, "reason": "Enough."})");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, R"({"setup": {"model": "m", "tools": []}})");
        auto frame = co_await socket.read_frame();
        CHECK(frame.opcode() == 2);
        CHECK(frame.payload() == R"({"setupComplete":{}})");
        for (int i = 0; i < 2; ++i) {
            frame = co_await socket.read_frame();
            CHECK(frame.opcode() == 1);
            CHECK(frame.payload() == R"({"a":1})");
        }
        frame = co_await socket.read_frame();
        CHECK(frame.payload() == "{\"broken\": ");
        frame = co_await socket.read_frame();
        CHECK(frame.opcode() == 8);
        CHECK(frame.payload() == "\x03\xf3"
                                 "Enough.");
    };
    w.run(talk(w));
}

TEST_CASE("another message than the expected one is told to the client and to the test")
{
    world w("{\"await\": {\"a\": {}}}\n{\"expect\": {\"b\": {}}}");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, "no JSON");
        co_await send(socket, R"({"a": {}})");
        co_await send(socket, R"({"c": {}})");
        const auto frame = co_await socket.read_frame();
        CHECK(frame.payload() == "\x03\xf0"
                                 "Line 2 of the script expects another message.");
        auto answer = raw_frame::close(1008).masked().bytes();
        co_await socket.write(std::move(answer));
        co_await socket.read_to_end();
    };
    w.run(talk(w));
    CHECK(w.events.back() ==
          "Client 1 is sent away with 1008: Line 2 of the script expects another message.");
}

TEST_CASE("connections are told apart by their number, those that were refused included")
{
    world w(R"({"connection": 1}
{"refuse": 503}
{"connection": 2}
{"close": 1001}
{"connection": 3}
{"refuse": 429, "headers": {"retry-after": "1"}})");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        auto status = co_await w.knock();
        CHECK(status == "503");
        {
            auto socket = co_await w.dial();
            const auto frame = co_await socket.read_frame();
            CHECK(frame.payload() == "\x03\xe9");
        }
        status = co_await w.knock();
        CHECK(status == "429");
        auto socket = co_await w.dial(); // the default persona
        co_await send(socket, R"({"setup": {"model": "models/gemini-3.8-live"}})");
        const auto frame = co_await socket.read_frame();
        CHECK(frame.payload().find("setupComplete") != std::string::npos);
    };
    w.run(talk(w));
}

TEST_CASE("a script drops a client after so many messages or bytes")
{
    world w(R"({"drop": true, "after_messages": 2, "after_bytes": 1000}
{"connection": 2}
{"drain": 1000000}
{"connection": 3}
{"drop": true})");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        {
            auto socket = co_await w.dial();
            co_await send(socket, "1");
            co_await send(socket, "2");
            co_await socket.read_to_end();
        }
        {
            auto socket = co_await w.dial();
            co_await send(socket, "1");
            co_await send(socket, "2");
        }
        {
            auto socket = co_await w.dial();
            co_await socket.read_to_end();
        }
        auto socket = co_await w.dial();
        co_await send(socket, std::string(1000, 'x'));
        co_await socket.read_to_end();
    };
    w.run(talk(w));
}

TEST_CASE("a script that stalls or waits ends with its client, or with the emulator")
{
    world w(R"({"stall": true}
{"connection": 2}
{"wait": 3600})");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            auto socket = co_await w.dial();
            auto frame = raw_frame::close(1000).masked().bytes();
            co_await socket.write(std::move(frame));
            const auto answer = co_await socket.read_frame();
            CHECK(answer.opcode() == 8);
        }
        auto socket = co_await w.dial();
        w.server.close();
        co_await socket.read_to_end();
    };
    w.run(talk(w));
    w.io.restart();
    w.io.run(); // nothing is left that waits
    CHECK(w.server.connected() == 0);
}

TEST_CASE("a mistake in a script is told when the emulator is made")
{
    try {
        world w("{\"expect\": {}}\n{\"wait\": \"long\"}");
        FAIL("the script was taken");
    } catch (const live::error& refused) {
        CHECK(refused.value() == live::errc::invalid_argument);
        CHECK(std::string(refused.what()) ==
              "Line 2 of the script: wait must be a number from 0 to 3600.");
    }
}
