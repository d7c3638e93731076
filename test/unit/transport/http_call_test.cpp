// SPDX-License-Identifier: Apache-2.0
#include "lws_support.hpp"
#include "support/proxy_peer.hpp"
#include "transport/http_fields.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

namespace http_call_test {

using namespace test;
using live::errc;
using live::phase;

namespace {

transport::http_request get(const bench& on)
{
    transport::http_request request;
    static_cast<transport::request_head&>(request) = on.request();
    return request;
}

transport::http_request post(const bench& on, std::string body)
{
    auto request = get(on);
    request.method = "POST";
    request.body = std::move(body);
    return request;
}

/// What the server has seen of a request.
struct seen {
    http_head head;
    std::string body;
};

asio::awaitable<void> read_request(raw_socket& socket, seen& what)
{
    what.head = co_await socket.read_head();
    const auto length = what.head.header("content-length");
    if (!length.empty()) what.body = co_await socket.read(std::stoul(length));
}

enum class then { hold, finish, reset };

/// Answers one request with `bytes`.
asio::awaitable<void> answer(
    raw_peer& peer, std::string bytes, then next = then::hold, seen* what = nullptr)
{
    auto socket = co_await peer.accept();
    seen unused;
    if (!what) what = &unused;
    co_await read_request(socket, *what);
    co_await socket.write(std::move(bytes));
    if (next == then::finish) socket.finish();
    if (next == then::reset) socket.reset();
    if (next != then::reset) co_await socket.read_to_end();
}

asio::awaitable<void> answer_in_pieces(raw_peer& peer, std::string bytes)
{
    auto socket = co_await peer.accept();
    co_await socket.read_head();
    co_await socket.drip(std::move(bytes));
    co_await socket.read_to_end();
}

asio::awaitable<void> fetch_into(transport::connector& connector, transport::http_request request,
    std::optional<transport::http_response>& result)
{
    result = co_await connector.fetch(std::move(request));
}

asio::awaitable<void> expect_error(transport::connector& connector, transport::http_request request,
    std::optional<live::error>& result)
{
    result = co_await error_of(connector.fetch(std::move(request)));
}

transport::http_response response(
    bench& on, transport::http_request request, asio::awaitable<void> server)
{
    std::optional<transport::http_response> result;
    on.run(side_by_side(fetch_into(*on.connector, std::move(request), result), std::move(server)));
    return *result;
}

live::error failure(bench& on, transport::http_request request, asio::awaitable<void> server)
{
    std::optional<live::error> result;
    on.run(
        side_by_side(expect_error(*on.connector, std::move(request), result), std::move(server)));
    return *result;
}

live::error failure(bench& on, transport::http_request request)
{
    std::optional<live::error> result;
    on.run(expect_error(*on.connector, std::move(request), result));
    return *result;
}

std::string in_chunks(const std::vector<std::string>& chunks)
{
    std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    constexpr auto* digits = "0123456789abcdef";
    for (const auto& each : chunks) {
        std::string size;
        for (auto left = each.size(); left != 0; left /= 16) size.insert(0, 1, digits[left % 16]);
        text.append(size).append("\r\n").append(each).append("\r\n");
    }
    return text;
}

} // namespace

TEST_CASE("a call returns status, headers and body, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    const auto got = response(on, get(on),
        answer(on.peer, http_response(200,
                            {{"Content-Type", "application/json"}, {"Metadata-Flavor", "Google"}},
                            R"({"a":1})")));
    CHECK(got.status == 200);
    CHECK(got.body == R"({"a":1})");
    CHECK(transport::header_of(got.fields, "content-type") == "application/json");
    CHECK(transport::header_of(got.fields, "metadata-flavor") == "Google");
    CHECK(transport::header_of(got.fields, "x-none").empty());
}

TEST_CASE("the request is as the caller specified")
{
    const bool tls = GENERATE(false, true);
    const auto body = GENERATE(std::string(), std::string("{\"a\":1}"), std::string(900'000, 'x'));
    bench on(tls);
    seen what;
    auto request = post(on, body);
    request.target = "/v1alpha/auth_tokens?a=b%20c";
    request.fields = {{"x-goog-api-key", "secret"}, {"Content-Type", "application/json"}};
    const auto got = response(on, request, answer(on.peer, http_response(200), then::hold, &what));
    CHECK(got.status == 200);
    CHECK(what.head.start_line == "POST /v1alpha/auth_tokens?a=b%20c HTTP/1.1");
    CHECK(what.head.header("host") == "127.0.0.1:" + std::to_string(on.peer.port()));
    CHECK(what.head.header("x-goog-api-key") == "secret");
    CHECK(what.head.header("content-type") == "application/json");
    CHECK(what.head.header("connection") == "close");
    CHECK(what.head.header("upgrade").empty());
    CHECK(what.body == body);
}

TEST_CASE("any status is a result, even a redirect, which is not followed")
{
    const int status = GENERATE(200, 201, 302, 400, 401, 403, 404, 429, 500, 503);
    bench on;
    const auto got = response(
        on, get(on), answer(on.peer, http_response(status, {{"Location", "/elsewhere"}}, "body")));
    CHECK(got.status == status);
    CHECK(got.body == "body");
    CHECK(transport::header_of(got.fields, "location") == "/elsewhere");
}

TEST_CASE("interim responses before the response are skipped")
{
    bench on;
    const auto got = response(on, get(on),
        answer(on.peer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                            http_response(200, {}, "hello")));
    CHECK(got.status == 200);
    CHECK(got.body == "hello");
    CHECK(transport::header_of(got.fields, "link").empty());
}

TEST_CASE("all fields of a response are returned, 60 KB of them, and one that is not known")
{
    bench on;
    header_fields fields{{"X-Not-Known", "to anybody"}};
    for (int i = 0; i < 60; ++i)
        fields.emplace_back("X-" + std::to_string(i), std::string(1'000, 'x'));
    const auto got = response(on, get(on), answer(on.peer, http_response(200, fields, "hello")));
    CHECK(got.body == "hello");
    CHECK(transport::header_of(got.fields, "x-not-known") == "to anybody");
    CHECK(transport::header_of(got.fields, "x-59").size() == 1'000);
}

TEST_CASE("a server may answer before it has read the body, and end the connection")
{
    bench on(GENERATE(false, true));
    const auto serve = [](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        co_await socket.read_head();
        auto early = http_response(413, {}, "too large");
        co_await socket.write(std::move(early));
        socket.finish();
        co_await socket.read_to_end();
    };
    const auto got = response(on, post(on, std::string(8u << 20, 'x')), serve(on.peer));
    CHECK(got.status == 413);
    CHECK(got.body == "too large");
}

TEST_CASE("a response is heard although the connection was reset in the same moment")
{
    bench on;
    const auto serve = [](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        co_await socket.read_head();
        const auto early = http_response(413, {}, "too large");
        asio::write(socket.tcp(), asio::buffer(early));
        socket.reset();
    };
    const auto got = response(on, post(on, std::string(8u << 20, 'x')), serve(on.peer));
    CHECK(got.status == 413);
    CHECK(got.body == "too large");
}

TEST_CASE("a response without a body ends with its header")
{
    bench on;
    const auto* const head = GENERATE("HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const auto got = response(on, get(on), answer(on.peer, head));
    CHECK(got.body.empty());
}

TEST_CASE("a body ends by its length, by chunks, or with the connection, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    const std::string large(300'000, 'a');
    SECTION("by its length")
    {
        const auto got = response(on, get(on), answer(on.peer, http_response(200, {}, large)));
        CHECK(got.body == large);
    }
    SECTION("in chunks")
    {
        const auto got = response(on, get(on),
            answer(on.peer, in_chunks({"he", std::string(70'000, 'l'), "o"}) + "0\r\n\r\n"));
        CHECK(got.body == "he" + std::string(70'000, 'l') + "o");
    }
    SECTION("in chunks, none of them")
    {
        const auto got = response(on, get(on), answer(on.peer, in_chunks({}) + "0\r\n\r\n"));
        CHECK(got.body.empty());
    }
    SECTION("in chunks, with fields behind them")
    {
        const auto got = response(
            on, get(on), answer(on.peer, in_chunks({"hello"}) + "0;x=y\r\nX-Sum: 1\r\n\r\n"));
        CHECK(got.body == "hello");
    }
    SECTION("in chunks, followed by the end of the connection")
    {
        const auto got = response(
            on, get(on), answer(on.peer, in_chunks({"hello"}) + "0\r\n\r\n", then::finish));
        CHECK(got.body == "hello");
    }
}

TEST_CASE("a body without a length ends with the connection")
{
    bench on;
    const std::string large(300'000, 'a');
    const auto got =
        response(on, get(on), answer(on.peer, "HTTP/1.1 200 OK\r\n\r\n" + large, then::finish));
    CHECK(got.body == large);
}

TEST_CASE("over TLS, a body without a length that ends without a close_notify is cut")
{
    bench on(true);
    const auto why =
        failure(on, get(on), answer(on.peer, "HTTP/1.1 200 OK\r\n\r\nhal", then::finish));
    CHECK(why.code() == errc::connection_lost);
}

TEST_CASE("a response may come byte by byte, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    const auto bytes =
        GENERATE(http_response(200, {}, "hello"), in_chunks({"he", "llo"}) + "0\r\n\r\n");
    bench on(tls);
    const auto got = response(on, get(on), answer_in_pieces(on.peer, bytes));
    CHECK(got.body == "hello");
}

TEST_CASE("a body over the limit is refused, however its length is announced")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    auto request = get(on);
    request.max_body = 1000;
    const std::string large(1001, 'x');
    const auto bytes = GENERATE_COPY(http_response(200, {}, large), in_chunks({large}),
        in_chunks({large.substr(1), "x"}), "HTTP/1.1 200 OK\r\n\r\n" + large,
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"));
    const auto why = failure(on, request, answer(on.peer, bytes));
    CHECK(why.code() == errc::message_too_big);
    CHECK(why.http_status() == 200);
    CHECK(std::string(why.what()).find("1000 bytes") != std::string::npos);
}

TEST_CASE("a body of exactly the limit passes")
{
    bench on;
    auto request = get(on);
    request.max_body = 1000;
    const std::string body(1000, 'x');
    CHECK(response(on, request, answer(on.peer, http_response(200, {}, body))).body == body);
}

TEST_CASE("a sink receives the body as it arrives, whatever its size, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    auto request = get(on);
    request.max_body = 1000;
    std::string received;
    asio::steady_timer has_heard(on.io, asio::steady_timer::time_point::max());
    request.choose_sink = [&](const transport::http_response& head) -> transport::body_sink {
        CHECK(head.status == 200);
        CHECK(transport::header_of(head.fields, "transfer-encoding") == "chunked");
        return [&](std::string_view piece) {
            received += piece;
            if (received.ends_with("first")) has_heard.cancel();
        };
    };
    const auto serve = [&](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        co_await socket.read_head();
        auto begin = in_chunks({std::string(5'000, 'x'), "first"});
        co_await socket.write(std::move(begin));
        asio::error_code canceled;
        co_await has_heard.async_wait(asio::redirect_error(asio::use_awaitable, canceled));
        co_await socket.write("6\r\nsecond\r\n0\r\n\r\n");
        co_await socket.read_to_end();
    };
    const auto got = response(on, request, serve(on.peer));
    CHECK(got.status == 200);
    CHECK(got.body.empty());
    CHECK(received == std::string(5'000, 'x') + "firstsecond");
}

TEST_CASE("a body that is not for a sink is limited")
{
    bench on;
    auto request = get(on);
    request.max_body = 1000;
    request.choose_sink = [](const transport::http_response&) { return transport::body_sink(); };
    const std::string large(1001, 'x');
    const auto bytes = GENERATE_COPY(
        http_response(200, {}, large), in_chunks({large}), "HTTP/1.1 200 OK\r\n\r\n" + large);
    CHECK(failure(on, request, answer(on.peer, bytes)).code() == errc::message_too_big);
    const auto got = response(on, request, answer(on.peer, http_response(404, {}, "gone")));
    CHECK(got.status == 404);
    CHECK(got.body == "gone");
}

TEST_CASE("a call whose body goes to a sink can be canceled at any time")
{
    bench on;
    auto request = get(on);
    request.choose_sink = [&](const transport::http_response&) -> transport::body_sink {
        return [](std::string_view) {};
    };
    asio::cancellation_signal stop;
    std::exception_ptr ended;
    const auto serve = [&](raw_peer& peer) -> asio::awaitable<void> {
        auto socket = co_await peer.accept();
        co_await socket.read_head();
        auto begin = in_chunks({"hello"});
        co_await socket.write(std::move(begin));
        stop.emit(asio::cancellation_type::terminal);
        co_await socket.read_to_end(); // the client hangs up
    };
    asio::co_spawn(on.io, on.connector->fetch(request),
        asio::bind_cancellation_slot(stop.slot(),
            [&](std::exception_ptr thrown, transport::http_response) { ended = thrown; }));
    on.run(serve(on.peer));
    while (!ended) on.io.run_one();
    CHECK_THROWS_AS(std::rethrow_exception(ended), std::system_error);
}

TEST_CASE("a body for a sink that breaks off is a lost connection")
{
    bench on;
    auto request = get(on);
    std::string received;
    request.choose_sink = [&](const transport::http_response&) -> transport::body_sink {
        return [&](std::string_view piece) { received += piece; };
    };
    const auto next = GENERATE(then::finish, then::reset);
    const auto why = failure(on, request, answer(on.peer, in_chunks({"half"}), next));
    CHECK(why.code() == errc::connection_lost);
    CHECK(received == "half");
}

TEST_CASE("a chunk that claims a huge size does no harm")
{
    bench on;
    const auto* const size = GENERATE("80000001", "ffffffff", "7fffffff", "ffffffffffffffff");
    const auto bytes = in_chunks({}) + size + "\r\n" + std::string(1000, 'x');
    auto request = get(on);
    request.max_body = 500;
    const auto why = failure(on, request, answer(on.peer, bytes));
    CHECK(why.code() == errc::message_too_big);
}

TEST_CASE("a truncated response is a lost connection, not a shorter response")
{
    const auto next = GENERATE(then::finish, then::reset);
    const auto bytes = GENERATE(std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        in_chunks({"half"}), in_chunks({"half"}) + "0\r\n", std::string("HTTP/1.1 200 OK\r\nConte"),
        std::string());
    bench on;
    const auto why = failure(on, get(on), answer(on.peer, bytes, next));
    CHECK(why.code() == errc::connection_lost);
    CHECK(why.phase() == phase::upgrade);
}

TEST_CASE("a response that is not HTTP is reported as such")
{
    bench on;
    const auto* const bytes = GENERATE("HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    const auto why = failure(on, get(on), answer(on.peer, bytes));
    CHECK(why.code() == errc::protocol_violation);
}

TEST_CASE("a server that never ends its response fails at the deadline")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    auto request = get(on);
    const auto bytes = GENERATE(std::string(), std::string("HTTP/1.1 200 OK\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), in_chunks({"half"}));
    with_growing_deadline([&](std::chrono::milliseconds limit) {
        request.deadlines.upgrade = limit;
        seen what;
        const auto why =
            failure(on, request, until_abandoned(answer(on.peer, bytes, then::hold, &what)));
        CHECK(why.code() == errc::timed_out);
        if (what.head.start_line.empty()) return false; // before the request came
        CHECK(why.phase() == phase::upgrade);
        return true;
    });
}

TEST_CASE("a server that does not read the body fails at the deadline")
{
    bench on;
    auto request = post(on, std::string(32u << 20, 'x'));
    request.deadlines.upgrade = 100ms;
    const auto serve = [](bench& with) -> asio::awaitable<void> {
        auto socket = co_await with.peer.accept();
        asio::steady_timer later(with.io, 200ms);
        co_await later.async_wait(asio::use_awaitable);
    };
    CHECK(failure(on, request, serve(on)).code() == errc::timed_out);
}

TEST_CASE("a call that cannot be made fails like a connect")
{
    bench on;
    auto request = get(on);
    SECTION("a refused port")
    {
        request.port = closed_port(on.io);
        CHECK(failure(on, request).code() == errc::connect_failed);
    }
    SECTION("an unknown host")
    {
        request.host = "no-such-host.invalid";
        CHECK(failure(on, request).code() == errc::resolve_failed);
    }
    SECTION("a line break in a header")
    {
        request.fields.emplace_back("x", "a\r\nb: c");
        CHECK(failure(on, request).code() == errc::invalid_argument);
    }
    SECTION("another method")
    {
        request.method = "HEAD";
        CHECK(failure(on, request).code() == errc::invalid_argument);
    }
    SECTION("a GET or DELETE with a body")
    {
        request.method = GENERATE("GET", "DELETE");
        request.body = "x";
        CHECK(failure(on, request).code() == errc::invalid_argument);
    }
}

TEST_CASE("a call to an untrusted server fails before anything is sent")
{
    bench on(true);
    auto request = get(on);
    request.trust = {};
    request.trust.system_store = false;
    request.trust.ca_pem = certificate_authority().pem();
    const auto why = failure(on, request, until_abandoned(accept_one(on.peer)));
    CHECK(why.code() == errc::tls_failed);
    CHECK(why.phase() == phase::tls);
}

TEST_CASE("a call goes through a proxy, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    proxy_peer proxy(on.io);
    auto request = get(on);
    request.proxy.url = "http://user:pass@127.0.0.1:" + std::to_string(proxy.port());
    const auto got = response(on, request, answer(on.peer, http_response(200, {}, "hello")));
    CHECK(got.body == "hello");
    REQUIRE(proxy.requests().size() == 1);
    CHECK(proxy.requests()[0].target() == "127.0.0.1:" + std::to_string(on.peer.port()));
    CHECK(proxy.credentials(0) == "user:pass");
}

TEST_CASE("a proxy that refuses a call is reported as such")
{
    bench on;
    proxy_peer proxy(on.io, proxy_answer::refuse);
    auto request = get(on);
    request.proxy.url = "http://127.0.0.1:" + std::to_string(proxy.port());
    CHECK(failure(on, request).code() == errc::proxy_failed);
}

TEST_CASE("a canceled call ends at once, and the server sees its end")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    asio::cancellation_signal cancel;
    std::optional<std::error_code> outcome;
    asio::co_spawn(on.io, on.connector->fetch(get(on)),
        asio::bind_cancellation_slot(
            cancel.slot(), [&](std::exception_ptr failed, transport::http_response) {
                try {
                    if (failed) std::rethrow_exception(failed);
                } catch (const std::system_error& why) {
                    outcome = why.code();
                }
            }));
    const auto serve = [](bench& with, asio::cancellation_signal& stop) -> asio::awaitable<void> {
        auto socket = co_await with.peer.accept();
        co_await socket.read_head();
        co_await socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        stop.emit(asio::cancellation_type::terminal);
        co_await socket.read_to_end();
    };
    on.run(serve(on, cancel));
    CHECK(outcome == asio::error::operation_aborted);
}

TEST_CASE("two calls at once do not mix")
{
    const bool tls = GENERATE(false, true);
    bench on(tls);
    std::optional<transport::http_response> first;
    std::optional<transport::http_response> second;
    auto one = get(on);
    one.target = "/one";
    auto two = post(on, "body");
    two.target = "/two";
    const auto echo = [](bench& with) -> asio::awaitable<void> {
        auto a = co_await with.peer.accept();
        auto b = co_await with.peer.accept();
        seen of_a;
        seen of_b;
        co_await read_request(a, of_a);
        co_await read_request(b, of_b);
        const auto to_b = http_response(200, {}, of_b.head.target() + of_b.body);
        const auto to_a = http_response(200, {}, of_a.head.target() + of_a.body);
        co_await b.write(to_b);
        co_await a.write(to_a);
        co_await a.read_to_end();
        co_await b.read_to_end();
    };
    auto both =
        side_by_side(fetch_into(*on.connector, one, first), fetch_into(*on.connector, two, second));
    on.run(side_by_side(std::move(both), echo(on)));
    CHECK(first->body == "/one");
    CHECK(second->body == "/twobody");
}

TEST_CASE("calls leave no pending work: the loop becomes idle")
{
    bench on;
    for (int i = 0; i < 3; ++i)
        response(on, get(on), answer(on.peer, http_response(200, {}, "hello")));
    on.io.restart();
    on.io.run();
}

TEST_CASE("a call and a WebSocket share connector and loop")
{
    bench on;
    const auto play = [](bench& with) -> asio::awaitable<void> {
        auto both = co_await with.open();
        std::optional<transport::http_response> got;
        auto request = get(with);
        auto serving = answer(with.peer, http_response(200, {}, "hello"));
        co_await side_by_side(
            fetch_into(*with.connector, std::move(request), got), std::move(serving));
        CHECK(got->body == "hello");
        co_await send_text(*both.client, "still here");
        const auto heard = co_await both.server->read_frame();
        CHECK(heard.payload() == "still here");
    };
    on.run(play(on));
}

} // namespace http_call_test
