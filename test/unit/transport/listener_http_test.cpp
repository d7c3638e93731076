// SPDX-License-Identifier: Apache-2.0
#include "listener_support.hpp"

#include "async/event.hpp"
#include "transport/self_signed.hpp"

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace listener_http_test {

// Requests to a listener that are not upgrades.
namespace async = gemini::live::async;
namespace transport = gemini::live::transport;
using namespace listener_support;
using test::raw_frame;
using transport::listen_options;

namespace {

/// Answers with a description of the request.
transport::http_response echo(const transport::plain_request& request)
{
    if (request.path == "/throw") throw std::runtime_error("broken");
    transport::http_response response;
    response.status = 200;
    response.fields = {{"Content-Type", "text/plain"}};
    response.body = request.method + ' ' + request.path + '?' + request.query + ' ' +
                    field_of(request, "x-goog-api-key") + ' ' + request.body;
    return response;
}

asio::awaitable<std::string> exchange(fixture& world, std::string request)
{
    auto socket = co_await test::raw_connect(world.listener->port());
    if (world.identity) co_await socket.connect_tls("localhost", world.identity->first);
    co_await socket.write(std::move(request));
    co_return co_await socket.read_to_end();
}

std::string post(const std::string& target, const std::string& body)
{
    return "POST " + target + " HTTP/1.1\r\nHost: x\r\nX-Goog-Api-Key: key\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

listen_options answering(bool tls = false)
{
    listen_options options;
    options.answer = echo;
    if (tls) options.identity = transport::make_self_signed();
    return options;
}

} // namespace

TEST_CASE("a plain request is answered, with its body, plain and encrypted")
{
    const bool tls = GENERATE(false, true);
    fixture world(answering(tls));
    const auto body = GENERATE(std::string(), std::string("{}"), std::string(200'000, 'x'));
    const auto got = test::run(world.io, exchange(world, post("/v1alpha/auth_tokens?a=b", body)));
    CHECK(got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
    CHECK(got.ends_with("\r\n\r\nPOST /v1alpha/auth_tokens?a=b key " + body));
}

TEST_CASE("a GET has no body")
{
    fixture world(answering());
    const auto got = test::run(world.io, exchange(world, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(got.ends_with("GET /x? (absent) "));
}

TEST_CASE("a body may come byte by byte")
{
    fixture world(answering());
    const auto play = [](fixture& with) -> asio::awaitable<std::string> {
        auto socket = co_await test::raw_connect(with.listener->port());
        co_await socket.drip(post("/x", "hello"));
        co_return co_await socket.read_to_end();
    };
    CHECK(test::run(world.io, play(world)).ends_with("POST /x? key hello"));
}

TEST_CASE("a plain request may get a partial answer, or none")
{
    const bool tls = GENERATE(false, true);
    auto options = answering(tls);
    options.answer = [](const transport::plain_request& request) {
        transport::plain_answer given(echo(request));
        given.sent = request.path == "/half" ? transport::plain_answer::fate::half
                                             : transport::plain_answer::fate::nothing;
        return given;
    };
    fixture world(std::move(options));
    const auto half = test::run(world.io, exchange(world, post("/half", "hello")));
    CHECK(half.starts_with("HTTP/1.1 200 OK"));
    CHECK(half.find("hello") == std::string::npos);
    CHECK(test::run(world.io, exchange(world, post("/nothing", "hello"))).empty());
}

TEST_CASE("a plain request may get no answer until its client disconnects")
{
    const auto request =
        GENERATE(post("/x", "hello"), std::string("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
    auto options = answering();
    async::event asked;
    options.answer = [&](const transport::plain_request& each) {
        transport::plain_answer given(echo(each));
        if (each.query == "once") return given;
        given.sent = transport::plain_answer::fate::silence;
        asked.set();
        return given;
    };
    fixture world(std::move(options));
    const auto play = [](fixture& with, async::event& heard,
                          std::string first) -> asio::awaitable<std::string> {
        auto silent = co_await test::raw_connect(with.listener->port());
        co_await silent.write(std::move(first));
        co_await heard.wait();
        co_return co_await exchange(with, post("/x?once", "hello"));
    };
    CHECK(test::run(world.io, play(world, asked, request)).ends_with("POST /x?once key hello"));
}

TEST_CASE("an unacceptable plain request is refused at once")
{
    auto options = answering();
    options.max_request = 1000;
    fixture world(std::move(options));
    const auto status = [&](const std::string& request) {
        return test::run(world.io, exchange(world, request)).substr(9, 3);
    };
    const std::string head = "POST /x HTTP/1.1\r\nHost: x\r\n";
    CHECK(status(post("/x", std::string(1000, 'x'))) == "200");
    CHECK(status(head + "Content-Length: 1001\r\n\r\n") == "413");
    CHECK(status(head + "Content-Length: 99999999999999999999999\r\n\r\n") == "413");
    CHECK(status(head + "Content-Length: many\r\n\r\n") == "400");
    CHECK(status(head + "\r\n") == "411");
    CHECK(status(head + "Transfer-Encoding: chunked\r\n\r\n") == "411");
    CHECK(status(post("/throw", "x")) == "500");
}

TEST_CASE("a listener that answers plain requests still upgrades")
{
    fixture world(answering());
    const auto play = [](fixture& with) -> asio::awaitable<void> {
        co_await with.connect();
        co_await with.client->write(masked(raw_frame::text("hello")));
        const auto heard = co_await with.server->receive();
        CHECK(heard.payload.view() == "hello");
    };
    test::run(world.io, play(world));
}

} // namespace listener_http_test
