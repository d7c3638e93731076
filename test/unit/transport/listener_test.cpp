// SPDX-License-Identifier: Apache-2.0
#include "listener_support.hpp"

#include "async/event.hpp"
#include "transport/self_signed.hpp"

#include "support/catch.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <thread>

namespace listener_test {

namespace async = gemini::live::async;
namespace base = gemini::live::base;
namespace transport = gemini::live::transport;
using namespace listener_support;
using gemini::live::errc;
using gemini::live::error;
using test::raw_frame;
using test::raw_socket;
using transport::listen_options;
using transport::upgrade_request;
using transport::upgrade_verdict;

namespace {

/// A brace list in an awaited call would be miscompiled by g++ 12.
template <class... Texts>
std::vector<base::frame> batch(const Texts&... texts)
{
    std::vector<base::frame> frames;
    (frames.emplace_back(std::string_view(texts)), ...);
    return frames;
}

/// Runs everything that is ready.
asio::awaitable<void> settle()
{
    const auto executor = co_await asio::this_coro::executor;
    for (int i = 0; i < 20; ++i) co_await asio::post(executor, asio::use_awaitable);
}

/// What the server's next `receive` ends with.
asio::awaitable<error> ending_of(transport::connection& server)
{
    try {
        const auto message = co_await server.receive();
        FAIL("a message instead of an end: " << message.payload.view());
    } catch (const error& end) {
        co_return end;
    }
    throw std::logic_error("unreachable");
}

template <class T>
struct flight {
    flight(asio::io_context& io, asio::awaitable<T> work)
    {
        asio::co_spawn(io, std::move(work),
            asio::bind_cancellation_slot(
                signal.slot(), [this](std::exception_ptr why, auto... value) {
                    failure = why;
                    if constexpr (sizeof...(value) != 0) {
                        if (!why) (result.emplace(std::move(value)), ...);
                    }
                    done = true;
                }));
    }

    asio::cancellation_signal signal;
    std::exception_ptr failure;
    std::optional<std::conditional_t<std::is_void_v<T>, int, T>> result;
    bool done = false;
};

listen_options deciding(std::function<upgrade_verdict(const upgrade_request&)> decide)
{
    listen_options options;
    options.decide = std::move(decide);
    return options;
}

listen_options with_tls(const std::pair<std::string, std::string>& identity)
{
    listen_options options;
    options.identity = identity;
    return options;
}

} // namespace

TEST_CASE("a client is upgraded, and the server sees its request")
{
    fixture world;
    const auto work = [&]() -> asio::awaitable<void> {
        auto client = co_await test::raw_connect(world.listener->port());
        const test::header_fields fields{{"X-Goog-Api-Key", "secret"}, {"User-Agent", "test/1"},
            {"x-goog-api-client", "google-genai-sdk/1"}, {"Authorization", "Bearer t"},
            {"Origin", "http://localhost"}};
        const auto target = "//ws/google.ai.generativelanguage.v1beta.GenerativeService."
                            "BidiGenerateContent?key=a%26b%3d&alt=ws&x=1+2";
        co_await client.write(test::upgrade_request(target, fields));
        const auto answer = co_await client.read_head();
        CHECK(answer.target() == "101");
        CHECK(answer.header("sec-websocket-accept") == test::accept_key(test::client_key));

        const auto server = co_await world.listener->accept();
        const auto& request = server->request();
        CHECK(request.path ==
              "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent");
        CHECK(request.query == "key=a%26b=&alt=ws&x=1%202");
        CHECK(field_of(request, "host") == "localhost");
        CHECK(field_of(request, "x-goog-api-key") == "secret");
        CHECK(field_of(request, "x-goog-api-client") == "google-genai-sdk/1");
        CHECK(field_of(request, "user-agent") == "test/1");
        CHECK(field_of(request, "authorization") == "Bearer t");
        CHECK(field_of(request, "origin") == "http://localhost");
        CHECK(field_of(request, "content-type") == "(absent)");
    };
    world.run(work());
}

TEST_CASE("a request without a query has none")
{
    fixture world;
    world.connected();
    CHECK(world.server->request().path == "/live");
    CHECK(world.server->request().query.empty());
}

TEST_CASE("a refused client receives status, headers and body, and then the end")
{
    fixture world(deciding([](const upgrade_request& request) {
        if (request.path == "/open") return upgrade_verdict{};
        return upgrade_verdict{
            429, {{"Retry-After", "7"}, {"WWW-Authenticate", "Bearer"}}, std::string(100'000, 'b')};
    }));
    const auto work = [&]() -> asio::awaitable<void> {
        auto client = co_await test::raw_connect(world.listener->port());
        co_await client.write(test::upgrade_request("/shut"));
        const auto answer = co_await client.read_head();
        CHECK(answer.start_line == "HTTP/1.1 429 Too Many Requests");
        CHECK(answer.header("retry-after") == "7");
        CHECK(answer.header("www-authenticate") == "Bearer");
        CHECK(answer.header("content-length") == "100000");
        const auto rest = co_await client.read_to_end();
        CHECK((rest == std::string(100'000, 'b')));

        co_await world.connect("/open");
        CHECK(world.server->request().path == "/open");
    };
    world.run(work());
}

TEST_CASE("a verdict may add headers to the upgrade")
{
    fixture world(deciding([](const upgrade_request&) {
        return upgrade_verdict{101, {{"X-Session", "17"}}, {}};
    }));
    const auto work = [&]() -> asio::awaitable<void> {
        auto client = co_await test::raw_connect(world.listener->port());
        co_await client.write(test::upgrade_request("/"));
        const auto answer = co_await client.read_head();
        CHECK(answer.target() == "101");
        CHECK(answer.header("x-session") == "17");
    };
    world.run(work());
}

TEST_CASE("a request that is not an upgrade is refused with the reason")
{
    fixture world(deciding([](const upgrade_request&) -> upgrade_verdict {
        throw std::runtime_error("nobody should ask");
    }));
    const auto status_of = [&](std::string request) -> asio::awaitable<std::string> {
        auto client = co_await test::raw_connect(world.listener->port());
        co_await client.write(std::move(request));
        const auto answer = co_await client.read_head();
        co_await client.read_to_end();
        co_return answer.target();
    };
    const std::string upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                                "Upgrade: websocket\r\n";
    CHECK(test::run(world.io, status_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) == "426");
    CHECK(test::run(world.io, status_of(upgrade + "Sec-WebSocket-Version: 13\r\n\r\n")) == "400");
    CHECK(test::run(world.io, status_of(upgrade + "Sec-WebSocket-Version: 8\r\n\r\n")) == "426");
    CHECK(test::run(world.io, status_of(test::upgrade_request("/"))) == "500");
    auto with_protocol = test::upgrade_request("/");
    with_protocol.insert(with_protocol.find("\r\n") + 2, "Sec-WebSocket-Protocol: chat\r\n");
    CHECK(test::run(world.io, status_of(with_protocol)) == "400");
}

TEST_CASE("messages are sent in binary frames, or in text frames on request, in order")
{
    fixture world;
    world.connected();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await world.server->send(batch("one", "", "three"));
        co_await world.server->send_text(batch("four"));
        for (const std::string expected : {"one", "", "three", "four"}) {
            const auto frame = co_await world.client->read_frame();
            CHECK(frame.payload() == expected);
            CHECK(frame.opcode() == (expected == "four" ? 1 : 2));
            CHECK(frame.is_final());
            CHECK_FALSE(frame.is_masked());
        }
    };
    world.run(work());
}

TEST_CASE("a client's messages arrive whole, however they are fragmented, with pings between them")
{
    fixture world;
    world.connected();
    const auto work = [&]() -> asio::awaitable<void> {
        auto first = raw_frame::text("Gr\xc3");
        auto second = raw_frame::continuation("\xbc\xc3\x9f");
        co_await world.client->write(masked(first.final(false)));
        co_await world.client->write(masked(raw_frame::ping("are you there?")));
        co_await world.client->write(masked(second.final(false)));
        co_await world.client->write(masked(raw_frame::continuation("")));
        co_await world.client->drip(masked(raw_frame::binary("dripped")));
        co_await world.client->write(masked(raw_frame::binary("")));

        const auto text = co_await world.server->receive();
        CHECK(text.kind == transport::opcode::text);
        CHECK(text.payload.view() == "Gr\xc3\xbc\xc3\x9f");
        const auto dripped = co_await world.server->receive();
        CHECK(dripped.kind == transport::opcode::binary);
        CHECK(dripped.payload.view() == "dripped");
        const auto empty = co_await world.server->receive();
        CHECK(empty.payload.empty());

        const auto pong = co_await world.client->read_frame();
        CHECK(pong.opcode() == 10);
        CHECK(pong.payload() == "are you there?");
    };
    world.run(work());
}

TEST_CASE("a megabyte passes in either direction")
{
    std::string megabyte(1 << 20, ' ');
    for (std::size_t i = 0; i < megabyte.size(); ++i)
        megabyte[i] = static_cast<char>(i * 7 + i / 251);
    fixture world;
    world.connected();
    const auto there = [&]() -> asio::awaitable<void> {
        const auto message = co_await world.server->receive();
        CHECK((message.payload.view() == megabyte));
    };
    const auto back = [&]() -> asio::awaitable<void> {
        std::string received;
        for (bool complete = false; !complete;) {
            const auto frame = co_await world.client->read_frame();
            CHECK(frame.opcode() == (received.empty() ? 2 : 0));
            received += frame.payload();
            complete = frame.is_final();
        }
        CHECK((received == megabyte));
    };
    flight<void> writing(world.io, world.client->write(masked(raw_frame::binary(megabyte))));
    world.run(there());
    flight<void> sending(world.io, world.server->send(batch(megabyte)));
    world.run(back());
    world.run(settle());
    CHECK(writing.done);
    CHECK(sending.done);
    CHECK_FALSE(sending.failure);
}

TEST_CASE("a client's close arrives with code and reason after its messages, and is answered")
{
    fixture world;
    world.connected();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await world.client->write(
            masked(raw_frame::text("last words")) + masked(raw_frame::close(4711, "enough")));
        const auto answer = co_await world.client->read_frame();
        CHECK(answer.opcode() == 8);
        CHECK(answer.close_code() == 4711);
        const auto rest = co_await world.client->read_to_end();
        CHECK(rest.empty());

        const auto last = co_await world.server->receive();
        CHECK(last.payload.view() == "last words");
        for (int i = 0; i < 2; ++i) {
            const auto end = co_await ending_of(*world.server);
            CHECK(end.value() == errc::connection_lost);
            CHECK(end.close_code() == 4711);
            CHECK(end.reason() == "enough");
        }
        bool thrown = false;
        try {
            co_await world.server->send(batch("too late"));
        } catch (const error& end) {
            thrown = true;
            CHECK(end.close_code() == 4711);
        }
        CHECK(thrown);
        co_await world.server->close(1000, "");
    };
    world.run(work());
}

TEST_CASE("a close without a code is answered with 1000")
{
    fixture world;
    world.connected();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await world.client->write(
            masked(raw_frame::text("last words")) + masked(raw_frame(8, std::string())));
        const auto answer = co_await world.client->read_frame();
        CHECK(answer.opcode() == 8);
        CHECK(answer.close_code() == 1000);
        const auto rest = co_await world.client->read_to_end();
        CHECK(rest.empty());
        const auto last = co_await world.server->receive();
        CHECK(last.payload.view() == "last words");
        const auto end = co_await ending_of(*world.server);
        CHECK(end.close_code() == 1005);
    };
    world.run(work());
}

TEST_CASE("a client that disconnects without a close ends the waiting receive")
{
    fixture world;
    world.connected();
    flight<transport::message> reading(world.io, world.server->receive());
    world.run(settle());
    CHECK_FALSE(reading.done);
    SECTION("FIN") { world.client->finish(); }
    SECTION("RST") { world.client->reset(); }
    const auto work = [&]() -> asio::awaitable<void> {
        while (!reading.done) co_await settle();
        const auto end = co_await ending_of(*world.server);
        CHECK(end.value() == errc::connection_lost);
        CHECK(end.close_code() == 0);
    };
    world.run(work());
}

TEST_CASE("a close reason that is too long is cut between two characters")
{
    fixture world;
    world.connected();
    std::string reason(122, 'x');
    reason += "\u00e9 and more"; // its second byte would be the 124th
    const auto work = [&]() -> asio::awaitable<void> {
        flight<void> closing(world.io, world.server->close(1013, reason));
        const auto frame = co_await world.client->read_frame();
        CHECK(frame.opcode() == 8);
        CHECK(frame.close_code() == 1013);
        CHECK(frame.close_reason() == std::string(122, 'x'));
        co_await world.client->write(masked(raw_frame::close(1013)));
        co_await settle();
        CHECK(closing.done);
    };
    world.run(work());
}

TEST_CASE("the server's close carries code and reason and waits for the client's")
{
    fixture world;
    world.connected();
    flight<transport::message> reading(world.io, world.server->receive());
    const auto work = [&]() -> asio::awaitable<void> {
        co_await world.server->send(batch(std::string(100'000, 'x')));
        flight<void> closing(world.io, world.server->close(1013, "try again later"));
        std::size_t size = 0;
        while (true) {
            const auto frame = co_await world.client->read_frame();
            if (frame.opcode() != 8) {
                size += frame.payload().size();
                continue;
            }
            CHECK(frame.close_code() == 1013);
            CHECK(frame.close_reason() == "try again later");
            break;
        }
        CHECK(size == 100'000);
        CHECK_FALSE(closing.done);
        CHECK(reading.failure);
        co_await world.client->write(masked(raw_frame::text("discarded")));
        co_await world.client->write(masked(raw_frame::close(1013)));
        const auto rest = co_await world.client->read_to_end();
        CHECK(rest.empty());
        co_await settle();
        CHECK(closing.done);
        CHECK_FALSE(closing.failure);
        const auto end = co_await ending_of(*world.server);
        CHECK(end.value() == errc::closed);
    };
    world.run(work());
}

TEST_CASE("an abort or destruction cuts the connection without a close")
{
    fixture world;
    world.connected();
    flight<transport::message> reading(world.io, world.server->receive());
    world.run(settle());
    SECTION("abort")
    {
        world.server->abort();
        world.server->abort();
    }
    SECTION("destruction") { world.server.reset(); }
    const auto work = [&]() -> asio::awaitable<void> {
        const auto rest = co_await world.client->read_to_end();
        CHECK(rest.empty());
        co_await settle();
        CHECK(reading.done);
        CHECK(reading.failure);
    };
    world.run(work());
}

TEST_CASE("a message over the limit, or text that is not UTF-8, is answered by a close")
{
    listen_options options;
    options.max_message = 1000;
    fixture world(std::move(options));
    world.connected();
    std::string bytes;
    std::uint16_t code = 1009;
    auto value = errc::message_too_big;
    SECTION("in one frame") { bytes = masked(raw_frame::binary(std::string(1001, 'x'))); }
    SECTION("in two")
    {
        auto first = raw_frame::binary(std::string(600, 'x'));
        auto second = raw_frame::continuation(std::string(401, 'x'));
        bytes = masked(first.final(false)) + masked(second.final(false));
    }
    SECTION("text")
    {
        bytes = masked(raw_frame::text("\xc3"));
        code = 1007;
        value = errc::protocol_violation;
    }
    const auto work = [&]() -> asio::awaitable<void> {
        co_await world.client->write(masked(raw_frame::binary(std::string(1000, 'x'))) + bytes);
        const auto close = co_await world.client->read_frame();
        CHECK(close.opcode() == 8);
        CHECK(close.close_code() == code);
        const auto fits = co_await world.server->receive();
        CHECK(fits.payload.size() == 1000);
        const auto end = co_await ending_of(*world.server);
        CHECK(end.value() == value);
    };
    world.run(work());
}

TEST_CASE("while nobody receives, a flooding client has to wait; nothing is lost")
{
    constexpr int count = 4000;
    const bool tls = GENERATE(false, true);
    fixture world(tls ? with_tls(transport::make_self_signed()) : listen_options());
    world.connected();
    const auto flood = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < count; ++i)
            co_await world.client->write(
                masked(raw_frame::binary(std::to_string(i) + std::string(4000, ' '))));
    };
    const auto until_stuck = [&](const flight<void>& writing) -> asio::awaitable<void> {
        for (int i = 0; i < 500 && !writing.done; ++i) co_await settle();
    };
    flight<void> writing(world.io, flood());
    world.run(until_stuck(writing));
    CHECK_FALSE(writing.done);
    const auto drain = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < count; ++i) {
            const auto message = co_await world.server->receive();
            REQUIRE(message.payload.size() > 4000);
            REQUIRE(std::stoi(std::string(message.payload.view())) == i);
        }
    };
    world.run(drain());
    world.run(settle());
    CHECK(writing.done);
}

TEST_CASE("a client that does not read blocks sends, not the close")
{
    fixture world;
    world.connected();
    flight<void> sending(world.io, world.server->send(batch(std::string(12 << 20, 'x'), "never")));
    const auto work = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 500; ++i) co_await settle();
        CHECK_FALSE(sending.done);
        SECTION("a canceled send drops messages not yet started")
        {
            sending.signal.emit(asio::cancellation_type::terminal);
            co_await settle();
            CHECK(sending.failure);
            flight<void> next(world.io, world.server->send(batch("next")));
            std::size_t size = 0;
            for (bool complete = false; !complete;) {
                const auto frame = co_await world.client->read_frame();
                size += frame.payload().size();
                complete = frame.is_final();
            }
            CHECK(size == 12u << 20);
            const auto frame = co_await world.client->read_frame();
            CHECK(frame.payload() == "next");
        }
        SECTION("abort ends it")
        {
            world.server->abort();
            co_await settle();
            CHECK(sending.failure);
        }
    };
    world.run(work());
}

TEST_CASE("a canceled accept or receive loses nothing")
{
    fixture world;
    flight<server_ptr> cancelled(world.io, world.listener->accept());
    world.run(settle());
    cancelled.signal.emit(asio::cancellation_type::terminal);
    world.connected();
    CHECK(cancelled.failure);

    flight<transport::message> reading(world.io, world.server->receive());
    world.run(settle());
    reading.signal.emit(asio::cancellation_type::terminal);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await world.client->write(masked(raw_frame::text("kept")));
        const auto message = co_await world.server->receive();
        CHECK(message.payload.view() == "kept");
    };
    world.run(work());
    CHECK(reading.failure);
}

TEST_CASE("TLS with an identity that the library has generated")
{
    const auto identity = transport::make_self_signed();
    fixture world(with_tls(identity));
    const auto visit = [&](std::string host) -> asio::awaitable<void> {
        auto client = co_await test::raw_connect(world.listener->port());
        co_await client.connect_tls(std::move(host), identity.first);
        co_await test::upgrade(client, "/tls");
        const auto server = co_await world.listener->accept();
        CHECK(server->request().path == "/tls");
        const std::string much(300'000, 'm');
        co_await client.write(masked(raw_frame::binary(much)));
        const auto message = co_await server->receive();
        CHECK((message.payload.view() == much));
        co_await server->send(batch("over TLS"));
        const auto frame = co_await client.read_frame();
        CHECK(frame.payload() == "over TLS");
        flight<void> closing(world.io, server->close(1001, "bye"));
        const auto close = co_await client.read_frame();
        CHECK(close.close_code() == 1001);
        co_await client.write(masked(raw_frame::close(1001)));
        co_await client.read_to_end();
        co_await settle();
        CHECK(closing.done);
    };
    world.run(visit("localhost"));
    world.run(visit("127.0.0.1"));
}

TEST_CASE("a refusal also arrives over TLS")
{
    const auto identity = transport::make_self_signed();
    auto options = with_tls(identity);
    options.decide = [](const upgrade_request&) {
        return upgrade_verdict{401, {{"WWW-Authenticate", "Bearer"}}, "no key"};
    };
    fixture world(std::move(options));
    const auto work = [&]() -> asio::awaitable<void> {
        auto client = co_await test::raw_connect(world.listener->port());
        co_await client.connect_tls("localhost", identity.first);
        co_await client.write(test::upgrade_request("/"));
        const auto answer = co_await client.read_head();
        CHECK(answer.target() == "401");
        CHECK(answer.header("www-authenticate") == "Bearer");
        const auto rest = co_await client.read_to_end();
        CHECK((rest == "no key"));
    };
    world.run(work());
}

TEST_CASE("listeners of one context keep their own identities and clients, even after one is gone")
{
    fixture plain;
    const auto one = transport::make_self_signed();
    const auto other = transport::make_self_signed();
    auto first = transport::listen(plain.io.get_executor(), with_tls(one));
    auto second = transport::listen(plain.io.get_executor(), with_tls(other));
    const auto connect =
        [&](transport::listener& to,
            const std::string& ca) -> asio::awaitable<std::unique_ptr<raw_socket>> {
        auto client = std::make_unique<raw_socket>(co_await test::raw_connect(to.port()));
        co_await client->connect_tls("localhost", ca);
        co_await test::upgrade(*client, "/");
        co_return client;
    };
    const auto work = [&]() -> asio::awaitable<void> {
        auto to_first = co_await connect(*first, one.first);
        auto at_first = co_await first->accept();
        auto to_second = co_await connect(*second, other.first);
        const auto at_second = co_await second->accept();
        co_await plain.connect();

        first.reset();
        at_first.reset();
        co_await to_first->read_to_end();
        co_await at_second->send(batch("still here"));
        const auto frame = co_await to_second->read_frame();
        CHECK(frame.payload() == "still here");
        co_await plain.server->send(batch("here too"));
        const auto plain_frame = co_await plain.client->read_frame();
        CHECK(plain_frame.payload() == "here too");
    };
    plain.run(work());
}

TEST_CASE("clients that disconnect in the handshake, or are cut, do not affect the others")
{
    const auto identity = transport::make_self_signed();
    fixture world;
    const auto encrypted = transport::listen(world.io.get_executor(), with_tls(identity));
    world.connected();
    const auto work = [&]() -> asio::awaitable<void> {
        for (const auto port : {world.listener->port(), encrypted->port()}) {
            for (const std::string bytes : {"", "\x16\x03", "GET / HT", "\r\n\r\n", "garbage"}) {
                auto client = co_await test::raw_connect(port);
                co_await client.write(bytes);
                co_await settle();
                client.reset();
            }
        }
        auto victim = co_await test::raw_websocket(world.listener->port(), "/victim");
        const auto at_server = co_await world.listener->accept();
        victim.reset();
        co_await ending_of(*at_server);

        co_await world.server->send(batch("unhurt"));
        const auto frame = co_await world.client->read_frame();
        CHECK(frame.payload() == "unhurt");
    };
    world.run(work());
}

TEST_CASE("two hundred clients at once")
{
    fixture world;
    std::vector<raw_socket> clients;
    std::vector<server_ptr> servers;
    const auto work = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 200; ++i)
            clients.push_back(
                co_await test::raw_websocket(world.listener->port(), "/" + std::to_string(i)));
        for (int i = 0; i < 200; ++i) {
            servers.push_back(co_await world.listener->accept());
            CHECK(servers.back()->request().path == "/" + std::to_string(i));
        }
        for (int i = 0; i < 200; ++i)
            co_await clients[i].write(masked(raw_frame::text(std::to_string(i))));
        for (int i = 0; i < 200; ++i) {
            const auto message = co_await servers[i]->receive();
            CHECK(message.payload.view() == std::to_string(i));
            co_await servers[i]->send(batch("back " + std::to_string(i)));
        }
        for (int i = 0; i < 200; ++i) {
            const auto frame = co_await clients[i].read_frame();
            CHECK(frame.payload() == "back " + std::to_string(i));
        }
    };
    world.run(work());
}

TEST_CASE("a closed listener accepts nobody, ends accept, and leaves its connections alone")
{
    fixture world;
    world.connected();
    flight<server_ptr> accepting(world.io, world.listener->accept());
    world.run(settle());
    world.listener->close();
    world.listener->close();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await settle();
        CHECK(accepting.done);
        CHECK(accepting.failure);
        bool refused = false;
        try {
            co_await test::raw_connect(world.listener->port());
        } catch (const std::system_error& failed) {
            refused = failed.code() == asio::error::connection_refused;
        }
        CHECK(refused);
        co_await world.client->write(masked(raw_frame::text("still there?")));
        const auto message = co_await world.server->receive();
        CHECK(message.payload.view() == "still there?");
    };
    world.run(work());
}

TEST_CASE("when everything is closed, the execution context runs out of work")
{
    fixture world;
    world.connected();
    world.server.reset();
    world.client.reset();
    world.listener.reset();
    world.io.restart();
    world.io.run();
    SUCCEED();
}

TEST_CASE("an execution context may have several threads, and its listener be closed from another")
{
    constexpr int count = 20;
    asio::io_context io;
    auto listener = transport::listen(io.get_executor(), {});
    const auto echo = [](server_ptr server) -> asio::awaitable<void> {
        for (auto message = co_await server->receive(); !message.payload.empty();
             message = co_await server->receive())
            co_await server->send(batch(message.payload.view()));
        co_await server->close(1000, "");
    };
    const auto serve = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < count; ++i) {
            auto server = co_await listener->accept();
            asio::co_spawn(listener->executor(), echo(std::move(server)), asio::detached);
        }
    };
    asio::co_spawn(listener->executor(), serve(), asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { io.run(); });

    asio::io_context clients_io;
    const auto visit = [&]() -> asio::awaitable<void> {
        auto client = co_await test::raw_websocket(listener->port(), "/");
        for (int i = 0; i < 50; ++i) {
            co_await client.write(masked(raw_frame::text(std::to_string(i))));
            const auto frame = co_await client.read_frame();
            REQUIRE(frame.payload() == std::to_string(i));
        }
        co_await client.write(masked(raw_frame::text("")));
        const auto close = co_await client.read_frame();
        CHECK(close.close_code() == 1000);
        co_await client.write(masked(raw_frame::close(1000)));
        co_await client.read_to_end();
    };
    for (int i = 0; i < count; ++i) test::run(clients_io, visit());
    listener->close();
    for (auto& each : threads) each.join();
}

TEST_CASE("everything is destroyed with the execution context")
{
    std::vector<raw_socket> clients;
    auto world = std::make_unique<fixture>();
    world->connected();
    const auto more_clients = [&]() -> asio::awaitable<void> {
        clients.push_back(co_await test::raw_websocket(world->listener->port(), "/not-accepted"));
        clients.push_back(co_await test::raw_connect(world->listener->port()));
        co_await clients.back().write("GET / HTTP/1.1\r\n");
        co_await settle();
    };
    world->run(more_clients());
    asio::co_spawn(world->io, world->server->receive(), asio::detached);
    asio::co_spawn(
        world->io, world->server->send(batch(std::string(12 << 20, 'x'))), asio::detached);
    asio::co_spawn(world->io, world->listener->accept(), asio::detached);
    world->run(settle());
    clients.clear();
    SECTION("handles last")
    {
        const auto listener = std::move(world->listener);
        const auto server = std::move(world->server);
        world.reset();
        listener->close();
        server->abort();
    }
    SECTION("handles first")
    {
        world->listener.reset();
        world->server.reset();
        world.reset();
    }
}

TEST_CASE("an address that cannot be listened on is reported as such")
{
    asio::io_context io;
    const auto failure_of = [&](listen_options options) {
        try {
            const auto unexpected = transport::listen(io.get_executor(), std::move(options));
        } catch (const error& failed) {
            return failed.value();
        }
        return errc::closed;
    };
    const auto taken = transport::listen(io.get_executor(), {});
    listen_options same_port;
    same_port.port = taken->port();
    CHECK(failure_of(same_port) == errc::connect_failed);
    listen_options no_address;
    no_address.address = "localhost!";
    CHECK(failure_of(no_address) == errc::invalid_argument);
    CHECK(failure_of(with_tls({"no", "PEM"})) == errc::tls_failed);
    auto mixed = transport::make_self_signed();
    mixed.second = transport::make_self_signed().second;
    CHECK(failure_of(with_tls(mixed)) == errc::tls_failed);
}

} // namespace listener_test
