// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"
#include "support/raw_peer.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace closes_test {

// Closes and refusals over loopback, from servers that each behave in their own way.
namespace live = gemini::live;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr const char* setup_complete = R"({"setupComplete":{}})";

asio::awaitable<void> both(asio::awaitable<void> one, asio::awaitable<void> other)
{
    using namespace asio::experimental::awaitable_operators;
    co_await (std::move(one) && std::move(other));
}

/// A raw server and a client of it.
struct raw_world {
    asio::io_context io;
    test::raw_peer peer{io};
    live::client_options calling{};

    raw_world()
    {
        test::make_loud(calling);
        calling.credentials = live::api_key(test::secret_key);
        calling.base_url = "http://127.0.0.1:" + std::to_string(peer.port());
        calling.reconnect.first_connect_attempts = 1;
        calling.reconnect.first_delay = 1ms;
    }

    [[nodiscard]] live::client client() { return {io.get_executor(), calling}; }
    void run(asio::awaitable<void> work) { test::run(io, std::move(work)); }
};

/// Accepts a setup, then reads up to the client's Close.
asio::awaitable<test::raw_socket> serve_until_close(test::raw_peer& peer)
{
    auto socket = co_await peer.accept_websocket();
    co_await socket.read_frame();
    co_await socket.write(test::raw_frame::binary(setup_complete).bytes());
    for (;;) {
        const auto frame = co_await socket.read_frame();
        if (frame.opcode() != 8) continue;
        CHECK(frame.close_code() == 1000);
        co_return socket;
    }
}

/// How long close() takes with a server that answers like this.
std::chrono::milliseconds closing_takes(
    std::chrono::milliseconds deadline, std::optional<std::chrono::milliseconds> answer)
{
    raw_world w;
    w.calling.deadlines.close = deadline;
    const auto client = w.client();
    std::chrono::milliseconds taken{};
    bool done = false;
    const auto serve = [&]() -> asio::awaitable<void> {
        auto socket = co_await serve_until_close(w.peer);
        if (!answer) {
            co_await socket.read_to_end();
            co_return;
        }
        co_await live::sleep_for(*answer);
        CHECK_FALSE(done);
        co_await socket.write(test::raw_frame::close(1000).bytes());
        socket.finish();
        co_await socket.read_to_end();
    };
    const auto use = [&]() -> asio::awaitable<void> {
        live::session session{client, live::setup{.model = "gemini-3.8-live"}};
        co_await session.connect();
        const auto begun = clock_type::now();
        co_await session.close();
        done = true;
        taken = std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - begun);
    };
    w.run(both(use(), serve()));
    return taken;
}

std::string refusal(int status, const std::string& body, const std::string& type = "text/html")
{
    return test::http_response(status, {{"Content-Type", type}}, body);
}

/// The first error of a session whose upgrades are answered like this.
live::error refused_by(const std::string& answer, live::client_options* calling = nullptr)
{
    raw_world w;
    if (calling) w.calling.credentials = calling->credentials;
    const auto client = w.client();
    std::optional<live::error> failure;
    const auto serve = [&]() -> asio::awaitable<void> {
        auto socket = co_await w.peer.accept();
        co_await socket.read_head();
        co_await socket.write(answer);
        co_await socket.read_to_end();
    };
    const auto use = [&]() -> asio::awaitable<void> {
        live::session session{client, live::setup{.model = "gemini-3.8-live"}};
        try {
            co_await session.connect();
        } catch (const live::error& thrown) {
            failure = thrown;
        }
    };
    w.run(both(use(), serve()));
    REQUIRE(failure);
    return *failure;
}

constexpr const char* bad_key =
    R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":)"
    R"("INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})";

} // namespace

TEST_CASE(
    "close() over a network waits for the server's Close, which confirms the end", "[sockets]")
{
    CHECK(closing_takes(2s, 0ms) < 500ms);
    CHECK(closing_takes(2s, 300ms) >= 300ms);
}

TEST_CASE("close() waits for a server that never answers no longer than the deadline", "[sockets]")
{
    const auto taken = closing_takes(200ms, std::nullopt);
    CHECK(taken >= 200ms);
    CHECK(taken < 2s);
}

TEST_CASE("a session that resumes elsewhere right after close() does not meet an open connection")
{
    test::context io;
    live::testing::emulator_options serving;
    serving.pace = 0;
    live::testing::emulator server(io.get_executor(), serving);
    live::client_options calling;
    test::make_loud(calling);
    calling.base_url = server.url();
    calling.credentials = live::api_key(test::secret_key);
    calling.reconnect.first_connect_attempts = 1; // the first attempt is to succeed
    const live::client client{io.get_executor(), calling};
    const auto work = [&]() -> asio::awaitable<void> {
        live::setup setup{.model = "gemini-3.8-live"};
        setup.session_resumption.emplace();
        for (int i = 0; i < 20; ++i) {
            live::session session{client, setup};
            co_await session.connect();
            co_await session.send("Hello");
            auto turn = co_await session.turn();
            while (session.resumption_handle().empty()) co_await live::sleep_for(1ms);
            setup.session_resumption->handle = session.resumption_handle();
            co_await session.close();
        }
    };
    test::run(io, work());
    CHECK(server.accepted() == 20);
}

TEST_CASE("a refused upgrade is reported in the service's words: an invalid key", "[sockets]")
{
    for (const auto& body : {std::string(bad_key), "[" + std::string(bad_key) + "]"}) {
        const auto why = refused_by(refusal(400, body, "application/json"));
        CHECK(why.value() == live::errc::unauthorized);
        CHECK(why.condition() == live::condition::credentials);
        CHECK(why.http_status() == 400);
        CHECK(why.reason() == "API key not valid. Please pass a valid API key.");
        CHECK(std::string(why.what()).find(why.reason()) != std::string::npos);
    }
}

TEST_CASE("a refused upgrade names the variable of an invalid key, and never the key", "[sockets]")
{
    live::client_options calling;
    calling.credentials = live::api_key("AIza-some-key-of-mine", "GEMINI_API_KEY");
    const auto echo = R"({"error":{"message":"API key AIza-some-key-of-mine not valid."}})";
    const auto why = refused_by(refusal(400, echo, "application/json"), &calling);
    const std::string told = why.what();
    CHECK(why.value() == live::errc::unauthorized);
    CHECK(told.find("GEMINI_API_KEY") != std::string::npos);
    CHECK(told.find("AIza-some") == std::string::npos);
    CHECK(why.reason().find("AIza-some") == std::string::npos);
}

TEST_CASE("a captive portal's page is reported as such, whatever its status", "[sockets]")
{
    for (const int status : {200, 403, 404}) {
        const auto why = refused_by(
            refusal(status, "<html><head><title>Welcome to the hotel</title></head></html>"));
        CHECK(why.value() == live::errc::rejected);
        CHECK(why.http_status() == status);
        CHECK(std::string(why.what()).find("Welcome to the hotel") != std::string::npos);
        CHECK(std::string(why.what()).find("portal") != std::string::npos);
    }
}

TEST_CASE(
    "a session that has worked rides out any temporary obstacle, and its conversation continues",
    "[sockets]")
{
    const std::string page = "<html><title>Log in</title></html>";
    const std::vector<std::string> in_the_way{refusal(502, "<html>Bad Gateway</html>"),
        refusal(504, ""), refusal(408, ""), refusal(425, ""), refusal(200, page),
        refusal(403, page), refusal(404, page),
        test::http_response(302, {{"Location", "http://portal.example/"}}),
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", std::string("\x15\x03\x01\x00\x02\x02\x28", 7)};
    raw_world w;
    w.calling.deadlines.upgrade = 500ms;
    w.calling.reconnect.max_delay = 5ms;
    w.calling.reconnect.max_attempts = std::nullopt;
    const auto client = w.client();
    const auto serve = [&]() -> asio::awaitable<void> {
        {
            auto socket = co_await w.peer.accept_websocket();
            co_await socket.read_frame();
            co_await socket.write(
                test::raw_frame::binary(setup_complete).bytes() +
                test::raw_frame::binary(
                    R"({"sessionResumptionUpdate":{"newHandle":"a-handle","resumable":true}})")
                    .bytes() +
                test::raw_frame::close(1011, "Internal error.").bytes());
            socket.finish();
            co_await socket.read_to_end();
        }
        for (const auto& each : in_the_way) {
            auto socket = co_await w.peer.accept();
            co_await socket.read_head();
            co_await socket.write(each);
            socket.finish();
            co_await socket.read_to_end();
        }
        auto socket = co_await w.peer.accept_websocket();
        const auto setup = co_await socket.read_frame();
        CHECK(setup.payload().find("a-handle") != std::string::npos);
        co_await socket.write(test::raw_frame::binary(setup_complete).bytes());
        for (auto frame = co_await socket.read_frame(); frame.opcode() != 8;)
            frame = co_await socket.read_frame();
        co_await socket.write(test::raw_frame::close(1000).bytes());
    };
    const auto use = [&]() -> asio::awaitable<void> {
        live::session session{client, live::setup{.model = "gemini-3.8-live"}};
        co_await session.connect();
        auto events = session.events();
        bool resumed = false;
        while (!resumed) {
            auto event = co_await events.next();
            REQUIRE(event);
            if (const auto* change = std::get_if<live::status_change>(&*event))
                resumed = change->resumed;
        }
        co_await session.close();
    };
    w.run(both(use(), serve()));
}

TEST_CASE("white space around the key in the environment is not sent")
{
    test::context io;
    live::testing::emulator_options serving;
    std::string seen;
    serving.on_upgrade = [&](const live::testing::emulator_request& request) {
        for (const auto& [name, value] : request.headers)
            if (name == "x-goog-api-key") seen = value;
        return live::testing::emulator_verdict();
    };
    live::testing::emulator server(io.get_executor(), serving);
    ::setenv("GEMINI_API_KEY", " a-key-with-a-line-break\r\n", 1);
    live::client_options calling;
    calling.base_url = server.url();
    const auto client = live::client::from_environment(io.get_executor(), calling);
    ::unsetenv("GEMINI_API_KEY");
    const auto work = [&]() -> asio::awaitable<void> {
        live::session session{client, live::setup{.model = "gemini-3.8-live"}};
        co_await session.connect();
        co_await session.close();
    };
    test::run(io, work());
    CHECK(seen == "a-key-with-a-line-break");
}

} // namespace closes_test
