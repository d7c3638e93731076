// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"
#include "support/run.hpp"

#include <gemini/live/within.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace within_test {

namespace live = gemini::live;
using namespace test;

namespace {

/// Ends only when canceled, and counts that it has.
asio::awaitable<void> forever(int& ends)
{
    struct note {
        ~note() { ++count; }
        int& count;
    };
    const note ending{ends};
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<std::unique_ptr<int>> move_only() { co_return std::make_unique<int>(7); }

asio::awaitable<std::string> soon(std::string text)
{
    co_await settle();
    co_return text;
}

asio::awaitable<void> fail_soon()
{
    co_await settle();
    throw std::invalid_argument("of the operation's own");
}

asio::awaitable<int> number(bool& started)
{
    started = true;
    co_return 1;
}

asio::awaitable<int> answer_instead_of_ending()
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_at(std::chrono::steady_clock::time_point::max());
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const std::system_error&) { // canceled
    }
    co_return 42;
}

/// A session that has connected to a server in memory.
struct open_session {
    explicit open_session(world& w) : client(w.make_client()), one(client, plain) {}

    asio::awaitable<void> connect()
    {
        co_await one.connect();
        co_await messages.next(); // setupComplete
    }

    live::client client;
    live::session one;
    live::async_generator<live::server_message> messages = one.messages();
};

} // namespace

TEST_CASE("within returns the operation's result, whether nothing, a value or move-only")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        co_await live::within(5s, settle());
        CHECK(co_await live::within(5s, soon("a value")) == "a value");
        const auto moved = co_await live::within(5s, move_only());
        CHECK(*moved == 7);
        const auto forever = co_await live::within(std::chrono::milliseconds::max(), move_only());
        CHECK(*forever == 7);
    };
    test::run(io, work());
}

TEST_CASE(
    "within cancels an operation when its time is up, and reports it once the operation has ended")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        int ends = 0;
        const auto late = co_await failure_of(live::within(5ms, forever(ends)));
        REQUIRE(late);
        CHECK(late->value() == live::errc::timed_out);
        CHECK(late->code() == live::condition::retryable);
        CHECK(late->phase() == live::phase::none);
        CHECK(std::string(late->what()) ==
              "The operation was canceled: it did not complete within 5 ms.");
        CHECK(ends == 1);
    };
    test::run(io, work());
}

TEST_CASE("within rethrows what the operation throws, unchanged")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        CHECK_THROWS_AS(co_await live::within(5s, fail_soon()), std::invalid_argument);
    };
    test::run(io, work());
}

TEST_CASE("an operation that need not wait succeeds within no time")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        bool started = false;
        CHECK(co_await live::within(0ms, number(started)) == 1);
        CHECK(co_await live::within(-1s, number(started)) == 1);
    };
    test::run(io, work());
}

TEST_CASE("a result that is ready when the time is up is returned")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        CHECK(co_await live::within(1ms, answer_instead_of_ending()) == 42);
    };
    test::run(io, work());
}

TEST_CASE("a race ends with the first result; the others have been canceled and have ended")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        int ends = 0;
        auto first = co_await live::race(forever(ends), soon("first"), forever(ends));
        REQUIRE(first.index() == 1);
        CHECK(std::get<1>(first) == "first");
        CHECK(ends == 2);
        const auto moved = co_await live::race(forever(ends), move_only());
        CHECK(*std::get<1>(moved) == 7);
    };
    test::run(io, work());
}

TEST_CASE("a race ends with the first exception, and does not wait for a success")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        int ends = 0;
        CHECK_THROWS_AS(co_await live::race(forever(ends), fail_soon()), std::invalid_argument);
        CHECK(ends == 1);
    };
    test::run(io, work());
}

TEST_CASE(
    "an operation that need not be started in a race is not, and its argument is not consumed")
{
    asio::io_context io;
    const auto work = []() -> asio::awaitable<void> {
        bool first = false;
        bool second = false;
        const auto won = co_await live::race(number(first), number(second));
        CHECK(won.index() == 0);
        CHECK(first);
        CHECK_FALSE(second);
    };
    test::run(io, work());
}

TEST_CASE("what ends a session ends a race with its reader at once")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->close(1007, "Invalid JSON payload received.");
    }};
    open_session session(w);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        int ends = 0;
        const auto why = co_await failure_of(live::race(session.messages.next(), forever(ends)));
        REQUIRE(why);
        CHECK(why->close_code() == 1007);
        CHECK(ends == 1);
        const auto again = co_await failure_of(live::within(1h, session.messages.next()));
        REQUIRE(again);
        CHECK(again->close_code() == 1007);
    };
    w.play(work());
}

TEST_CASE("when two sessions answer at once, the race takes one message and leaves the other")
{
    world w;
    std::vector<peer_ptr> servers;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        servers.push_back(peer);
        return listen(w, std::move(peer));
    }};
    open_session left(w);
    open_session right(w);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await left.connect();
        co_await right.connect();
        for (int i = 0; i < 100; ++i) {
            // which server speaks first differs, and so does what happens in between
            const auto early = static_cast<std::size_t>(i % 2);
            const auto speak = [&]() -> asio::awaitable<void> {
                for (int pauses = 0; pauses < i / 2; ++pauses)
                    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
                servers[early]->send(text_message("1"));
                servers[1 - early]->send(text_message("2"));
            };
            asio::co_spawn(w.io, speak(), [](std::exception_ptr) {});
            const auto first = co_await live::race(left.messages.next(), right.messages.next());
            auto& other = first.index() == 0 ? right : left;
            const auto kept = co_await live::within(5s, other.messages.next());
            REQUIRE(kept);
            const auto& taken = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
            REQUIRE(taken);
            CHECK(taken->text() + kept->text() == (first.index() == early ? "12" : "21"));
        }
        servers.clear();
    };
    w.play(work());
}

TEST_CASE("a next() that times out loses no message")
{
    asio::io_context io;
    world w;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        return listen(w, std::move(peer));
    }};
    open_session session(w);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        std::string told;
        std::string wanted;
        int timed_out = 0;
        for (int i = 0; i < 50 || told.size() < wanted.size(); ++i) {
            if (i % 3 == 0 && i < 50) {
                wanted += static_cast<char>('a' + i % 26);
                server->send(text_message(wanted.substr(wanted.size() - 1)));
            }
            try {
                const auto message = co_await live::within(0ms, session.messages.next());
                told += message->text();
            } catch (const live::error& late) {
                CHECK(late.value() == live::errc::timed_out);
                ++timed_out;
            }
        }
        CHECK(told == wanted);
        CHECK(timed_out > 0);
        server.reset();
    };
    w.play(work());
}

TEST_CASE("a turn() that times out is continued by the next")
{
    world w;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        return listen(w, std::move(peer));
    }};
    open_session session(w);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        server->send(text_message("Well, "));
        co_await settle();
        const auto late = co_await failure_of(live::within(0ms, session.one.turn()));
        REQUIRE(late);
        CHECK(late->value() == live::errc::timed_out);
        server->send(text_message("hello."));
        server->send(R"({"serverContent":{"turnComplete":true}})");
        const auto turn = co_await live::within(1h, session.one.turn());
        CHECK(turn.is_whole());
        CHECK(turn.text == "Well, hello.");
        server.reset();
    };
    w.play(work());
}

TEST_CASE("canceling a within cancels what it awaits")
{
    asio::io_context io;
    int ends = 0;
    const auto wait_within = [](int& ends) -> asio::awaitable<void> {
        co_await live::within(1h, forever(ends));
    };
    const auto wait_in_race = [](int& ends) -> asio::awaitable<void> {
        co_await live::race(forever(ends), forever(ends));
    };
    const auto any_type = [](int& ends) -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
        co_await live::within(1h, live::within(2h, forever(ends)));
    };
    const auto canceled_by = [&](asio::cancellation_type type, asio::awaitable<void> work) {
        asio::cancellation_signal cancel;
        std::exception_ptr thrown;
        asio::co_spawn(io, std::move(work),
            asio::bind_cancellation_slot(
                cancel.slot(), [&](std::exception_ptr why) { thrown = why; }));
        io.restart();
        io.poll();
        cancel.emit(type);
        io.restart();
        io.poll();
        if (!thrown) return std::error_code();
        try {
            std::rethrow_exception(thrown);
        } catch (const std::system_error& failure) {
            return failure.code();
        }
    };
    const auto aborted = asio::error::make_error_code(asio::error::operation_aborted);
    using asio::cancellation_type;
    CHECK(canceled_by(cancellation_type::terminal, wait_within(ends)) == aborted);
    CHECK(ends == 1);
    CHECK(canceled_by(cancellation_type::all, wait_in_race(ends)) == aborted);
    CHECK(ends == 3);
    CHECK(canceled_by(cancellation_type::total, any_type(ends)) == aborted);
    CHECK(ends == 4);
}

TEST_CASE(
    "a spawned call is canceled by terminal, and by total once its coroutine lets that through")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    open_session session(w);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto read = [&](bool total) -> asio::awaitable<void> {
            if (total) {
                co_await asio::this_coro::reset_cancellation_state(
                    asio::enable_total_cancellation());
            }
            co_await session.messages.next();
        };
        for (const auto& [type, enabled, ends] :
            {std::tuple(asio::cancellation_type::terminal, false, true),
                std::tuple(asio::cancellation_type::total, false, false),
                std::tuple(asio::cancellation_type::total, true, true)}) {
            asio::cancellation_signal cancel;
            bool ended = false;
            asio::co_spawn(w.io, read(enabled),
                asio::bind_cancellation_slot(
                    cancel.slot(), [&](std::exception_ptr thrown) { ended = thrown != nullptr; }));
            co_await settle();
            cancel.emit(type);
            co_await settle();
            CHECK(ended == ends);
            cancel.emit(asio::cancellation_type::terminal);
            co_await settle();
            CHECK(ended);
        }
    };
    w.play(work());
}

TEST_CASE("timeouts and races work on an executor with several threads")
{
    asio::io_context io;
    std::atomic<int> wins = 0;
    std::atomic<int> time_outs = 0;
    const auto pause = [](std::chrono::microseconds time) -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, time);
        co_await timer.async_wait(asio::use_awaitable);
    };
    const auto work = [&](int number) -> asio::awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            const auto first =
                co_await live::race(pause(50us * (number % 7)), pause(50us * (i % 7)));
            if (first.index() < 2) ++wins;
            try {
                co_await live::within(1ms, pause(1ms + 10us * (i % 5) - 20us));
            } catch (const live::error&) {
                ++time_outs;
            }
        }
    };
    std::atomic<int> ended = 0;
    for (int i = 0; i < 8; ++i)
        asio::co_spawn(io, work(i), [&](std::exception_ptr thrown) { ended += !thrown; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    for (auto& each : threads) each.join();
    CHECK(ended == 8);
    CHECK(wins == 8 * 50);
    CHECK(time_outs <= 8 * 50);
}

TEST_CASE("a context that is destroyed during a within leaks nothing")
{
    int ends = 0;
    {
        asio::io_context io;
        auto inner = live::within(2h, forever(ends));
        asio::co_spawn(io, live::within(1h, std::move(inner)), [](std::exception_ptr) {});
        io.poll();
        CHECK(ends == 0);
    }
    CHECK(ends == 1);
}

} // namespace within_test
