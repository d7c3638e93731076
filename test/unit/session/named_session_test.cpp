// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <gemini/live/resumption_store.hpp>

#include <asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace named_session_test {

// Conversations that outlive their session: by a handle, or by a name and a store.
using namespace test;

TEST_CASE("a session that is closed while its store looks for a handle ends at once")
{
    class slow_store final : public resumption_store {
    public:
        explicit slow_store(std::shared_ptr<test::virtual_clock> clock) : clock_(std::move(clock))
        {
        }
        asio::awaitable<std::optional<resumption_record>> load(std::string) override
        {
            co_await clock_->sleep_until(clock_->now() + 1000h);
            co_return std::nullopt;
        }
        asio::awaitable<void> save(
            std::string, resumption_record, std::chrono::milliseconds) override
        {
            co_return;
        }
        asio::awaitable<void> erase(std::string) override { co_return; }

    private:
        std::shared_ptr<test::virtual_clock> clock_;
    };
    world w;
    w.options.resumption_store = std::make_shared<slow_store>(w.clock);
    const auto client = w.make_client();
    session session{client, plain, "slow"};
    std::exception_ptr ended;
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        asio::co_spawn(w.io, std::move(connecting), [&](std::exception_ptr how) { ended = how; });
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        const auto before = w.clock->now();
        co_await session.close();
        co_await settle();
        CHECK(w.clock->now() == before);
        CHECK(ended);
    };
    w.play(work());
}

TEST_CASE("another session resumes with the handle of the first")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(new_handle);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        session first{client, plain};
        CHECK(first.resumption_handle().empty());
        co_await first.connect();
        co_await settle();
        REQUIRE(first.resumption_handle() == "h");
        auto setup = plain;
        setup.session_resumption->handle = first.resumption_handle();
        co_await first.close();
        session second{client, setup};
        told all;
        co_await second.connect();
        co_await listen_until(second, all, [&] { return all.last(session_status::connected); });
        CHECK(all.last(session_status::connected)->resumed);
        co_await second.close();
    };
    w.play(work());
    CHECK(w.heard[1].find(R"("handle":"h")") != std::string::npos);
}

TEST_CASE(
    "a named session resumes where the previous one of that name ended, and saves its handles")
{
    world w;
    int connections = 0;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"sessionResumptionUpdate":{"newHandle":"h)" + std::to_string(++connections) +
                   R"(","resumable":true}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        for (const auto* name : {"caller 7", "caller 8", "caller 7"}) {
            session session{client, plain, name};
            co_await session.connect();
            co_await settle();
            co_await session.close();
        }
        const auto record = co_await w.options.resumption_store->load("caller 7");
        CHECK(record->handle == "h3");
        CHECK(record->model == plain.model);
    };
    w.play(work());
    REQUIRE(w.heard.size() == 3);
    CHECK(w.heard[1].find("handle") == std::string::npos);
    CHECK(w.heard[2].find(R"("handle":"h1")") != std::string::npos);
}

TEST_CASE("a stored handle of another model is not used")
{
    world w;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("old", std::chrono::system_clock::now(), "another-model");
        co_await w.options.resumption_store->save(
            "caller 7", std::move(record), std::chrono::hours(2));
        session session{client, plain, "caller 7"};
        co_await session.connect();
        co_await session.close();
    };
    w.play(work());
    REQUIRE(w.heard.size() == 1);
    CHECK(w.heard[0].find("old") == std::string::npos);
}

TEST_CASE("a stored handle that the server refuses is tried once, and dropped")
{
    world w;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        w.heard.push_back(*co_await peer->receive());
        if (w.heard.back().find("old") != std::string::npos) {
            peer->close(1007, "Invalid session handle");
            co_return;
        }
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("old", std::chrono::system_clock::now(), plain.model);
        co_await w.options.resumption_store->save(
            "caller 7", std::move(record), std::chrono::hours(2));
        session session{client, plain, "caller 7"};
        co_await session.connect();
        co_await settle();
        const auto left = co_await w.options.resumption_store->load("caller 7");
        CHECK_FALSE(left);
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.size() == 2);
}

TEST_CASE("a handle that the server refuses leaves the store, even when no connection follows")
{
    world w;
    w.options.resumption_store = std::make_shared<memory_resumption_store>();
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->close(1007, "Invalid session handle");
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::unauthorized, "No.", {phase::upgrade, 0, "", 401});
    };
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("old", std::chrono::system_clock::now(), plain.model);
        co_await w.options.resumption_store->save("caller 7", std::move(record));
        session session{client, plain, "caller 7"};
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::unauthorized);
        co_await settle();
        const auto left = co_await w.options.resumption_store->load("caller 7");
        CHECK_FALSE(left);
    };
    w.play(work());
}

TEST_CASE("a handle in the setup that the server refuses is tried once, and not sent again")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        w.heard.push_back(*co_await peer->receive());
        if (w.heard.back().find("old") != std::string::npos) {
            peer->close(1007, "Invalid session handle");
            co_return;
        }
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    auto with_handle = plain;
    with_handle.session_resumption.emplace().handle = "old";
    const auto work = [&]() -> asio::awaitable<void> {
        session session{client, with_handle};
        co_await session.connect();
        CHECK(session.resumption_handle().empty());
        co_await session.close();
    };
    w.play(work());
    CHECK(w.heard.size() == 2);
}

namespace {

class broken_store : public resumption_store {
public:
    asio::awaitable<std::optional<resumption_record>> load(std::string) override
    {
        throw error(errc::storage_failed, "The disk is on fire.");
        co_return std::nullopt;
    }
    asio::awaitable<void> save(std::string, resumption_record, std::chrono::milliseconds) override
    {
        co_return;
    }
    asio::awaitable<void> erase(std::string) override { co_return; }
};

} // namespace

TEST_CASE("a conversation that cannot be looked up is not silently started over")
{
    world w;
    w.options.resumption_store = std::make_shared<broken_store>();
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain, "caller 7"};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::storage_failed);
    };
    w.play(work());
    CHECK(w.dials == 0);
}

} // namespace named_session_test
