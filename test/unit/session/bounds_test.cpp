// SPDX-License-Identifier: Apache-2.0
#include "unit/session/world.hpp"

#include "support/catch.hpp"

namespace bounds_test {

// The memory taken by what a server sends, and by what waits for it, is bounded.
using namespace test;

namespace {

/// About the memory of an empty message while it waits.
constexpr std::size_t empty_message = 1000;

} // namespace

TEST_CASE("a flood of empty messages that nobody reads stays within the inbox's memory bound")
{
    world w;
    w.options.limits.inbox = 100'000;
    constexpr int count = 20'000;
    const std::string each =
        GENERATE(as<std::string>(), "{}", R"({"serverContent":{}})", R"({"usageMetadata":{}})",
            R"({"novelty":1})", "[]", R"({"serverContent":{"modelTurn":{"parts":[{},{},{}]}}})");
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (int i = 0; i < count; ++i) peer->send(each);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        for (int i = 0; i < 10; ++i) co_await settle();
        const auto counted = session.counters();
        CHECK(counted.inbox <= w.options.limits.inbox + 2 * empty_message);
        CHECK(counted.messages_received + counted.malformed < count / 2);
        std::uint64_t seen = 0;
        auto events = session.events();
        while (seen < count) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* unread = std::get_if<malformed_message>(&*event);
            if ((unread && !unread->delivered) || std::holds_alternative<server_message>(*event))
                ++seen;
            CHECK(session.counters().inbox <= w.options.limits.inbox + 2 * empty_message);
        }
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("a reader that answers calls in its loop is not held up by a connection that failed")
{
    world w;
    w.options.limits.inbox = 5'000;
    w.options.limits.outbox = 2'000;
    constexpr int count = 100;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     for (int i = 0; i < count; ++i) {
                         peer->send(R"({"toolCall":{"functionCalls":[{"id":")" + std::to_string(i) +
                                    R"(","name":"f"}]}})");
                     }
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->send(text_message("again"));
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        for (bool again = false; !again;) {
            const auto message = co_await messages.next();
            REQUIRE(message);
            again = message->text() == "again";
            const auto& asked = message->members().tool_call;
            if (!asked) continue;
            auto result = json::object().add("output", std::string(200, 'x'));
            function_response answer(asked->function_calls.front(), std::move(result));
            co_await session.send_tool_response(std::move(answer));
        }
        CHECK(w.dials == 2);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("what is read of a failed connection is bounded, even when nobody receives it")
{
    world w;
    w.options.limits.inbox = 10'000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     for (int i = 0; i < 20'000; ++i) peer->send("{}");
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Is anybody there?");
        for (int i = 0; i < 100 && w.dials < 2; ++i) {
            co_await settle();
            co_await w.clock->sleep_until(w.clock->now() + 100ms);
        }
        CHECK(w.dials == 2);
        CHECK(session.counters().inbox <= 10'000 + 256 * 1024 + 4 * empty_message);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("what comes before setupComplete is bounded, on every connection")
{
    world w;
    w.options.limits.message = 64 * 1024;
    w.options.reconnect.first_connect_attempts = 1;
    const std::string each =
        GENERATE(as<std::string>(), "{}", "[]", text_message(std::string(4000, 'x')));
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        for (int i = 0; i < 2000; ++i) peer->send(each);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::message_too_big);
        CHECK(failure->phase() == phase::setup);
        CHECK(session.counters().inbox < 10 * empty_message);
    };
    w.play(work());
}

TEST_CASE("messages from before setupComplete are delivered after it")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->send(R"({"usageMetadata":{"totalTokenCount":7}})");
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        auto messages = session.messages();
        const auto first = co_await messages.next();
        REQUIRE(first);
        CHECK(first->members().usage_metadata);
        CHECK(first->epoch() == 1);
        const auto second = co_await messages.next();
        REQUIRE(second);
        CHECK(second->members().setup_complete);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("a handle larger than any that the service issues is not kept")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     for (const std::size_t size : {100u, 100'000u}) {
                         peer->send(
                             R"({"sessionResumptionUpdate":{"resumable":true,"newHandle":")" +
                             std::string(size, 'h') + R"("}})");
                     }
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->send(text_message("again"));
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        auto messages = session.messages();
        while (auto message = co_await messages.next())
            if (message->text() == "again") break;
        CHECK(w.heard.back().find(std::string(100, 'h') + '"') != std::string::npos);
        CHECK(w.heard.back().size() < 1000);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("only an excerpt is kept of the server's words about a refused setup")
{
    world w;
    w.options.reconnect.first_connect_attempts = 1;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        std::string words;
        for (int i = 0; i < 10'000; ++i) words += "no ";
        peer->send(R"({"error":{"code":400,"message":")" + words + R"("}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(std::string_view(failure->what()).size() < 2000);
        CHECK(failure->reason().size() < 1000);
    };
    w.play(work());
}

TEST_CASE("a message with too many elements ends the session with errc::message_too_big")
{
    world w;
    std::string many = R"({"serverContent":{"modelTurn":{"parts":[{})";
    for (int i = 0; i < 200'000; ++i) many += ",{}";
    many += "]}}}";
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(many);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        std::optional<error> failure;
        try {
            while (auto message = co_await messages.next())
                CHECK(message->members().setup_complete);
        } catch (const error& thrown) {
            failure = thrown;
        }
        REQUIRE(failure);
        CHECK(failure->value() == errc::message_too_big);
        CHECK(w.dials == 1);
    };
    w.play(work());
}

TEST_CASE("a turn longer than its bound is returned in pieces, and none of it is lost")
{
    world w;
    w.options.limits.turn = 1000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
        for (int i = 0; i < 30; ++i) peer->send(text_message(std::string(100, 'x')));
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.send("Go on.");
        std::size_t size = 0;
        auto turn = co_await session.turn();
        for (; turn.end == turn_end::unfinished; turn = co_await session.turn()) {
            CHECK(turn.text.size() == 1100);
            CHECK_FALSE(turn.is_whole());
            size += turn.text.size();
        }
        CHECK(turn.end == turn_end::complete);
        CHECK(size + turn.text.size() == 3000);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("messages that wait to be sent are charged for the memory that they occupy")
{
    world w;
    w.options.limits.outbox = 50'000;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    int accepted = 0;
    const auto send = [&]() -> asio::awaitable<void> {
        for (; accepted < 1000; ++accepted) co_await session.send("a");
    };
    const auto work = [&]() -> asio::awaitable<void> {
        asio::co_spawn(w.io, send(), [](std::exception_ptr) {});
        for (int i = 0; i < 100; ++i) co_await settle();
        CHECK(accepted > 100);
        CHECK(accepted < 300);
        CHECK(session.counters().outbox <= w.options.limits.outbox);
        co_await session.connect();
        while (accepted < 1000) co_await settle();
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.size() == 1001);
}

} // namespace bounds_test
