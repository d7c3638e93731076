// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <optional>

namespace closing_test {

// Every way in which a session ends.
namespace live = gemini::live;
using namespace test;

TEST_CASE("close notifies the server, may be called again, and ends everything")
{
    world w;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) {
        server = peer;
        return listen(w, std::move(peer));
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        int closed = 0;
        const auto close = [&]() -> asio::awaitable<void> {
            co_await session.close();
            ++closed;
        };
        asio::co_spawn(w.io, close(), [](std::exception_ptr) {});
        co_await session.close();
        co_await session.close();
        co_await settle();
        CHECK(closed == 1);
        CHECK(server->close_code() == 1000);
        server.reset();
        auto sending = session.send("late");
        const auto refused = co_await failure_of(std::move(sending));
        REQUIRE(refused);
        CHECK(refused->value() == errc::closed);
        auto connecting = session.connect();
        const auto again = co_await failure_of(std::move(connecting));
        REQUIRE(again);
        CHECK(again->code() == condition::closed);
    });
}

TEST_CASE("close ends a session in every other state")
{
    world w;
    w.options.reconnect.max_attempts = std::nullopt;
    const auto client = w.make_client();
    session session{client, plain};
    SECTION("before connect")
    {
        const auto work = [&]() -> asio::awaitable<void> { co_await session.close(); };
        w.play(work());
    }
    SECTION("while it waits for setupComplete")
    {
        w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
            while (co_await peer->receive()) {
            }
        }};
        const auto work = [&]() -> asio::awaitable<void> {
            std::optional<error> failed;
            const auto connect = [&]() -> asio::awaitable<void> {
                auto connecting = session.connect();
                failed = co_await failure_of(std::move(connecting));
            };
            asio::co_spawn(w.io, connect(), [](std::exception_ptr) {});
            co_await settle();
            co_await session.close();
            co_await settle();
            REQUIRE(failed);
            CHECK(failed->value() == errc::closed);
        };
        w.play(work());
    }
    SECTION("while it waits to reconnect")
    {
        w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->drop();
        }};
        w.decide = [&](const transport::connect_request&) {
            if (w.dials > 1) throw error(errc::connect_failed, "Down.");
        };
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            auto events = session.events();
            int attempts = 0;
            while (attempts < 3) {
                auto event = co_await events.next();
                REQUIRE(event);
                const auto* change = std::get_if<status_change>(&*event);
                if (change && change->to == session_status::reconnecting) ++attempts;
            }
            co_await session.close();
        };
        w.play(work());
    }
    CHECK(session.status() == session_status::closed);
}

TEST_CASE("destroying a session ends what others await")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    auto session = std::make_unique<live::session>(client, plain);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session->connect();
        auto messages = session->messages();
        co_await messages.next();
        bool ended = false;
        const auto read = [&]() -> asio::awaitable<void> {
            CHECK_FALSE(co_await messages.next());
            ended = true;
        };
        asio::co_spawn(w.io, read(), [](std::exception_ptr) {});
        co_await settle();
        session.reset();
        co_await settle();
        CHECK(ended);
    };
    w.play(work());
}

TEST_CASE("sessions, client and execution context may go in any order")
{
    std::unique_ptr<session> outlives;
    {
        world w;
        w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
        std::optional<client> client(w.make_client());
        outlives = std::make_unique<session>(*client, plain);
        client.reset();
        const auto work = [&]() -> asio::awaitable<void> {
            co_await outlives->connect();
            co_await outlives->send("hello");
        };
        w.play(work());
    }
    CHECK(outlives->status() == session_status::closed);
    outlives.reset();
}

TEST_CASE("when the policy gives up, every waiting operation reports the cause")
{
    world w;
    w.options.reconnect.max_attempts = 2;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->drop();
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::connect_failed, "Nobody listens.");
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        co_await messages.next();
        auto reading = messages.next();
        const auto thrown = co_await failure_of(std::move(reading));
        REQUIRE(thrown);
        CHECK(thrown->value() == errc::connect_failed);
        CHECK(session.status() == session_status::failed);
        co_await session.close(); // does not throw
    });
    CHECK(w.dials == 3);
}

} // namespace closing_test
