// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <gemini/live/reconnect_plan.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace reconnect_hooks_test {

// What the user may decide about the next attempt.
using namespace test;

TEST_CASE("a hook that throws ends the session with its exception")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->drop();
    }};
    w.options.on_reconnecting = [](reconnect_plan&) -> asio::awaitable<void> {
        throw std::system_error(std::make_error_code(std::errc::connection_refused));
        co_return;
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto turn = session.turn();
        const auto failed = co_await failure_of(std::move(turn));
        REQUIRE(failed);
        CHECK(failed->value() == errc::misuse);
        CHECK(std::string_view(failed->what()).find("refused") != std::string_view::npos);
        CHECK(session.status() == session_status::failed);
    });
}

TEST_CASE("a session that is closed while a hook is running ends at once")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->drop();
    }};
    bool is_asked = false;
    bool is_cancelled = false;
    w.options.on_reconnecting = [&](reconnect_plan&) -> asio::awaitable<void> {
        is_asked = true;
        try {
            co_await w.clock->sleep_until(w.clock->now() + 1000h);
        } catch (const std::system_error&) {
            is_cancelled = true;
            throw;
        }
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        while (!is_asked) co_await w.clock->sleep_until(w.clock->now() + 100ms);
        const auto before = w.clock->now();
        co_await session.close();
        co_await settle();
        CHECK(w.clock->now() == before);
        CHECK(is_cancelled);
        CHECK(session.status() == session_status::closed);
    });
}

TEST_CASE("a setup that a hook has changed is validated against the model like the first one")
{
    for (const bool validate : {true, false}) {
        world w;
        w.options.validate = validate;
        w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                         co_await greet(w, peer);
                         peer->drop();
                     },
            [&](peer_ptr peer) -> asio::awaitable<void> {
                co_await greet(w, peer);
                co_await peer->receive();
            }};
        w.options.on_reconnecting = [](reconnect_plan& plan) -> asio::awaitable<void> {
            plan.setup.enable_affective_dialog = true;
            co_return;
        };
        const auto client = w.make_client();
        session session{client, plain};
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            if (validate) {
                auto turn = session.turn();
                const auto failed = co_await failure_of(std::move(turn));
                REQUIRE(failed);
                CHECK(failed->value() == errc::invalid_argument);
                CHECK(std::string_view(failed->what())
                          .starts_with("setup.generationConfig.enableAffectiveDialog"));
            } else {
                co_await until_connected(w, session, 2);
                co_await session.close();
            }
        };
        w.play(work());
        CHECK(w.dials == (validate ? 1 : 2));
    }
}

TEST_CASE("a hook may change setup, endpoint and wait of the next attempt, or stop")
{
    world w;
    std::vector<std::string> hosts;
    w.decide = [&](const transport::connect_request& request) { hosts.push_back(request.host); };
    base::time_point lost{};
    base::time_point back{};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     lost = w.clock->now();
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            back = w.clock->now();
            co_await greet(w, peer);
            peer->drop();
        }};
    int asked = 0;
    w.options.on_reconnecting = [&](reconnect_plan& plan) -> asio::awaitable<void> {
        CHECK(plan.cause.value() == errc::connection_lost);
        if (++asked == 2) plan.stop = true;
        plan.delay = 5s;
        plan.base_url = "https://elsewhere.example";
        plan.setup.system_instruction = content("Be brief.");
        co_return;
    };
    told all;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto reading = [&]() -> asio::awaitable<void> {
            co_await listen_until(session, all, [] { return false; });
        };
        const auto failure = co_await failure_of(reading());
        REQUIRE(failure);
        CHECK(failure->value() == errc::connection_lost);
    });
    CHECK(back - lost == 5s);
    CHECK(hosts ==
          std::vector<std::string>{"generativelanguage.googleapis.com", "elsewhere.example"});
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard[1].find("Be brief.") != std::string::npos);
    CHECK(played.status() == session_status::failed);
}

TEST_CASE("on_failure can overrule the classification of a failure")
{
    world w;
    w.options.reconnect.on_failure = [](const error& failure,
                                         failure_context) -> std::optional<reconnect_action> {
        if (failure.close_code() == 1011) return reconnect_action::give_up;
        return std::nullopt;
    };
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->close(1011, "Internal error encountered.");
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto reading = [&]() -> asio::awaitable<void> {
            const auto turn = co_await session.turn();
            CHECK(turn.text.empty());
        };
        const auto failure = co_await failure_of(reading());
        REQUIRE(failure);
        CHECK(failure->value() == errc::unavailable);
    });
    CHECK(w.dials == 1);
}

} // namespace reconnect_hooks_test
