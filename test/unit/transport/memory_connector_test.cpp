// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"
#include "support/catch.hpp"
#include "support/memory_connector.hpp"
#include "support/run.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

#include <optional>
#include <string>
#include <vector>

namespace memory_test {

using namespace gemini::live;
using test::memory_peer;
using transport::connection;
using peer_ptr = std::shared_ptr<memory_peer>;
using connection_ptr = std::unique_ptr<connection>;

namespace {

std::vector<base::frame> batch(std::vector<std::string> texts)
{
    std::vector<base::frame> frames;
    for (const auto& each : texts) frames.emplace_back(each);
    return frames;
}

/// A connector whose newest peer is controlled by the test.
struct fixture {
    asio::io_context io;
    peer_ptr peer;
    std::shared_ptr<transport::connector> connector = test::make_memory_connector(
        io.get_executor(), [this](peer_ptr one) { return keep(std::move(one), peer); });

    static asio::awaitable<void> keep(peer_ptr one, peer_ptr& where)
    {
        where = std::move(one);
        co_return;
    }

    asio::awaitable<connection_ptr> connect()
    {
        transport::connect_request request;
        request.host = "memory";
        request.max_message = 1000;
        return connector->connect(std::move(request));
    }

    connection_ptr connected()
    {
        auto made = test::run(io, connect());
        io.restart();
        io.poll();
        return made;
    }
};

/// A coroutine in flight, and its result.
template <class T>
struct flight {
    flight(asio::io_context& io, asio::awaitable<T> work)
    {
        asio::co_spawn(io, std::move(work),
            asio::bind_cancellation_slot(
                signal.slot(), [this](std::exception_ptr why, auto... value) {
                    failure = why;
                    if constexpr (sizeof...(value) != 0)
                        if (!why) (result.emplace(std::move(value)), ...);
                    done = true;
                }));
    }

    /// The error that it ended with.
    [[nodiscard]] error ending() const
    {
        REQUIRE(done);
        REQUIRE(failure);
        try {
            std::rethrow_exception(failure);
        } catch (const error& thrown) {
            return thrown;
        }
    }

    asio::cancellation_signal signal;
    std::exception_ptr failure;
    std::optional<std::conditional_t<std::is_void_v<T>, int, T>> result;
    bool done = false;
};

void settle(asio::io_context& io)
{
    io.restart();
    io.poll();
}

asio::awaitable<void> echo(peer_ptr peer)
{
    while (auto message = co_await peer->receive()) peer->send("echo " + *message);
}

} // namespace

TEST_CASE("messages arrive in order in both directions, and come back as binary frames")
{
    asio::io_context io;
    const auto connector = test::make_memory_connector(io.get_executor(), echo);
    const auto work = [&]() -> asio::awaitable<void> {
        transport::connect_request request;
        auto link = co_await connector->connect(std::move(request));
        auto three = batch({"one", "two", "three"});
        co_await link->send(std::move(three));
        for (const std::string expected : {"echo one", "echo two", "echo three"}) {
            auto message = co_await link->receive();
            CHECK(message.payload.view() == expected);
            CHECK(message.kind == transport::opcode::binary);
        }
        co_await link->close(1000, "bye");
    };
    test::run(io, work());
}

TEST_CASE("the peer sees the request, and its refusal fails the connect")
{
    asio::io_context io;
    std::string asked;
    const auto connector = test::make_memory_connector(
        io.get_executor(), echo, [&](const transport::connect_request& request) {
            asked = request.target;
            throw error(errc::unauthorized, "No such key.", {phase::upgrade});
        });
    transport::connect_request request;
    request.target = "/live?alt=ws";
    flight<connection_ptr> dial(io, connector->connect(std::move(request)));
    settle(io);
    CHECK(dial.ending().value() == errc::unauthorized);
    CHECK(asked == "/live?alt=ws");
}

TEST_CASE("nothing completes before the caller has returned to the executor")
{
    fixture world;
    const auto link = world.connected();
    world.peer->send("ready");
    flight<transport::message> reading(world.io, link->receive());
    flight<void> sending(world.io, link->send(batch({"x"})));
    CHECK_FALSE(reading.done);
    CHECK_FALSE(sending.done);
    settle(world.io);
    CHECK(reading.done);
    CHECK(sending.done);
}

TEST_CASE("the peer's close comes after its messages, with code and reason, on every receive")
{
    fixture world;
    const auto link = world.connected();
    world.peer->send("last words");
    world.peer->close(1008, "policy");
    world.peer->drop(); // the first end is kept
    flight<transport::message> first(world.io, link->receive());
    settle(world.io);
    REQUIRE(first.done);
    CHECK(first.result->payload.view() == "last words");
    for (int i = 0; i < 2; ++i) {
        flight<transport::message> next(world.io, link->receive());
        settle(world.io);
        CHECK(next.ending().value() == errc::connection_lost);
        CHECK(next.ending().close_code() == 1008);
        CHECK(next.ending().reason() == "policy");
    }
    flight<void> late(world.io, link->send(batch({"too late"})));
    settle(world.io);
    CHECK(late.ending().value() == errc::connection_lost);
}

TEST_CASE("a dropped connection ends a waiting receive without a close code")
{
    fixture world;
    const auto link = world.connected();
    flight<transport::message> reading(world.io, link->receive());
    settle(world.io);
    CHECK_FALSE(reading.done);
    SECTION("by the peer's drop") { world.peer->drop(); }
    SECTION("by the peer's destruction") { world.peer.reset(); }
    settle(world.io);
    CHECK(reading.ending().value() == errc::connection_lost);
}

TEST_CASE(
    "closing sends the peer the code after everything that was sent, and ends a waiting receive")
{
    fixture world;
    const auto link = world.connected();
    flight<transport::message> reading(world.io, link->receive());
    flight<void> sending(world.io, link->send(batch({"before the close"})));
    settle(world.io);
    CHECK(sending.done);
    CHECK_FALSE(world.peer->close_code());

    flight<void> closing(world.io, link->close(1001, "going away"));
    settle(world.io);
    CHECK(closing.done);
    CHECK_FALSE(closing.failure);
    CHECK(reading.ending().value() == errc::closed);
    CHECK(world.peer->close_code() == 1001);

    flight<std::optional<std::string>> last(world.io, world.peer->receive());
    settle(world.io);
    CHECK(*last.result == "before the close");
    flight<std::optional<std::string>> end(world.io, world.peer->receive());
    settle(world.io);
    CHECK_FALSE(end.result->has_value());
    world.peer->send("into the void");
}

TEST_CASE("an abort or destruction ends both waiting calls and the peer's, without a close code")
{
    fixture world;
    auto link = world.connected();
    world.peer->stall(true);
    flight<transport::message> reading(world.io, link->receive());
    flight<void> sending(world.io, link->send(batch({"never taken"})));
    flight<std::optional<std::string>> listening(world.io, world.peer->receive());
    settle(world.io);
    SECTION("abort")
    {
        link->abort();
        link->abort();
    }
    SECTION("destruction") { link.reset(); }
    settle(world.io);
    CHECK(reading.ending().value() == errc::closed);
    CHECK(sending.ending().value() == errc::closed);
    REQUIRE(listening.done);
    CHECK_FALSE(listening.result->has_value());
    CHECK_FALSE(world.peer->close_code());
}

TEST_CASE("a stalled peer blocks sends until it resumes")
{
    fixture world;
    const auto link = world.connected();
    world.peer->stall(true);
    flight<void> sending(world.io, link->send(batch({"a", "b"})));
    settle(world.io);
    CHECK_FALSE(sending.done);
    SECTION("and then lets them through")
    {
        world.peer->stall(false);
        settle(world.io);
        CHECK(sending.done);
        CHECK_FALSE(sending.failure);
    }
    SECTION("while a canceled one sends nothing")
    {
        sending.signal.emit(asio::cancellation_type::terminal);
        settle(world.io);
        CHECK(sending.done);
        CHECK(sending.failure);
        world.peer->stall(false);
        flight<void> again(world.io, link->send(batch({"c"})));
        settle(world.io);
        flight<std::optional<std::string>> listening(world.io, world.peer->receive());
        settle(world.io);
        CHECK(*listening.result == "c");
    }
    SECTION("but not a close")
    {
        flight<void> closing(world.io, link->close(1000, ""));
        settle(world.io);
        CHECK(closing.done);
        CHECK(sending.ending().value() == errc::closed);
    }
}

TEST_CASE("a canceled receive loses no message")
{
    fixture world;
    const auto link = world.connected();
    flight<transport::message> cancelled(world.io, link->receive());
    settle(world.io);
    const bool message_first = GENERATE(true, false);
    if (message_first) world.peer->send("kept");
    cancelled.signal.emit(asio::cancellation_type::terminal);
    if (!message_first) world.peer->send("kept");
    settle(world.io);
    REQUIRE(cancelled.done);
    if (!cancelled.failure) {
        CHECK(cancelled.result->payload.view() == "kept");
    } else {
        flight<transport::message> next(world.io, link->receive());
        settle(world.io);
        REQUIRE(next.done);
        CHECK(next.result->payload.view() == "kept");
    }
}

TEST_CASE("a canceled connect makes no connection")
{
    fixture world;
    flight<connection_ptr> dial(world.io, world.connect());
    dial.signal.emit(asio::cancellation_type::terminal);
    settle(world.io);
    REQUIRE(dial.done);
    CHECK(dial.failure);
    CHECK_FALSE(world.peer);
}

TEST_CASE("a message over the limit ends the connection instead of arriving")
{
    fixture world;
    const auto link = world.connected();
    world.peer->send(std::string(1000, 'x'));
    world.peer->send(std::string(1001, 'x'));
    world.peer->send("after");
    auto fits = test::run(world.io, link->receive());
    CHECK(fits.payload.size() == 1000);
    flight<transport::message> too_big(world.io, link->receive());
    settle(world.io);
    CHECK(too_big.ending().value() == errc::message_too_big);
}

TEST_CASE("pending operations are destroyed with everything else, in any order")
{
    auto world = std::make_unique<fixture>();
    auto link = world->connected();
    auto peer = world->peer;
    world->peer->stall(true);
    asio::co_spawn(world->io, link->send(batch({"x"})), asio::detached);
    asio::co_spawn(world->io, link->receive(), asio::detached);
    asio::co_spawn(world->io, peer->receive(), asio::detached);
    settle(world->io);
    SECTION("the context first")
    {
        world.reset();
        link.reset();
        peer.reset();
    }
    SECTION("the connector first")
    {
        world->connector.reset();
        link.reset();
        settle(world->io);
    }
    SECTION("the ends first, with completions still queued")
    {
        peer.reset();
        world->peer.reset();
        link.reset();
        world.reset();
    }
}

TEST_CASE("a connector may be destroyed while its peers are being served")
{
    asio::io_context io;
    auto words = std::make_shared<std::string>("still here");
    auto connector = test::make_memory_connector(
        io.get_executor(), [words](peer_ptr peer) -> asio::awaitable<void> {
            while (auto message = co_await peer->receive()) peer->send(*words);
        });
    words.reset();
    auto link = test::run(io, connector->connect({}));
    connector.reset();
    test::run(io, link->send(batch({"who is there?"})));
    auto answer = test::run(io, link->receive());
    CHECK(answer.payload.view() == "still here");
}

TEST_CASE("a call receives the test's answer, within its limit")
{
    asio::io_context io;
    const auto answer =
        [](transport::http_request request) -> asio::awaitable<transport::http_response> {
        if (request.target == "/fail") throw error(errc::unavailable, "Not today.");
        transport::http_response response;
        response.status = 201;
        response.body = request.method + ' ' + request.target + ' ' + request.body;
        co_return response;
    };
    const auto connector = test::make_memory_connector(io.get_executor(), {}, {}, answer);
    transport::http_request request;
    request.method = "POST";
    request.target = "/a";
    request.body = "body";
    const auto got = test::run(io, connector->fetch(request));
    CHECK(got.status == 201);
    CHECK(got.body == "POST /a body");

    request.max_body = 5;
    CHECK_THROWS_AS(test::run(io, connector->fetch(request)), error);
    request.target = "/fail";
    CHECK_THROWS_AS(test::run(io, connector->fetch(request)), error);
    const auto nobody = test::make_memory_connector(io.get_executor(), {});
    CHECK_THROWS_AS(test::run(io, nobody->fetch(request)), error);
}

} // namespace memory_test
