// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/raw_client.hpp"
#include "support/run.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace script_test {

// What scripts do to any client, through raw sockets.
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

    static live::testing::emulator_options serving(
        std::string script, std::vector<std::string>& events)
    {
        live::testing::emulator_options options;
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
    live::testing::emulator server;
};

asio::awaitable<void> send(raw_socket& socket, std::string text)
{
    auto frame = raw_frame::text(std::move(text)).masked().bytes();
    co_await socket.write(std::move(frame));
}

} // namespace

TEST_CASE("a script is played to a client in binary and text frames, even broken JSON")
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

TEST_CASE("a message other than the expected one is reported to the client and to the test")
{
    world w("{\"await\": {\"a\": {}}}\n{\"expect\": {\"b\": {}}}");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, "no JSON");
        co_await send(socket, R"({"a": {}})");
        co_await send(socket, R"({"c": {}})");
        const auto frame = co_await socket.read_frame();
        CHECK(frame.payload() == "\x03\xf0"
                                 "Line 2 of the script expects {b: {}}; {c: {}} came instead.");
        auto answer = raw_frame::close(1008).masked().bytes();
        co_await socket.write(std::move(answer));
        co_await socket.read_to_end();
    };
    w.run(talk(w));
    CHECK(w.events.back() == "Client 1 is sent away with 1008: Line 2 of the script expects {b: "
                             "{}}; {c: {}} came instead.");
    CHECK(w.server.failure() ==
          "Client 1: Line 2 of the script expects {b: {}}; {c: {}} came instead.");
}

TEST_CASE("a message that did not arrive in time is reported, with what arrived instead")
{
    struct row {
        const char* step;
        std::vector<std::string> messages;
        const char* failure;
    };
    for (const auto& each :
        {row{R"({"expect": {"a": 1}, "within": 0.05})", {},
             "Line 2 of the script expects {a: 1} within 0.05 s; nothing came."},
            row{R"({"await": "realtimeInput.text", "within": 0.05})", {},
                "Line 2 of the script awaits \"realtimeInput.text\" within 0.05 s; nothing came."},
            row{R"({"await": "realtimeInput.text", "within": 0.2})", {R"({"b": 2})"},
                "Line 2 of the script awaits \"realtimeInput.text\" within 0.2 s; {b: 2} came "
                "instead."},
            row{R"({"await": {"a": 1}, "within": 0.2})", {R"({"b": 2})", "no JSON"},
                "Line 2 of the script awaits {a: 1} within 0.2 s; 2 others came instead, the last "
                "no JSON."},
            row{R"({"expect": {"a": 1}, "within": 60})",
                {R"({"setup": {"sessionResumption": {"handle": "hdl"}}})"},
                "Line 2 of the script expects {a: 1} within 60 s; {setup: {sessionResumption: "
                "{handle: \"[handle]\"}}} came instead."}}) {
        INFO(each.step);
        world w(R"({"send": {"go": 1}})" + std::string("\n") + each.step);
        const auto talk = [&each](world& w) -> asio::awaitable<void> {
            auto socket = co_await w.dial();
            co_await socket.read_frame();
            for (const auto& message : each.messages) co_await send(socket, message);
            const auto frame = co_await socket.read_frame();
            CHECK(frame.opcode() == 8);
            CHECK(frame.payload().substr(0, 2) == "\x03\xf0");
            CHECK(frame.payload().size() <= 125);
            CHECK(frame.payload().find("hdl") == std::string::npos);
            auto answer = raw_frame::close(1008).masked().bytes();
            co_await socket.write(std::move(answer));
            co_await socket.read_to_end();
            co_await w.server.finished();
        };
        w.run(talk(w));
        CHECK(w.server.failure() == std::string("Client 1: ") + each.failure);
        CHECK(w.events.back() == std::string("Client 1 is sent away with 1008: ") + each.failure);
    }
}

TEST_CASE("what arrives in time is not a failure, and each step has its own time limit")
{
    world w(R"({"expect": {"a": {}}, "within": 30}
{"wait": 0.01}
{"await": "b", "within": 30}
{"expect": "c"}
{"send": {"done": true}})");
    const auto talk = [](world& w) -> asio::awaitable<void> {
        auto socket = co_await w.dial();
        co_await send(socket, R"({"a": {}})");
        co_await send(socket, R"({"x": {}})");
        co_await send(socket, R"({"b": {}})");
        co_await send(socket, R"({"c": {}})");
        auto frame = co_await socket.read_frame();
        CHECK(frame.payload() == R"({"done":true})");
        frame = co_await socket.read_frame();
        CHECK(frame.payload() == "\x03\xe8");
        auto answer = raw_frame::close(1000).masked().bytes();
        co_await socket.write(std::move(answer));
        co_await w.server.finished();
    };
    w.run(talk(w));
    CHECK(w.server.failure().empty());
}

TEST_CASE("a client that disconnects before it has done what is expected is a failure")
{
    struct row {
        const char* script;
        const char* failure; ///< Empty: it may go.
    };
    for (const auto& each :
        {row{R"({"await": "a"}
{"expect": {"b": 1}})",
             "Client 1: Line 2 of the script expects {b: 1}; the connection ended before."},
            row{R"({"await": "a"}
{"await": {"b": 1}})",
                "Client 1: Line 2 of the script awaits {b: 1}; the connection ended before."},
            row{R"({"await": "a"}
{"wait": 3600}
{"send": {}}
{"repeat": 2, "steps": [{"expect": "b"}]})",
                "Client 1: Line 4 of the script expects \"b\"; the connection ended before."},
            row{R"({"repeat": 2, "steps": [{"await": "a"}]})",
                "Client 1: Line 1 of the script awaits \"a\"; the connection ended before."},
            row{R"({"repeat": true, "steps": [{"await": "a"}, {"await": "b"}]})",
                "Client 1: Line 1 of the script awaits \"b\"; the connection ended before."},
            row{R"({"repeat": true, "steps": [{"await": "a"}]})", ""},
            row{R"({"await": "a"}
{"stall": true})",
                ""},
            row{R"({"await": "a"}
{"wait": 3600}
{"close": 1000})",
                ""}}) {
        INFO(each.script);
        world w(each.script);
        const auto talk = [](world& w) -> asio::awaitable<void> {
            {
                auto socket = co_await w.dial();
                co_await send(socket, R"({"a": 0})");
                auto frame = raw_frame::close(1000).masked().bytes();
                co_await socket.write(std::move(frame));
                co_await socket.read_to_end();
            }
            co_await w.server.finished();
        };
        w.run(talk(w));
        CHECK(w.server.failure() == each.failure);
        const std::string told = each.failure;
        CHECK(w.events.back() ==
              "Client 1 is gone." +
                  (told.empty() ? "" : told.substr(std::string("Client 1:").size())));
    }
}

TEST_CASE("a script finishes when all of its connections have ended, or by close()")
{
    world w(R"({"connection": 1}
{"refuse": 503}
{"connection": 2}
{"close": 1000}
{"connection": 3}
{"expect": "a"})");
    bool is_finished = false;
    const auto wait = [&](world& w) -> asio::awaitable<void> {
        co_await w.server.finished();
        is_finished = true;
    };
    const auto talk = [&](world& w) -> asio::awaitable<void> {
        asio::co_spawn(w.io, wait(w), asio::detached); // two may wait
        co_await w.knock();
        auto second = co_await w.dial();
        const auto frame = co_await second.read_frame();
        CHECK(frame.payload() == "\x03\xe8");
        CHECK_FALSE(is_finished);
        auto third = co_await w.dial();
        w.server.close();
        co_await w.server.finished();
    };
    w.run(talk(w));
    w.io.restart();
    w.io.run();
    CHECK(is_finished);
    CHECK(w.server.failure() ==
          "Client 2: Line 6 of the script expects \"a\"; the connection ended before.");
}

TEST_CASE("an exception of a behavior is also reported as the failure")
{
    world w("");
    live::testing::emulator_options options;
    options.behavior = [](live::testing::emulator_peer&) -> asio::awaitable<void> {
        throw std::runtime_error("This is not what I was waiting for.");
        co_return;
    };
    live::testing::emulator other(w.io.get_executor(), options);
    const auto talk = [&](world&) -> asio::awaitable<void> {
        auto socket = co_await test::raw_websocket(other.port(), target);
        co_await socket.read_frame();
        auto answer = raw_frame::close(1011).masked().bytes();
        co_await socket.write(std::move(answer));
        co_await other.finished();
    };
    w.run(talk(w));
    CHECK(other.failure() == "Client 1: This is not what I was waiting for.");
}

TEST_CASE("connections are distinguished by number, including those that were refused")
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

TEST_CASE("a script drops a client after a number of messages or bytes")
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
    w.io.run(); // no work is left
    CHECK(w.server.connected() == 0);
}

TEST_CASE("an error in a script is reported when the emulator is made")
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

} // namespace script_test
