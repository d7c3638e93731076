// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/co_spawn.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace session_ref_test {

// What refers to a session and may outlive it.
using namespace test;

TEST_CASE("copies of a reference send as their session does")
{
    world w;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const session_ref one = session;
        auto another = one;
        CHECK(another.get_executor() == session.get_executor());
        CHECK(another.status() == session_status::disconnected);
        co_await session.connect();
        co_await another.send("Hello");
        co_await another.drain();
        co_await settle();
        CHECK(another.counters().messages_sent == 1);
        CHECK(said(w) == std::vector{text_input("Hello")});
        co_await another.close();
        CHECK(session.status() == session_status::closed);
    });
}

TEST_CASE("a coroutine that outlives its session is told that it is closed, whatever it awaits")
{
    world w;
    std::vector<std::string> outcomes;
    const auto work = [](world& w, std::vector<std::string>& outcomes) -> asio::awaitable<void> {
        std::optional<session> session(std::in_place, w.make_client(), plain);
        co_await session->connect();
        const auto detached = [](world& w, session_ref to,
                                  std::vector<std::string>& outcomes) -> asio::awaitable<void> {
            co_await w.clock->sleep_until(w.clock->now() + 5s);
            const std::vector<std::function<asio::awaitable<void>()>> all{
                [&] { return to.send("late"); },
                [&] { return to.send_audio(std::vector<std::byte>(2)); },
                [&] { return to.stop_speaking(); },
                [&] { return to.send_raw(json(R"({"a":1})")); },
                [&] {
                    function_response response;
                    response.id = "f1";
                    response.name = "get";
                    return to.send_tool_response(std::move(response));
                },
            };
            for (const auto& each : all) {
                auto attempt = each();
                const auto refused = co_await failure_of(std::move(attempt));
                outcomes.emplace_back(refused ? to_string(refused->value()) : "accepted");
            }
            co_await to.drain();
            co_await to.close();
            const auto ended_a_turn = co_await to.close_after_turn();
            CHECK_FALSE(ended_a_turn);
            CHECK(to.status() == session_status::closed);
            outcomes.emplace_back("ended");
        };
        asio::co_spawn(w.io, detached(w, *session, outcomes), rethrow);
        co_await settle();
        session.reset();
        co_await w.clock->sleep_until(w.clock->now() + 10s);
    };
    w.play(work(w, outcomes));
    CHECK(outcomes ==
          std::vector<std::string>{"closed", "closed", "closed", "closed", "closed", "ended"});
}

TEST_CASE("a reference does not keep its session open")
{
    world w;
    bool gone = false;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await listen(w, std::move(peer));
        gone = true;
    }};
    std::optional<session_ref> kept;
    const auto work = [](world& w, std::optional<session_ref>& kept) -> asio::awaitable<void> {
        session session(w.make_client(), plain);
        co_await session.connect();
        kept = session;
    };
    w.play(work(w, kept));
    const auto rest = []() -> asio::awaitable<void> { co_await settle(); };
    w.play(rest());
    CHECK(gone);
    CHECK(kept->status() == session_status::closed);
}

TEST_CASE("a reference may outlive the execution context of its session")
{
    std::optional<session_ref> kept;
    {
        world w;
        std::optional<session> session(std::in_place, w.make_client(), plain);
        w.play(session->connect());
        kept = *session;
        SECTION("if the session goes first") { session.reset(); }
        SECTION("if both go together") {}
    }
    asio::io_context other{1};
    std::optional<errc> refused;
    const auto late = [](session_ref to, std::optional<errc>& refused) -> asio::awaitable<void> {
        auto attempt = to.send("late");
        const auto failure = co_await failure_of(std::move(attempt));
        if (failure) refused = failure->value();
        co_await to.close();
    };
    asio::co_spawn(other, late(*kept, refused), rethrow);
    other.run();
    CHECK(refused == errc::closed);
}

} // namespace session_ref_test
