// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <cmath>

namespace storm_test {

// Servers that make a session connect again and again: the policy decides how often it does.
using namespace test;

namespace {

std::string going_away(std::string_view time_left)
{
    return time_left.empty() ? R"({"goAway":{}})"
                             : R"({"goAway":{"timeLeft":")" + std::string(time_left) + R"("}})";
}

/// A connection that accepts the setup and sends a handle.
asio::awaitable<void> open(world& w, peer_ptr peer)
{
    co_await greet(w, peer);
    peer->send(new_handle);
}

/// Reads until the other side ends the connection.
asio::awaitable<void> serve(peer_ptr peer)
{
    for (;;) {
        const auto message = co_await peer->receive();
        if (!message) co_return;
    }
}

struct outcome {
    std::optional<error> end{}; ///< What ended the session, if anything has.
    std::chrono::nanoseconds lasted{};
};

/// An idle session that runs for an hour or until it ends.
outcome hour_of(world& w)
{
    const auto client = w.make_client();
    session session{client, plain};
    const auto began = w.clock->now();
    outcome how;
    const auto work = [&]() -> asio::awaitable<void> {
        how.end = co_await failure_of(session.connect());
        while (!how.end && w.clock->now() < began + 1h) {
            co_await w.clock->sleep_until(w.clock->now() + 1s);
            if (session.status() != session_status::failed) continue;
            how.end = co_await failure_of(session.turn());
        }
        how.lasted = w.clock->now() - began;
        if (!how.end) co_await session.close();
    };
    w.play(work());
    return how;
}

/// How long a series of attempts takes when each fails at once; the first has no wait. The random
/// numbers of this world are all 0.5.
std::chrono::milliseconds length_of_row(const reconnect_policy& policy)
{
    double sum = 0;
    for (int attempt = 2; attempt <= *policy.max_attempts; ++attempt) {
        const auto grown =
            static_cast<double>(policy.first_delay.count()) * std::pow(policy.factor, attempt - 1);
        sum += 0.5 * std::min(static_cast<double>(policy.max_delay.count()), grown);
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(sum));
}

/// Attempts that the policy allows in an hour of connections that each become healthy.
int most_in_an_hour(const reconnect_policy& policy)
{
    const std::chrono::milliseconds hour = 1h;
    const auto rows = hour / (length_of_row(policy) + policy.healthy_after) + 1;
    return 1 + static_cast<int>(rows) * *policy.max_attempts;
}

} // namespace

TEST_CASE("a server that asks every connection to leave, with no time left, is given up")
{
    const auto* const time_left = GENERATE("", "0s", "-1s", "-9223372035s", "0.000000001s");
    const bool closes = GENERATE(false, true);
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        peer->send(going_away(time_left));
        if (closes)
            peer->close(1008, "The client failed to close the connection after a GoAway signal");
        else
            co_await serve(peer);
    }};
    const auto how = hour_of(w);
    CHECK(w.dials == 1 + *w.options.reconnect.max_attempts);
    REQUIRE(how.end);
    CHECK(how.end->value() == errc::unavailable);
    CHECK(how.end->condition() == condition::retryable);
    CHECK(std::string(how.end->what()).find("goAway") != std::string::npos);
    CHECK(how.lasted >= length_of_row(w.options.reconnect));
}

TEST_CASE("a server that asks to leave but stays gets no more attempts than the policy allows")
{
    const auto* const time_left = GENERATE("50s", "86400s", "9223372035s");
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        peer->send(going_away(time_left));
        co_await serve(peer);
    }};
    const auto how = hour_of(w);
    CHECK_FALSE(how.end);
    CHECK(w.dials <= most_in_an_hour(w.options.reconnect));
}

TEST_CASE("a goAway every second is one request to leave")
{
    const auto* const time_left = GENERATE("50s", "9223372035s");
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        while (!peer->close_code()) {
            peer->send(going_away(time_left));
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        }
    }};
    const auto how = hour_of(w);
    CHECK_FALSE(how.end);
    CHECK(w.dials <= most_in_an_hour(w.options.reconnect));
}

TEST_CASE("repeated goAways while no other connection can be made: one series of attempts, no more")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        co_await w.clock->sleep_until(w.clock->now() + w.options.reconnect.healthy_after);
        for (int i = 0; i < 600; ++i) {
            peer->send(going_away("9223372035s"));
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        }
        CHECK(w.dials == 1 + *w.options.reconnect.max_attempts);
        co_await serve(peer);
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::connect_failed, "Nobody listens.", {phase::connect});
    };
    const auto how = hour_of(w);
    REQUIRE(how.end);
    CHECK(w.dials == 1 + 2 * *w.options.reconnect.max_attempts); // plus those after the loss
}

TEST_CASE("repeated goAways do not cause another dial where it cannot help")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        while (!peer->close_code()) {
            peer->send(going_away("50s"));
            co_await w.clock->sleep_until(w.clock->now() + 1s);
        }
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1)
            throw error(errc::unauthorized, "The key was refused.", {phase::upgrade, 0, "", 401});
    };
    const auto how = hour_of(w);
    CHECK_FALSE(how.end); // the present connection still serves
    CHECK(w.dials == 2);
}

TEST_CASE("a long-lived connection is left at once, however many there were before")
{
    world w;
    std::vector<std::chrono::nanoseconds> gaps;
    std::optional<base::time_point> asked;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        if (asked) gaps.push_back(w.clock->now() - *asked);
        co_await open(w, peer);
        co_await w.clock->sleep_until(w.clock->now() + w.options.reconnect.healthy_after);
        asked = w.clock->now();
        peer->send(going_away("50s"));
        co_await serve(peer);
    }};
    const auto how = hour_of(w);
    CHECK_FALSE(how.end);
    CHECK(gaps.size() > 100);
    CHECK(gaps == std::vector<std::chrono::nanoseconds>(gaps.size(), 0ns));
}

TEST_CASE("a refused handle, a new conversation, a refused handle: one series of attempts")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        const auto setup = co_await peer->receive();
        if (setup->find(R"("handle":"h")") != std::string::npos) {
            peer->close(1007, "Invalid session handle");
            co_return;
        }
        peer->send(R"({"setupComplete":{}})");
        peer->send(new_handle);
        peer->drop();
    }};
    const auto how = hour_of(w);
    CHECK(how.end);
    CHECK(w.dials == 1 + *w.options.reconnect.max_attempts);
    CHECK(how.lasted >= length_of_row(w.options.reconnect));
}

TEST_CASE("whatever Retry-After a server sends, the attempts are counted, and their waits grow")
{
    const auto retry_after =
        GENERATE(std::chrono::seconds(0), std::chrono::seconds(-1), std::chrono::seconds::min());
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        peer->drop();
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1)
            throw error(errc::unavailable, "Busy.", {phase::upgrade, 0, "", 503, retry_after});
    };
    const auto how = hour_of(w);
    CHECK(how.end);
    CHECK(w.dials == 1 + *w.options.reconnect.max_attempts);
    CHECK(how.lasted >= length_of_row(w.options.reconnect));
}

TEST_CASE("an absurdly long Retry-After is waited for a day, and does not end the session")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        peer->drop();
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1)
            throw error(errc::unavailable, "Busy.",
                {phase::upgrade, 0, "", 503, std::chrono::seconds::max()});
    };
    told all;
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await listen_until(session, all, [&] {
            const auto* change = all.last(session_status::reconnecting);
            return change && change->attempt == 2;
        });
        co_await session.close();
    });
    CHECK(all.last(session_status::reconnecting)->delay == 24h);
}

TEST_CASE("a server that disconnects right after setupComplete is given up")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await open(w, peer);
        peer->close(1000, "");
    }};
    const auto how = hour_of(w);
    CHECK(how.end);
    CHECK(w.dials == 1 + *w.options.reconnect.max_attempts);
    CHECK(how.lasted >= length_of_row(w.options.reconnect));
}

TEST_CASE("sessions of a client that are asked to leave together spread their attempts")
{
    constexpr int count = 60;
    world w;
    w.options.reconnect.attempts_per_second = 10;
    std::vector<peer_ptr> peers;
    std::vector<base::time_point> dials;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        peers.push_back(peer);
        co_await open(w, peer);
        co_await serve(peer);
    }};
    w.decide = [&](const transport::connect_request&) { dials.push_back(w.clock->now()); };
    const auto client = w.make_client();
    std::vector<session> sessions;
    for (int i = 0; i < count; ++i) sessions.emplace_back(client, plain);
    const auto work = [&]() -> asio::awaitable<void> {
        for (auto& each : sessions) co_await each.connect();
        for (int i = 0; i < count; ++i) peers[static_cast<std::size_t>(i)]->send(going_away("50s"));
        for (const auto& each : sessions) {
            while (each.counters().handovers == 0)
                co_await w.clock->sleep_until(w.clock->now() + 1s);
        }
        for (auto& each : sessions) co_await each.close();
    };
    w.play(work());
    REQUIRE(dials.size() == 2 * count);
    const auto again = dials.begin() + count; // 10 at once, then 10 a second
    CHECK(again[9] - again[0] == 0s);
    CHECK(again[count - 1] - again[0] == 5s);
}

TEST_CASE("the sessions of a client spread their attempts over time")
{
    world w;
    w.options.reconnect.attempts_per_second = 10;
    constexpr int many = 40;
    std::vector<base::time_point> dials;
    bool down = false;
    w.decide = [&](const transport::connect_request&) { dials.push_back(w.clock->now()); };
    std::vector<peer_ptr> peers;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        if (!down) peers.push_back(peer);
        co_await greet(w, peer);
        while (co_await peer->receive()) w.heard.emplace_back();
    }};
    const auto client = w.make_client();
    std::vector<session> sessions;
    for (int i = 0; i < many; ++i) sessions.emplace_back(client, plain);
    const auto work = [&]() -> asio::awaitable<void> {
        for (auto& each : sessions) co_await each.connect();
        dials.clear();
        down = true;
        for (auto& each : peers) each->close(1012, "");
        for (auto& each : sessions) co_await until_connected(w, each, 2);
        for (auto& each : sessions) co_await each.close();
    };
    w.play(work());
    REQUIRE(dials.size() == many);
    for (std::size_t i = 0; i + 25 < dials.size(); ++i)
        CHECK(dials[i + 25] - dials[i] >= 1s); // 10 at once, then 10 a second
}

} // namespace storm_test
