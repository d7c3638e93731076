// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/raw_peer.hpp"
#include "support/run.hpp"

#include "protocol/json_reader.hpp"

#include <gemini/live/mcp.hpp>
#include <gemini/live/within.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace http_channel_test {

using namespace std::chrono_literals;
namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
using gemini::live::errc;
using gemini::live::protocol::json_value;
using test::http_head;

namespace {

/// A request that the server got.
struct seen {
    http_head head;
    std::string body;

    [[nodiscard]] std::string verb() const
    {
        return head.start_line.substr(0, head.start_line.find(' '));
    }
    [[nodiscard]] std::string method() const
    {
        if (body.empty()) return verb();
        const auto method = json_value::parse(body).find("method");
        return method ? *method->string() : "answer";
    }
    [[nodiscard]] std::string id() const
    {
        const auto id = json_value::parse(body).find("id");
        return id ? id->text() : "";
    }
};

std::string response(int status, const std::string& type, const std::string& body,
    const std::string& more_fields = {})
{
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_fields + "\r\n" +
           body;
}

std::string json_response(const std::string& body, const std::string& more_fields = {})
{
    return response(200, "application/json", body, more_fields);
}

/// The head of a stream of events that ends with the connection.
std::string stream_head()
{
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
}

std::string event(const std::string& data, const std::string& id = {})
{
    return (id.empty() ? "" : "id: " + id + "\n") + "event: message\ndata: " + data + "\n\n";
}

std::string answer(const std::string& id, const std::string& result)
{
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}";
}

constexpr auto hello = R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
                       R"("serverInfo":{"name":"peer","version":"1"}})";
constexpr auto done = R"({"content":[{"type":"text","text":"done"}]})";

/// What the server does about a request: says bytes, then ends the connection or holds it.
struct reaction {
    std::string bytes;
    bool holds = false;
};

/// A server that takes any number of connections at once.
struct bench {
    explicit bench(std::optional<test::pem_identity> identity = {}) : peer(io, identity)
    {
        asio::co_spawn(io, accept_all(), asio::detached);
        server.url = (identity ? "https://127.0.0.1:" : "http://127.0.0.1:") +
                     std::to_string(peer.port()) + "/mcp?x=1";
        server.listen = false;
    }

    asio::awaitable<void> accept_all()
    {
        for (;;) {
            auto socket = std::make_shared<test::raw_socket>(co_await peer.accept());
            asio::co_spawn(io, serve(socket), asio::detached);
        }
    }

    asio::awaitable<void> serve(std::shared_ptr<test::raw_socket> socket)
    {
        seen request;
        request.head = co_await socket->read_head();
        const auto length = request.head.header("content-length");
        if (!length.empty()) request.body = co_await socket->read(std::stoul(length));
        requests.push_back(request);
        auto what = react(request);
        co_await socket->write(std::move(what.bytes));
        if (!what.holds) co_return socket->finish();
        held.push_back(socket);
        co_await socket->read_to_end();
        ++hung_up;
    }

    reaction react(const seen& request)
    {
        if (on_request) {
            if (auto own = on_request(request)) return std::move(*own);
        }
        if (request.method() == "initialize")
            return {json_response(answer(request.id(), hello), "Mcp-Session-Id: s-1\r\n")};
        if (request.method() == "tools/call") return {json_response(answer(request.id(), done))};
        if (request.verb() == "GET") return {response(405, "text/plain", "")};
        return {response(202, "text/plain", "")};
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        return test::run(io, std::move(work));
    }

    /// Runs until it is true, and fails if it never is.
    void until(const std::function<bool()>& is_true)
    {
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (!is_true()) {
            io.restart();
            REQUIRE(io.run_one_until(end) == 1);
        }
    }

    template <class T>
    live::error failure(asio::awaitable<T> work)
    {
        try {
            static_cast<void>(run(std::move(work)));
        } catch (const live::error& why) {
            return why;
        }
        FAIL("it did not fail");
        throw std::logic_error("unreachable");
    }

    [[nodiscard]] std::vector<std::string> methods() const
    {
        std::vector<std::string> all;
        for (const auto& each : requests) all.push_back(each.method());
        return all;
    }

    asio::io_context io;
    test::raw_peer peer;
    mcp::http_server server;
    std::function<std::optional<reaction>(const seen&)> on_request{};
    std::vector<seen> requests{};
    std::vector<std::shared_ptr<test::raw_socket>> held{};
    int hung_up = 0;
};

using list = std::vector<std::string>;
constexpr auto output = "/output";

} // namespace

TEST_CASE("a server is called by POST, with its session and version, and the session is deleted")
{
    const bool tls = GENERATE(false, true);
    const test::certificate_authority authority;
    bench on(tls ? std::optional(authority.issue("IP:127.0.0.1")) : std::nullopt);
    on.server.tls.ca_pem = authority.pem();
    on.server.bearer_token = live::secret("canary-token");
    on.server.headers = {{"X-Own", "value"}};
    mcp::client client(on.io, on.server);
    const auto result = on.run(client.call_tool("x", live::json::object().add("a", 1)));
    CHECK(result.response.at<std::string>(output) == "done");
    on.run(client.close());
    REQUIRE(
        on.methods() == list{"initialize", "notifications/initialized", "tools/call", "DELETE"});
    for (const auto& each : on.requests) {
        const bool is_first = &each == &on.requests.front();
        CHECK(each.head.header("authorization") == "Bearer canary-token");
        CHECK(each.head.header("x-own") == "value");
        CHECK(each.head.header("mcp-session-id") == (is_first ? "" : "s-1"));
        CHECK(each.head.header("mcp-protocol-version") == (is_first ? "" : "2025-06-18"));
        CHECK(each.head.start_line.find(" /mcp?x=1 ") != std::string::npos);
        if (each.verb() != "POST") continue;
        CHECK(each.head.header("accept") == "application/json, text/event-stream");
        CHECK(each.head.header("content-type") == "application/json");
    }
    CHECK(on.failure(client.call_tool("x", {})).value() == errc::closed);
}

TEST_CASE("a server without sessions is called without one, and nothing is deleted")
{
    bench on;
    on.on_request = [](const seen& request) -> std::optional<reaction> {
        if (request.method() != "initialize") return std::nullopt;
        return reaction{json_response(answer(request.id(), hello))};
    };
    mcp::client client(on.io, on.server);
    on.run(client.call_tool("x", {}));
    on.run(client.close());
    CHECK(on.methods() == list{"initialize", "notifications/initialized", "tools/call"});
    CHECK(on.requests[2].head.header("mcp-session-id").empty());
}

TEST_CASE("an answer may be a stream of events, with a request before it that is answered")
{
    bench on;
    std::string id;
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() == "initialize")
            return reaction{stream_head() + event(answer(request.id(), hello))};
        if (request.method() == "answer") {
            CHECK(request.body == R"({"jsonrpc":"2.0","id":"p","result":{}})");
            asio::co_spawn(on.io, on.held.back()->write(event(answer(id, done))), asio::detached);
        }
        if (request.method() != "tools/call") return std::nullopt;
        id = request.id();
        return reaction{
            stream_head() + ": hello\n\n" + event(R"({"jsonrpc":"2.0","id":"p","method":"ping"})"),
            true}; // and never ends
    };
    mcp::client client(on.io, on.server);
    const auto result = on.run(client.call_tool("x", {}));
    CHECK(result.response.at<std::string>(output) == "done");
    on.run(client.close());
    on.until([&] { return on.hung_up == 1; });
}

TEST_CASE("progress is reported while the call runs")
{
    bench on;
    std::string id;
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() != "tools/call") return std::nullopt;
        id = request.id();
        return reaction{
            stream_head() + event(R"({"jsonrpc":"2.0","method":"notifications/progress","params":)"
                                  R"({"progressToken":)" +
                                  id + R"(,"progress":1}})"),
            true};
    };
    mcp::client client(on.io, on.server);
    const auto finish = [&](const mcp::progress&) {
        asio::co_spawn(on.io, on.held.back()->write(event(answer(id, done))), asio::detached);
    };
    CHECK_FALSE(on.run(client.call_tool("x", {}, finish)).is_error);
}

TEST_CASE("a stream that ends before the answer is continued where it ended, after the time named")
{
    bench on;
    const auto cut =
        GENERATE("id: 7\nretry: 150\ndata: \n\n", "id: 7\nretry: 150\ndata: \n\ndata: ha");
    std::string id;
    int gets = 0;
    std::chrono::steady_clock::time_point ended;
    std::chrono::steady_clock::time_point continued;
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() == "tools/call") {
            id = request.id();
            ended = std::chrono::steady_clock::now();
            return reaction{stream_head() + cut};
        }
        if (request.verb() != "GET") return std::nullopt;
        CHECK(request.head.header("last-event-id") == (gets == 0 ? "7" : "8"));
        continued = std::chrono::steady_clock::now();
        if (++gets == 1) return reaction{stream_head() + "id: 8\ndata: \n\n"};
        return reaction{stream_head() + event(answer(id, done), "9")};
    };
    mcp::client client(on.io, on.server);
    CHECK_FALSE(on.run(client.call_tool("x", {})).is_error);
    CHECK(gets == 2);
    CHECK(continued - ended >= 300ms);
}

TEST_CASE("a stream that ends before the answer, and cannot be continued, is a lost connection")
{
    bench on;
    const auto text = GENERATE(std::string(), event(R"({"jsonrpc":"2.0","method":"x"})"));
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() != "tools/call") return std::nullopt;
        return reaction{stream_head() + text};
    };
    mcp::client client(on.io, on.server);
    CHECK(on.failure(client.call_tool("x", {})).value() == errc::connection_lost);
}

TEST_CASE("a server that has forgotten its session is greeted again, and the call is repeated")
{
    bench on;
    int sessions = 0;
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() == "initialize") {
            const auto id = "s-" + std::to_string(++sessions);
            return reaction{
                json_response(answer(request.id(), hello), "MCP-Session-Id: " + id + "\r\n")};
        }
        const auto session = request.head.header("mcp-session-id");
        if (session == "s-1" && request.method() == "tools/call")
            return reaction{response(404, "application/json", "{}")};
        return std::nullopt;
    };
    mcp::client client(on.io, on.server);
    CHECK_FALSE(on.run(client.call_tool("x", {})).is_error);
    CHECK(sessions == 2);
    CHECK(on.requests.back().head.header("mcp-session-id") == "s-2");
}

TEST_CASE("a refusal is told with its status, the server's words, and no secret")
{
    struct row {
        int status;
        errc code;
    };
    const auto row = GENERATE(values<struct row>({{400, errc::rejected}, {401, errc::unauthorized},
        {403, errc::unauthorized}, {404, errc::rejected}, {405, errc::rejected},
        {429, errc::quota_exceeded}, {500, errc::unavailable}, {503, errc::unavailable},
        {302, errc::rejected}, {202, errc::rejected}}));
    const auto body = GENERATE(std::string("no canary-token here"),
        std::string(
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no canary-token"}})"));
    CAPTURE(row.status, body);
    bench on;
    on.server.bearer_token = live::secret("canary-token");
    on.on_request = [&](const seen&) -> std::optional<reaction> {
        return reaction{response(
            row.status, "text/plain", body, "Location: https://a.example/\r\nRetry-After: 7\r\n")};
    };
    mcp::client client(on.io, on.server);
    const auto why = on.failure(client.connect());
    CHECK(why.value() == row.code);
    CHECK(why.http_status() == row.status);
    CHECK(why.retry_after() == 7s);
    const std::string text = why.what();
    CAPTURE(text);
    CHECK(text.find("canary") == std::string::npos);
    CHECK(text.find(std::to_string(row.status)) != std::string::npos);
    const auto* const part = row.status == 302 ? "https://a.example/" : "no …";
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("an answer over the limit fails its call, and others go on")
{
    bench on;
    mcp::client_options options;
    options.max_message = 10'000;
    const bool is_stream = GENERATE(false, true);
    const auto huge =
        R"({"content":[{"type":"text","text":")" + std::string(20'000, 'x') + R"("}]})";
    bool is_huge = true;
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() != "tools/call" || !std::exchange(is_huge, false)) return std::nullopt;
        const auto text = answer(request.id(), huge);
        return is_stream ? reaction{stream_head() + event(text), true}
                         : reaction{json_response(text)};
    };
    mcp::client client(on.io, on.server, options);
    CHECK(on.failure(client.call_tool("x", {})).value() == errc::message_too_big);
    CHECK_FALSE(on.run(client.call_tool("x", {})).is_error);
}

TEST_CASE("an answer that is none is waited for no longer than it can come")
{
    bench on;
    mcp::client_options options;
    options.call_deadline = 20s;
    const auto* const body = GENERATE("", "{", "[]", R"({"jsonrpc":"2.0","id":999,"result":{}})");
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() != "tools/call") return std::nullopt;
        return reaction{json_response(body)};
    };
    mcp::client client(on.io, on.server, options);
    CHECK(on.failure(client.call_tool("x", {})).value() == errc::connection_lost);
}

TEST_CASE("a call that takes too long is ended, and the server is told")
{
    bench on;
    mcp::client_options options;
    options.call_deadline = 200ms;
    const bool is_stream = GENERATE(false, true);
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() != "tools/call") return std::nullopt;
        return reaction{is_stream ? stream_head() : "", true};
    };
    mcp::client client(on.io, on.server, options);
    on.run(client.connect());
    CHECK(on.failure(client.call_tool("x", {})).value() == errc::timed_out);
    on.until([&] { return on.methods().back() == "notifications/cancelled"; });
    on.until([&] { return on.hung_up == 1; });
}

TEST_CASE("what belongs to no call comes on a stream of its own, which is opened again")
{
    bench on;
    on.server.listen = true;
    int gets = 0;
    asio::steady_timer changed(on.io, asio::steady_timer::time_point::max());
    on.on_request = [&](const seen& request) -> std::optional<reaction> {
        if (request.method() == "tools/list")
            return reaction{json_response(answer(request.id(), R"({"tools":[]})"))};
        if (request.verb() != "GET") return std::nullopt;
        CHECK(request.head.header("accept") == "text/event-stream");
        CHECK(request.head.header("mcp-session-id") == "s-1");
        if (++gets == 1) return reaction{stream_head() + "id: 5\nretry: 0\ndata: \n\n"};
        CHECK(request.head.header("last-event-id") == "5");
        return reaction{
            stream_head() +
                event(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})"),
            true};
    };
    mcp::client_options options;
    options.on_tools_changed = [&](const mcp::tool_list&) { changed.cancel(); };
    mcp::client client(on.io, on.server, options);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await client.connect();
        asio::error_code canceled;
        co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, canceled));
        co_await client.close();
    };
    on.run(work());
    CHECK(gets == 2);
    CHECK(on.methods().back() == "DELETE");
}

TEST_CASE("a server that offers no stream is asked for it once")
{
    bench on;
    on.server.listen = true;
    mcp::client client(on.io, on.server);
    for (int i = 0; i < 3; ++i) on.run(client.call_tool("x", {}));
    on.run(client.close());
    const auto methods = on.methods();
    CHECK(std::count(methods.begin(), methods.end(), "GET") == 1);
}

TEST_CASE("a server that is not there is an error of the network, and may come back")
{
    bench on;
    const auto right = on.server.url;
    on.server.url = "http://127.0.0.1:" + std::to_string(test::closed_port(on.io)) + "/mcp";
    mcp::client client(on.io, on.server);
    CHECK(on.failure(client.connect()).value() == errc::connect_failed);
    CHECK(on.failure(client.connect()).value() == errc::connect_failed);
}

TEST_CASE("URLs that can never work, or would send a token unencrypted, are refused at once")
{
    asio::io_context io;
    mcp::http_server server;
    const auto code = [&] {
        try {
            const mcp::client client(io, server);
        } catch (const live::error& why) {
            return why.value();
        }
        return errc::closed;
    };
    for (const auto* const url : {"", "example.com/mcp", "ftp://example.com",
             "http://example.com/mcp", "https://user:password@example.com/mcp"}) {
        CAPTURE(url);
        server.url = url;
        CHECK(code() == errc::invalid_argument);
    }
    server.url = "http://example.com/mcp";
    server.allow_plain_text = true;
    CHECK(code() == errc::closed);
    server.headers = {{"X-Own", "a\r\nb: c"}};
    CHECK(code() == errc::invalid_argument);
}

} // namespace http_channel_test
