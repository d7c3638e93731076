// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/loud.hpp"

#include "contract/broken_world.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <thread>

namespace silence_test {

// Connections that fall silent, and users who do not read for a while.
using namespace test;
using namespace std::chrono_literals;

namespace {

/// A world whose limits of silence are short.
struct impatient_world : broken_world {
    impatient_world()
    {
        calling.deadlines.ping_after = 200ms; // a busy machine answers within this time
        calling.deadlines.silence = 500ms;
        calling.deadlines.setup = 2s;
    }
};

/// Sends a numbered message and reads until the server has consumed it.
asio::awaitable<void> say(live::session& session, server_record& record, int number)
{
    const auto text = numbered(number, "Hello");
    co_await session.send(text);
    const auto arrived = [&] {
        const auto all = numbers_of(record.newest(), false);
        return !all.empty() && all.back() == number;
    };
    while (!arrived()) auto turn = co_await session.turn();
}

/// Reads until the status is this; returns the change.
asio::awaitable<live::status_change> await_status(
    live::session& session, live::session_status wanted)
{
    auto events = session.events();
    for (;;) {
        auto event = co_await events.next();
        if (!event) throw std::runtime_error("the session has ended");
        if (const auto* change = std::get_if<live::status_change>(&*event))
            if (change->to == wanted) co_return *change;
    }
}

} // namespace

TEST_CASE("a half-open connection is found by its silence, and the conversation continues")
{
    impatient_world w;
    const auto client = w.start();
    live::session session{client, written()};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await say(session, w.record, 1);
        w.relay->strike(trouble::swallow);
        const auto text = numbered(2, "Are you there?");
        co_await session.send(text); // is lost
        auto lost = co_await await_status(session, live::session_status::reconnecting);
        REQUIRE(lost.cause);
        CHECK(lost.cause->value() == live::errc::timed_out);
        CHECK(lost.cause->phase() == live::phase::open);
        w.relay->strike(trouble::rst); // the server has also noticed
        auto back = co_await await_status(session, live::session_status::connected);
        CHECK(back.resumed);
        CHECK(back.replayed == 1);
        co_await say(session, w.record, 3);
        co_await session.close();
    };
    w.run(work());
    CHECK(numbers_of(w.record.newest(), false) == std::vector{1, 2, 3});
}

TEST_CASE("a server that notices a half-open connection late refuses the handle for a while, and "
          "keeps the conversation")
{
    impatient_world w;
    w.calling.reconnect.first_delay = 20ms;
    const auto client = w.start();
    live::session session{client, written()};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await say(session, w.record, 1);
        w.relay->strike(trouble::swallow);
        auto events = session.events();
        int refused = 0;
        for (bool back = false; !back;) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* change = std::get_if<live::status_change>(&*event);
            if (!change) continue;
            if (change->cause && change->cause->close_code() == 1011 && ++refused == 4)
                w.relay->strike(trouble::rst);
            back = change->to == live::session_status::connected;
            CHECK_FALSE(change->context_lost);
        }
        co_await say(session, w.record, 2);
        co_await session.close();
    };
    w.run(work());
    CHECK(numbers_of(w.record.newest(), false) == std::vector{1, 2});
}

TEST_CASE("a connection that stalls and resumes is not given up")
{
    impatient_world w;
    w.calling.deadlines.silence = 10s;
    const auto client = w.start();
    live::session session{client, written()};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        w.relay->strike(trouble::stall);
        const auto text = numbered(1, "Hello");
        co_await session.send(text);
        asio::steady_timer pause(w.io, 1s); // time for several pings
        co_await pause.async_wait(asio::use_awaitable);
        CHECK(session.status() == live::session_status::connected);
        w.relay->go_on();
        auto turn = co_await session.turn();
        CHECK(turn.end == live::turn_end::complete);
        co_await session.close();
    };
    w.run(work());
    CHECK(w.server->accepted() == 1);
    CHECK(session.counters().losses == 0);
}

TEST_CASE("a server that falls silent in the setup is abandoned at the deadline, and tried again")
{
    impatient_world w;
    const auto client = w.start();
    constexpr std::uint64_t answer_to_upgrade = 100; // bytes, of more
    w.relay->strike_next({trouble::swallow, way::down, answer_to_upgrade + 30});
    live::session session{client, written()};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto again = co_await await_status(session, live::session_status::connecting);
        if (again.attempt == 1)
            again = co_await await_status(session, live::session_status::connecting);
        REQUIRE(again.cause);
        CHECK(again.cause->value() == live::errc::timed_out);
        co_await say(session, w.record, 1);
        co_await session.close();
    };
    w.run(work());
    CHECK(w.relay->accepted() == 2);
}

TEST_CASE("a user who blocks the loop for longer than the permitted silence keeps the connection")
{
    impatient_world w;
    asio::io_context elsewhere; // the server runs meanwhile
    auto work_there = asio::make_work_guard(elsewhere);
    std::thread other([&] { elsewhere.run(); });
    {
        live::testing::emulator server(elsewhere.get_executor(), {.pace = 0});
        w.calling.base_url = server.url();
        w.calling.backend = live::backend::gemini_api;
        w.calling.project = w.calling.location = "";
        w.calling.credentials = live::api_key(test::secret_key);
        const live::client client{w.io.get_executor(), w.calling};
        auto setup = written();
        setup.session_resumption->transparent.reset();
        live::session session{client, setup};
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            for (int i = 0; i < 3; ++i) {
                // at different moments between one ping and the next
                asio::steady_timer pause(w.io, 90ms * i);
                co_await pause.async_wait(asio::use_awaitable);
                std::this_thread::sleep_for(1'500ms);
                co_await session.send("Hello");
                auto turn = co_await session.turn();
                CHECK(turn.end == live::turn_end::complete);
            }
            co_await session.close();
        };
        w.run(work());
        CHECK(session.counters().losses == 0);
        CHECK(server.accepted() == 1);
    }
    work_there.reset();
    other.join();
}

} // namespace silence_test
