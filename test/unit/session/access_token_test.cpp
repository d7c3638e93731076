// SPDX-License-Identifier: Apache-2.0
#include "auth/headers.hpp"
#include "base/access.hpp"
#include "session/client_core.hpp"
#include "support/memory_connector.hpp"

#include "support/catch.hpp"
#include "support/virtual_time.hpp"

#include <gemini/live/session.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace access_token_test {

// Access tokens in whole sessions, in virtual time.
using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

/// A machine in Google Cloud, its metadata server, and Vertex AI, which accepts only these tokens.
struct world {
    std::shared_ptr<test::virtual_clock> clock = std::make_shared<test::virtual_clock>();
    asio::io_context io{1};
    std::map<std::string, base::time_point> tokens{}; // each with its expiry
    int fetched = 0;
    int dialed = 0;
    int expired = 0;
    bool refuses_all = false;
    int refuses_with = 401;
    errc refuses_as = errc::unauthorized;
    int not_ready = 0; ///< Number of answers in which the metadata server has no token.
    std::shared_ptr<test::memory_peer> peer{}; ///< The server's end of the newest connection.

    client connect()
    {
        client_options options;
        options.backend = backend::vertex_ai;
        options.project = "p";
        options.credentials = metadata_server{};
        options.reconnect.first_connect_attempts = 1;
        auto connector = test::make_memory_connector(
            io.get_executor(), [this](auto peer) { return serve(this->peer = std::move(peer)); },
            [this](const transport::connect_request& request) { check(request); },
            [this](transport::http_request) { return issue(); });
        return access::make_client(std::make_shared<client_core>(
            options, std::move(connector), clock, [] { return 0.5; }));
    }

    static asio::awaitable<void> serve(std::shared_ptr<test::memory_peer> peer)
    {
        for (;;) {
            const auto heard = co_await peer->receive();
            if (!heard) co_return;
            peer->send(R"({"setupComplete":{}})");
        }
    }

    asio::awaitable<transport::http_response> issue()
    {
        co_await clock->sleep_until(clock->now() + 200ms);
        transport::http_response answer;
        if (not_ready > 0) {
            --not_ready;
            answer.status = 404;
            answer.fields.emplace_back("metadata-flavor", "Google");
            answer.body = "not found";
            co_return answer;
        }
        const auto name = fmt::format("token-number-{}", ++fetched);
        tokens[name] = clock->now() + 1h;
        answer.status = 200;
        answer.fields.emplace_back("metadata-flavor", "Google");
        answer.body = fmt::format(R"({{"access_token":"{}","expires_in":3600}})", name);
        co_return answer;
    }

    void check(const transport::connect_request& request)
    {
        ++dialed;
        const auto* const bearer = auth::find(request.fields, "Authorization");
        REQUIRE(bearer);
        const auto found = tokens.find(bearer->substr(7));
        if (found != tokens.end() && found->second > clock->now() && !refuses_all) return;
        if (!refuses_all) ++expired;
        const auto why = "This was not taken: " + bearer->substr(7);
        throw error(refuses_as, why, {phase::upgrade, 0, why, refuses_with});
    }
};

asio::awaitable<void> visit(client client)
{
    session visitor(client, setup{.model = "gemini-3.8-live"});
    co_await visitor.connect();
    co_await visitor.close();
}

std::optional<error> failure_of_visit(world& w, client client)
{
    std::optional<error> why;
    const auto work = [&]() -> asio::awaitable<void> {
        try {
            co_await visit(client);
        } catch (const error& refused) {
            why = refused;
        }
    };
    auto working = work();
    test::play(w.io, *w.clock, std::move(working));
    return why;
}

} // namespace

TEST_CASE("a thousand sessions that start at once cause one fetch of a token")
{
    world w;
    const auto client = w.connect();
    int connected = 0;
    const auto one = [&]() -> asio::awaitable<void> {
        co_await visit(client);
        ++connected;
    };
    for (int i = 0; i < 1000; ++i) asio::co_spawn(w.io, one(), asio::detached);
    test::play(w.io, *w.clock, w.clock->sleep_until(w.clock->now() + 1min));
    CHECK(connected == 1000);
    CHECK(w.fetched == 1);
}

TEST_CASE("in ten hours of sessions no upgrade is sent with an expired token")
{
    const auto between = GENERATE(180s, 590s, 3599s);
    world w;
    const auto client = w.connect();
    const auto work = [&]() -> asio::awaitable<void> {
        const auto end = w.clock->now() + 10h;
        while (w.clock->now() < end) {
            co_await visit(client);
            co_await w.clock->sleep_until(w.clock->now() + between);
        }
    };
    auto working = work();
    test::play(w.io, *w.clock, std::move(working));
    CHECK(w.expired == 0);
    CHECK(w.dialed >= 10);
    CHECK(w.fetched >= 10);
    CHECK(w.fetched <= 12);
}

TEST_CASE("a rejected upgrade is tried with another token, once")
{
    world w;
    const auto client = w.connect();
    std::optional<error> why;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await visit(client);
        w.tokens.clear(); // revoked
        co_await visit(client);
        w.refuses_all = true;
        try {
            co_await visit(client);
        } catch (const error& refused) {
            why = refused;
        }
    };
    auto working = work();
    test::play(w.io, *w.clock, std::move(working));
    REQUIRE(why);
    CHECK(why->condition() == condition::credentials);
    CHECK(w.fetched == 3);
    CHECK(w.dialed == 5);
    CHECK(std::string(why->what()).find("token-number") == std::string::npos);
    CHECK(why->reason().find("token-number") == std::string::npos);
}

TEST_CASE("a rejection that is not about the token does not cost another token")
{
    world w;
    w.refuses_all = true;
    SECTION("by the service") { w.refuses_with = 400; }
    SECTION("by a proxy")
    {
        w.refuses_with = 403;
        w.refuses_as = errc::proxy_failed;
    }
    const auto client = w.connect();
    const auto why = failure_of_visit(w, client);
    CHECK(why);
    CHECK(w.fetched == 1);
    CHECK(w.dialed == 1);
}

TEST_CASE("a metadata server that has no token for a moment does not end a session that has worked")
{
    world w;
    const auto client = w.connect();
    const auto work = [&]() -> asio::awaitable<void> {
        session talk(client, setup{.model = "gemini-3.8-live"});
        co_await talk.connect();
        w.tokens.clear(); // forces another fetch
        w.not_ready = 3;
        w.peer->drop();
        for (int i = 0; i < 600 && talk.counters().connections < 2; ++i)
            co_await w.clock->sleep_until(w.clock->now() + 100ms);
        CHECK(talk.status() == session_status::connected);
        CHECK(w.not_ready == 0);
        co_await talk.close();
    };
    auto working = work();
    test::play(w.io, *w.clock, std::move(working));
}

TEST_CASE(
    "a metadata server without a token fails a first connection at once, with its own error code")
{
    world w;
    w.not_ready = 100;
    const auto client = w.connect();
    const auto why = failure_of_visit(w, client);
    REQUIRE(why);
    CHECK(why->value() == errc::missing_credentials);
    CHECK(why->condition() == condition::credentials);
    CHECK(why->http_status() == 404);
    CHECK(std::string(why->what()).find("attach one") != std::string::npos);
    CHECK(w.dialed == 0);
}

TEST_CASE("a session that is closed while it waits for a token ends at once")
{
    world w;
    auto client = w.connect();
    const auto work = [&]() -> asio::awaitable<void> {
        session visitor(client, setup{.model = "gemini-3.8-live"});
        const auto connecting = [&]() -> asio::awaitable<void> { co_await visitor.connect(); };
        asio::co_spawn(w.io, connecting(), [](std::exception_ptr) {});
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
        const auto before = w.clock->now();
        co_await visitor.close();
        CHECK(w.clock->now() == before);
        CHECK(w.fetched == 0);
    };
    auto working = work();
    test::play(w.io, *w.clock, std::move(working));
}

} // namespace access_token_test
