// SPDX-License-Identifier: Apache-2.0
#include "auth/token_source.hpp"

#include "support/catch.hpp"
#include "support/virtual_time.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <gemini/live/error.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace token_source_test {

using namespace gemini::live;
using namespace std::chrono_literals;
using auth::proof;
using auth::token_source;

namespace {

/// A source in virtual time, whose tokens come from a service that answers after a second.
struct world {
    std::shared_ptr<test::virtual_clock> clock = std::make_shared<test::virtual_clock>();
    asio::io_context io{1};
    std::optional<std::chrono::seconds> lifetime = 3600s;
    std::chrono::milliseconds pace = 1s;
    std::deque<error> failures{};
    std::chrono::hours wall_offset{480'000};
    int fetched = 0;
    int begun = 0;
    std::shared_ptr<token_source> source = std::make_shared<token_source>(
        auth::source_world{io.get_executor(), [this] { return fetch(); },
            [this] { return clock->now(); }, [this] { return wall(); },
            [this](auth::steady_time when) { return clock->sleep_until(when); },
            [] { return 0.5; }},
        60s);

    [[nodiscard]] auth::wall_time wall() const
    {
        return auth::wall_time(
            std::chrono::duration_cast<auth::wall_time::duration>(clock->now().time_since_epoch()) +
            wall_offset);
    }

    asio::awaitable<proof> fetch()
    {
        ++begun;
        co_await clock->sleep_until(clock->now() + pace);
        if (!failures.empty()) {
            const auto failure = failures.front();
            failures.pop_front();
            throw failure;
        }
        proof got;
        std::optional<auth::wall_time> expires;
        if (lifetime) expires = wall() + *lifetime;
        got.token = access_token("token-" + std::to_string(++fetched), "", expires);
        co_return got;
    }

    asio::awaitable<std::string> token()
    {
        const auto got = co_await token_source::get(source);
        co_return got->token.reveal();
    }

    asio::awaitable<void> pass(std::chrono::nanoseconds time)
    {
        co_await clock->sleep_until(clock->now() + time);
    }

    void play(std::function<asio::awaitable<void>()> work)
    {
        auto running = work();
        test::play(io, *clock, std::move(running));
    }
};

} // namespace

TEST_CASE("a thousand waiters receive one token")
{
    world w;
    int got = 0;
    const auto one = [&]() -> asio::awaitable<void> {
        const auto token = co_await w.token();
        if (token == "token-1") ++got;
    };
    for (int i = 0; i < 1000; ++i) asio::co_spawn(w.io, one(), asio::detached);
    w.play([&] { return w.pass(2s); });
    CHECK(got == 1000);
    CHECK(w.fetched == 1);
}

TEST_CASE("a token is cached while it is valid, and replaced in the background before it expires")
{
    world w;
    w.play([&]() -> asio::awaitable<void> {
        auto token = co_await w.token();
        CHECK(token == "token-1");
        co_await w.pass(54min);
        token = co_await w.token();
        CHECK(token == "token-1");
        co_await w.pass(1s);
        CHECK(w.fetched == 1);

        co_await w.pass(2min); // four minutes are left
        const auto before = w.clock->now();
        token = co_await w.token();
        CHECK(token == "token-1");
        CHECK(w.clock->now() == before); // nobody waits
        co_await w.pass(2s);
        CHECK(w.fetched == 2);
        token = co_await w.token();
        CHECK(token == "token-2");
    });
}

TEST_CASE("in ten hours no token is returned that has expired or is about to")
{
    const auto between = GENERATE(7min, 13min, 59min, 61min, 3h);
    world w;
    w.play([&]() -> asio::awaitable<void> {
        const auto end = w.clock->now() + 10h;
        while (w.clock->now() < end) {
            const auto got = co_await token_source::get(w.source);
            CHECK(*got->token.expires() - w.wall() >= 60s);
            co_await w.pass(between);
        }
    });
    CHECK(w.fetched <= 12);
}

TEST_CASE("a token with too little time left for another connection is not returned")
{
    world w;
    w.play([&]() -> asio::awaitable<void> {
        co_await w.token();
        co_await w.pass(59min + 10s); // fifty seconds are left
        const auto token = co_await w.token();
        CHECK(token == "token-2");
    });
}

TEST_CASE("a token is not trusted after the machine has slept")
{
    world w;
    w.play([&]() -> asio::awaitable<void> {
        co_await w.token();
        w.wall_offset += 2h; // while the steady clock stood still
        const auto token = co_await w.token();
        CHECK(token == "token-2");
    });
}

TEST_CASE("setting the clock back does not extend a token's life")
{
    world w;
    w.play([&]() -> asio::awaitable<void> {
        co_await w.token();
        co_await w.pass(50min);
        w.wall_offset -= 24h;
        co_await w.pass(11min);
        const auto token = co_await w.token();
        CHECK(token == "token-2");
    });
}

TEST_CASE("a token without an expiry is used only for the connections waiting for it")
{
    world w;
    w.lifetime.reset();
    w.play([&]() -> asio::awaitable<void> {
        auto token = co_await w.token();
        CHECK(token == "token-1");
        token = co_await w.token();
        CHECK(token == "token-2");
    });
}

TEST_CASE("a temporary failure is retried while somebody waits")
{
    world w;
    w.failures.assign(2, error(errc::unavailable, "503"));
    w.play([&]() -> asio::awaitable<void> {
        const auto token = co_await w.token();
        CHECK(token == "token-1");
    });
    CHECK(w.begun == 3);
}

TEST_CASE("a lasting failure is tried four times in all")
{
    world w;
    w.failures.assign(10, error(errc::unavailable, "503"));
    std::optional<errc> why;
    w.play([&]() -> asio::awaitable<void> {
        try {
            co_await w.token();
        } catch (const error& failure) {
            why = failure.value();
        }
    });
    CHECK(why == errc::unavailable);
    CHECK(w.begun == 4);
}

TEST_CASE("a service's Retry-After is honored")
{
    world w;
    w.failures.push_back(error(errc::quota_exceeded, "429", {phase::none, 0, {}, 429, 17s}));
    w.play([&]() -> asio::awaitable<void> {
        const auto before = w.clock->now();
        co_await w.token();
        CHECK(w.clock->now() - before == 19s);
    });
}

TEST_CASE("every waiter receives the reason why there is no token, and the next call asks again")
{
    world w;
    w.failures.push_back(error(errc::unauthorized, "invalid_grant"));
    int told = 0;
    const auto one = [&]() -> asio::awaitable<void> {
        try {
            co_await w.token();
        } catch (const error& why) {
            if (why.value() == errc::unauthorized) ++told;
        }
    };
    for (int i = 0; i < 3; ++i) asio::co_spawn(w.io, one(), asio::detached);
    w.play([&]() -> asio::awaitable<void> {
        co_await w.pass(2s);
        CHECK(told == 3);
        CHECK(w.begun == 1);
        const auto token = co_await w.token();
        CHECK(token == "token-1");
    });
}

TEST_CASE("a valid token is returned even if no other can be fetched")
{
    world w;
    w.play([&]() -> asio::awaitable<void> {
        co_await w.token();
        co_await w.pass(56min);
        w.failures.assign(1, error(errc::unavailable, "503"));
        auto token = co_await w.token();
        CHECK(token == "token-1");
        co_await w.pass(2s);
        CHECK(w.begun == 2); // nobody waits: no more attempts
        token = co_await w.token();
        CHECK(token == "token-1");
        co_await w.pass(2s);
        token = co_await w.token();
        CHECK(token == "token-2");
    });
}

TEST_CASE("a service that does not answer is waited for half a minute")
{
    world w;
    w.pace = 1h;
    std::optional<errc> why;
    w.play([&]() -> asio::awaitable<void> {
        const auto before = w.clock->now();
        try {
            co_await w.token();
        } catch (const error& failure) {
            why = failure.value();
        }
        CHECK(w.clock->now() - before == 30s);
        w.pace = 1s;
        const auto token = co_await w.token();
        CHECK(token == "token-1");
    });
    CHECK(why == errc::timed_out);
}

TEST_CASE("a fetch without waiters is canceled; a later call starts another")
{
    const int turns = GENERATE(1, 2, 3, 4, 10); // turns of the loop until another call
    world w;
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    const auto one = [&]() -> asio::awaitable<void> { co_await w.token(); };
    asio::co_spawn(w.io, one(),
        asio::bind_cancellation_slot(
            stop.slot(), [&](std::exception_ptr e) { thrown = std::move(e); }));
    w.play([&]() -> asio::awaitable<void> {
        co_await w.pass(500ms);
        stop.emit(asio::cancellation_type::terminal);
        for (int i = 0; i < turns; ++i) co_await asio::post(w.io, asio::use_awaitable);
        const auto token = co_await w.token();
        CHECK(token == "token-1");
        CHECK(w.begun == 2);
    });
    CHECK(thrown);
}

TEST_CASE("of two waiters one may cancel; the other receives its token")
{
    world w;
    asio::cancellation_signal stop;
    const auto one = [&]() -> asio::awaitable<void> { co_await w.token(); };
    asio::co_spawn(
        w.io, one(), asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
    const auto leave = [&]() -> asio::awaitable<void> {
        co_await w.pass(500ms);
        stop.emit(asio::cancellation_type::terminal);
    };
    asio::co_spawn(w.io, leave(), asio::detached);
    w.play([&]() -> asio::awaitable<void> {
        const auto token = co_await w.token();
        CHECK(token == "token-1");
    });
    CHECK(w.begun == 1);
}

TEST_CASE("exceptions of the program's own coroutine arrive unchanged")
{
    world w;
    const auto fail = []() -> asio::awaitable<proof> {
        throw std::system_error(std::make_error_code(std::errc::io_error));
        co_return proof{};
    };
    w.source = std::make_shared<token_source>(
        auth::source_world{w.io.get_executor(), fail, [&w] { return w.clock->now(); },
            [&w] { return w.wall(); },
            [&w](auth::steady_time when) { return w.clock->sleep_until(when); },
            [] { return 0.5; }},
        60s);
    bool arrived = false;
    w.play([&]() -> asio::awaitable<void> {
        try {
            co_await w.token();
        } catch (const std::system_error& why) {
            arrived = why.code() == std::errc::io_error;
        }
    });
    CHECK(arrived);
}

TEST_CASE("a refused token is forgotten, once")
{
    world w;
    w.play([&]() -> asio::awaitable<void> {
        const auto first = co_await token_source::get(w.source);
        w.source->forget(first);
        const auto second = co_await token_source::get(w.source);
        CHECK(second->token.reveal() == "token-2");
        w.source->forget(first); // another session reports it late
        const auto again = co_await token_source::get(w.source);
        CHECK(again == second);
    });
}

TEST_CASE("the log reports tokens without showing them")
{
    world w;
    std::string lines;
    logger log;
    log.level = log_level::trace;
    log.sink = log_lines([&lines](log_level, std::string_view line) {
        lines += line;
        lines += '\n';
    });
    w.source = std::make_shared<token_source>(
        auth::source_world{w.io.get_executor(), [&w] { return w.fetch(); },
            [&w] { return w.clock->now(); }, [&w] { return w.wall(); },
            [&w](auth::steady_time when) { return w.clock->sleep_until(when); }, [] { return 0.5; },
            log},
        60s);
    w.failures.push_back(error(errc::unauthorized, "The key has been deleted."));
    w.play([&]() -> asio::awaitable<void> {
        try {
            co_await w.token();
        } catch (const error&) {
        }
        co_await w.token();
    });
    CHECK(lines.find("The key has been deleted.") != std::string::npos);
    CHECK(lines.find("access token fetched: left=3600000ms") != std::string::npos);
    CHECK(lines.find("token-") == std::string::npos);
}

} // namespace token_source_test
