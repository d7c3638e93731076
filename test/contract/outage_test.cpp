// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include "contract/broken_world.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"
#include "support/raw_peer.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <algorithm>

namespace outage_test {

// Servers that end, refuse and forget, and what the user sees of it.
using namespace test;
using namespace std::chrono_literals;

namespace {

/// A server that does what `script` says, and a client of the Gemini API that reconnects at once.
struct scripted_world {
    test::context io;
    live::client_options calling{};
    std::optional<live::testing::emulator> server{};

    explicit scripted_world(const std::string& script)
    {
        live::testing::emulator_options serving;
        serving.script = script;
        server.emplace(io.get_executor(), serving);
        test::make_loud(calling);
        calling.credentials = live::api_key(test::secret_key);
        calling.base_url = server->url();
        calling.reconnect.first_delay = 1ms;
        calling.reconnect.attempts_per_second = std::nullopt;
    }
};

/// What a user has seen by the end.
struct story {
    std::vector<live::status_change> changes{};
    std::string text{};
    std::optional<live::error> failure{};
};

/// Asks one question, and reads until it has been answered or the session has ended.
asio::awaitable<void> ask(live::session& session, story& seen)
{
    co_await session.connect();
    co_await session.send("What is the answer?");
    auto events = session.events();
    try {
        while (auto event = co_await events.next()) {
            if (const auto* change = std::get_if<live::status_change>(&*event))
                seen.changes.push_back(*change);
            const auto* message = std::get_if<live::server_message>(&*event);
            if (!message) continue;
            seen.text += message->text();
            if (message->turn_complete()) co_await session.close();
        }
    } catch (const live::error& end) {
        seen.failure = end;
    }
}

story told_by(scripted_world& w)
{
    const live::client client{w.io.get_executor(), w.calling};
    live::session session{client, {.model = "gemini-3.8-live"}};
    story seen;
    test::run(w.io, ask(session, seen));
    return seen;
}

/// The first connection sends a handle, receives the question, and then does `end`.
std::string first_connection(const std::string& end)
{
    return R"({"connection": 1}
{"expect": {"setup": {"sessionResumption": {"handle": null}}}}
{"send": {"setupComplete": {}}}
{"send": {"sessionResumptionUpdate": {"newHandle": "h1", "resumable": true}}}
{"expect": {"realtimeInput": {"text": "What is the answer?"}}}
)" + end + '\n';
}

/// Connection `number` resumes with the handle, receives the question again, and answers.
std::string answering_connection(int number, const std::string& handle = R"("h1")")
{
    return R"({"connection": )" + std::to_string(number) + R"(}
{"expect": {"setup": {"sessionResumption": {"handle": )" +
           handle + R"(}}}}
{"send": {"setupComplete": {}}}
{"expect": {"realtimeInput": {"text": "What is the answer?"}}}
{"send": {"serverContent": {"modelTurn": {"parts": [{"text": "42"}]}, "turnComplete": true}}}
{"stall": true}
)";
}

std::string close_with(int code, const std::string& reason)
{
    return R"({"close": )" + std::to_string(code) + R"(, "reason": ")" + reason + "\"}";
}

} // namespace

TEST_CASE("a connection that ends in the middle of a question is resumed, and it is asked again")
{
    for (const auto& end : {std::string(R"({"drop": true})"), close_with(1000, ""),
             close_with(1001, ""), close_with(1011, "Internal error encountered."),
             close_with(1011, "Deadline expired before operation could complete."),
             close_with(1012, ""), close_with(1013, ""),
             close_with(1008, "The operation was aborted."),
             close_with(1008, "Connection aborted because the client failed to close the "
                              "connection after receiving a GoAway signal.")}) {
        INFO(end);
        scripted_world w(first_connection(end) + answering_connection(2));
        const auto seen = told_by(w);
        CHECK_FALSE(seen.failure);
        CHECK(seen.text == "42");
        CHECK(steps(seen.changes) == "connecting, connected, reconnecting, connected, closed");
        REQUIRE(seen.changes.size() == 5);
        CHECK(seen.changes[2].cause);
        CHECK(seen.changes[3].resumed);
        CHECK(seen.changes[3].replayed == 1);
        CHECK_FALSE(seen.changes[3].context_lost);
    }
}

TEST_CASE("a handle that the server has forgotten costs the context, and the user is told")
{
    for (const auto& refusal : {close_with(1007, "Invalid session handle"),
             close_with(1008, "Requested entity was not found."),
             close_with(1008, "BidiGenerateContent session not found")}) {
        INFO(refusal);
        scripted_world w(first_connection(R"({"drop": true})") +
                         R"({"connection": 2}
{"expect": {"setup": {"sessionResumption": {"handle": "h1"}}}}
)" + refusal + '\n' + answering_connection(3, "null"));
        const auto seen = told_by(w);
        CHECK_FALSE(seen.failure);
        CHECK(seen.text == "42");
        CHECK(steps(seen.changes) ==
              "connecting, connected, reconnecting, reconnecting, connected, closed");
        REQUIRE(seen.changes.size() == 6);
        CHECK_FALSE(seen.changes[4].resumed);
        CHECK(seen.changes[4].context_lost);
    }
}

TEST_CASE("a permanent error ends the session with its cause")
{
    struct row {
        int code;
        std::string reason;
        live::errc means;
    };
    for (const auto& each :
        {row{1007, "API key expired. Please renew the API key.", live::errc::unauthorized},
            row{1007, "User location is not supported for the API use.", live::errc::rejected},
            row{1008, "models/gemini-x is not found for API version v1beta",
                live::errc::rejected}}) {
        INFO(each.reason);
        scripted_world w(first_connection(close_with(each.code, each.reason)));
        const auto seen = told_by(w);
        REQUIRE(seen.failure);
        CHECK(seen.failure->value() == each.means);
        CHECK(seen.failure->close_code() == each.code);
        CHECK(steps(seen.changes) == "connecting, connected, failed");
        CHECK(w.server->accepted() == 1);
    }
}

TEST_CASE("temporary refusals of a reconnect are waited out: 503 and 429, with Retry-After")
{
    struct row {
        std::string refusal;
        live::errc means;
        std::chrono::milliseconds at_least;
    };
    for (const auto& each :
        {row{R"({"refuse": 503})", live::errc::unavailable, 0ms},
            row{R"({"refuse": 503, "headers": {"retry-after": "1"}})", live::errc::unavailable, 1s},
            row{R"({"refuse": 429, "headers": {"retry-after": "1"}})", live::errc::quota_exceeded,
                1s}}) {
        INFO(each.refusal);
        scripted_world w(first_connection(R"({"drop": true})") + "{\"connection\": 2}\n" +
                         each.refusal + '\n' + answering_connection(3));
        const auto began = w.io.now();
        const auto seen = told_by(w);
        CHECK_FALSE(seen.failure);
        CHECK(seen.text == "42");
        REQUIRE(steps(seen.changes) ==
                "connecting, connected, reconnecting, reconnecting, connected, closed");
        REQUIRE(seen.changes[3].cause);
        CHECK(seen.changes[3].cause->value() == each.means);
        CHECK(seen.changes[3].delay >= each.at_least);
        CHECK(w.io.now() - began >= each.at_least);
        CHECK(seen.changes[4].resumed);
    }
}

TEST_CASE("permanent refusals of a reconnect end the session: 403, 404")
{
    for (const auto& [status, means] :
        {std::pair(403, live::errc::unauthorized), std::pair(404, live::errc::rejected)}) {
        INFO(status);
        scripted_world w(first_connection(R"({"drop": true})") +
                         "{\"connection\": 2}\n{\"refuse\": " + std::to_string(status) + "}\n");
        const auto seen = told_by(w);
        REQUIRE(seen.failure);
        CHECK(seen.failure->value() == means);
        CHECK(seen.failure->http_status() == status);
        CHECK(steps(seen.changes) == "connecting, connected, reconnecting, failed");
        CHECK(w.server->accepted() == 1);
    }
}

TEST_CASE("a server restart: its port closes, then no handle is known, and the conversation still "
          "continues",
    "[sockets]")
{
    broken_world w;
    w.calling.reconnect.first_delay = 10ms;
    w.calling.reconnect.max_delay = 20ms;
    const auto client = w.start();
    live::session session{client, written()};
    std::vector<live::status_change> changes;
    std::string text;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto first = numbered(1, "Hello");
        co_await session.send(first);
        auto greeting = co_await session.turn();
        CHECK(greeting.end == live::turn_end::complete);
        const auto port = w.server->port();
        w.server.reset();
        const auto second = numbered(2, "What did I say?");
        co_await session.send(second);
        auto events = session.events();
        for (bool answered = false; !answered;) {
            auto event = co_await events.next();
            REQUIRE(event);
            if (const auto* change = std::get_if<live::status_change>(&*event)) {
                changes.push_back(*change);
                if (changes.size() == 4) { // it has failed to connect for a while
                    w.serving.port = port;
                    w.server.emplace(w.io.get_executor(), w.serving);
                }
            }
            const auto* message = std::get_if<live::server_message>(&*event);
            if (message) text += message->text();
            answered = message && message->turn_complete();
        }
        co_await session.close();
    };
    w.run(work());
    REQUIRE(changes.size() > 4);
    const auto& back = changes.back();
    CHECK(back.to == live::session_status::connected);
    CHECK(back.context_lost);
    CHECK(back.outage > 0ms);
    CHECK(text.find("first words") != std::string::npos); // it has forgotten the first
    CHECK(std::all_of(changes.begin(), changes.end() - 1, [](const auto& each) {
        return each.to == live::session_status::reconnecting && each.cause;
    }));
}

TEST_CASE(
    "a server that sends goAway several times a second: nothing is lost or repeated", "[sockets]")
{
    broken_world w;
    w.serving.lifetime = 300ms;
    w.serving.notice = 200ms;
    w.calling.reconnect.healthy_after = 50ms; // not a failed attempt
    const auto client = w.start();
    live::session session{client, written()};
    std::vector<int> sent;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        while (session.counters().connections < 8) {
            sent.push_back(static_cast<int>(sent.size()) + 1);
            const auto text = numbered(sent.back(), "Hello");
            co_await session.send(text);
            auto turn = co_await session.turn();
            co_await live::sleep_for(5ms);
        }
        co_await session.close();
    };
    w.run(work());
    const auto judged = compare(sent, numbers_of(w.record.newest(), false));
    CHECK(judged == verdict{sent.size(), sent.size(), 0, 0, 0});
    CHECK(session.counters().handovers >= 5);
    CHECK(session.counters().contexts_lost == 0);
}

namespace {

/// Skips pings.
asio::awaitable<std::string> next_message(raw_socket& from)
{
    constexpr std::uint8_t first_of_control = 8;
    auto frame = co_await from.read_frame();
    while (frame.opcode() >= first_of_control) frame = co_await from.read_frame();
    co_return frame.payload();
}

/// Serves two connections: breaks RFC 6455 on the first by `violation`, and answers on the second.
asio::awaitable<void> break_once(raw_peer& server, std::string violation)
{
    const std::string complete = raw_frame::text(R"({"setupComplete":{}})").bytes();
    const std::string update =
        raw_frame::text(R"({"sessionResumptionUpdate":{"newHandle":"h1","resumable":true}})")
            .bytes();
    const std::string answer = raw_frame::text(
        R"({"serverContent":{"modelTurn":{"parts":[{"text":"42"}]},"turnComplete":true}})")
                                   .bytes();
    auto first = co_await server.accept_websocket();
    auto setup = co_await next_message(first);
    co_await first.write(complete + update);
    auto question = co_await next_message(first);
    co_await first.write(std::move(violation));
    auto second = co_await server.accept_websocket();
    setup = co_await next_message(second);
    CHECK(setup.find("\"h1\"") != std::string::npos);
    co_await second.write(complete);
    question = co_await next_message(second);
    CHECK(question.find("What is the answer?") != std::string::npos);
    co_await second.write(answer);
    co_await second.read_to_end();
}

} // namespace

TEST_CASE("a server that breaks the WebSocket protocol in mid-session is left, and the question "
          "asked again",
    "[sockets]")
{
    const std::string begun = R"({"serverContent":{"modelTurn":{"parts":[{"text":"4)";
    for (const auto& [name, bytes] :
        {std::pair("reserved bits", raw_frame::text("{}").reserved(4).bytes()),
            std::pair("a masked frame", raw_frame::text("{}").masked(true).bytes()),
            std::pair("no UTF-8", raw_frame::text("\xff\xfe").bytes()),
            std::pair("an unknown opcode", raw_frame(0x0b, "x").bytes()),
            std::pair("a new message inside a message",
                raw_frame::text(begun).final(false).bytes() + raw_frame::text("{}").bytes())}) {
        INFO(name);
        asio::io_context io;
        raw_peer server(io);
        live::client_options calling;
        test::make_loud(calling);
        calling.credentials = live::api_key(test::secret_key);
        calling.base_url = "http://127.0.0.1:" + std::to_string(server.port());
        calling.reconnect.first_delay = 1ms;
        calling.deadlines.close = 100ms; // this server does not answer it
        asio::co_spawn(io, break_once(server, bytes), asio::detached);
        const live::client client{io.get_executor(), calling};
        live::session session{client, {.model = "gemini-3.8-live"}};
        story seen;
        test::run(io, ask(session, seen));
        CHECK_FALSE(seen.failure);
        CHECK(seen.text == "42");
        REQUIRE(steps(seen.changes) == "connecting, connected, reconnecting, connected, closed");
        CHECK(seen.changes[2].cause->value() == live::errc::protocol_violation);
    }
}

} // namespace outage_test
