// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "world.hpp"

#include <gemini/live/resumption_store.hpp>
#include <gemini/live/session_group.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include <stdexcept>

namespace session_group_test {

using namespace test;

namespace {

using kind = group_event::kind;

/// A group and its events.
struct group_world : world {
    std::vector<group_event> events{};
    session_group_options group_options{};
    std::optional<session_group> group{};

    group_world()
    {
        scripts = {[this](peer_ptr peer) { return listen(*this, std::move(peer)); }};
        group_options.on_event = [this](const group_event& event) { events.push_back(event); };
    }

    session_group& make() { return group.emplace(io.get_executor(), make_client(), group_options); }

    /// "started a, failed a in 500, ended a"
    [[nodiscard]] std::string told() const
    {
        std::string all;
        for (const auto& each : events) {
            if (!all.empty()) all += ", ";
            all.append(to_string(each.what)).append(" ").append(each.name);
            if (each.restart_in) all += " in " + std::to_string(each.restart_in->count());
        }
        return all;
    }

    [[nodiscard]] std::size_t count(kind what) const
    {
        return static_cast<std::size_t>(std::count_if(events.begin(), events.end(),
            [what](const group_event& each) { return each.what == what; }));
    }
};

/// Lives as long as its session.
asio::awaitable<void> read_on(session& session)
{
    auto messages = session.messages();
    for (;;) {
        const auto message = co_await messages.next();
        if (!message) co_return;
    }
}

asio::awaitable<void> fail(
    session&) // NOLINT(cppcoreguidelines-avoid-reference-coroutine-parameters)
{
    throw std::runtime_error("broken");
    co_return;
}

asio::awaitable<void> come_to_an_end(group_world& w)
{
    while (w.group->size() != 0) co_await w.clock->sleep_until(w.clock->now() + 10ms);
}

std::optional<errc> refusal_of(const std::function<void()>& work)
{
    try {
        work();
    } catch (const error& thrown) {
        return thrown.value();
    }
    return std::nullopt;
}

std::string what_of(const std::exception_ptr& cause)
{
    if (!cause) return "none";
    try {
        std::rethrow_exception(cause);
    } catch (const std::exception& thrown) {
        return thrown.what();
    }
}

} // namespace

TEST_CASE("a group connects a session, runs its handler, and finds it by name until it has ended")
{
    group_world w;
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        group.start("b", plain, &read_on);
        group.start("a", plain, [](session& session) { return session.send("Hello"); });
        CHECK(group.names() == std::vector<std::string>{"a", "b"});
        CHECK(group.find("b") == nullptr); // not yet
        co_await settle();
        CHECK(group.find("b") != nullptr);
        CHECK(group.find("c") == nullptr);
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        CHECK(group.names() == std::vector<std::string>{"b"});
        CHECK(w.told() == "started b, started a, ended a");
        const auto found = group.find("b");
        const bool stopped = co_await group.stop("b");
        CHECK(stopped);
        CHECK(found->status() == session_status::closed);
        CHECK(group.size() == 0);
        const bool again = co_await group.stop("b");
        CHECK_FALSE(again);
    };
    w.play(work(w, group));
}

TEST_CASE("a group refuses a second session of one name, too many, and all after its shutdown")
{
    group_world w;
    w.group_options.max_sessions = 2;
    auto& group = w.make();
    const auto work = [](session_group& group) -> asio::awaitable<void> {
        const auto start = [&group](const char* name) {
            return refusal_of([&] { group.start(name, plain, &read_on); });
        };
        CHECK_FALSE(start("a"));
        CHECK(start("a") == errc::misuse);
        CHECK_FALSE(start("b"));
        CHECK(start("c") == errc::quota_exceeded);
        co_await group.stop("a");
        CHECK_FALSE(start("a"));
        CHECK(refusal_of([&] { group.start("d", setup{}, &read_on); }) == errc::invalid_argument);
        const auto dropped = co_await group.shutdown(1s);
        CHECK(dropped == 0);
        CHECK(start("e") == errc::closed);
        const auto again = co_await group.shutdown(1s);
        CHECK(again == 0);
    };
    w.play(work(group));
}

TEST_CASE("the number of sessions that connect at the same time is bounded")
{
    group_world w;
    int connecting = 0;
    int most = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        auto first = co_await peer->receive();
        most = std::max(most, ++connecting);
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
        --connecting;
        peer->send(R"({"setupComplete":{}})");
        while (first) first = co_await peer->receive();
    }};
    w.group_options.connecting = 3;
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        for (int i = 0; i < 10; ++i) group.start(std::to_string(i), plain, &read_on);
        co_await w.clock->sleep_until(w.clock->now() + 1s);
        CHECK(w.count(kind::started) == 10);
        co_await group.shutdown(1s);
    };
    w.play(work(w, group));
    CHECK(most == 3);
}

TEST_CASE("a handler that throws is restarted, later each time, and finally given up")
{
    group_world w;
    w.group_options.restart.max_restarts = 2;
    auto& group = w.make();
    group.start("a", plain, &fail);
    w.play(come_to_an_end(w));
    CHECK(w.told() == "started a, failed a in 500, restarted a, failed a in 1000, restarted a, "
                      "failed a, ended a");
    CHECK(what_of(w.events.back().cause) == "broken");
    CHECK(w.events.back().restarts == 2);
    CHECK(w.served == 3);
}

TEST_CASE("a restart resumes the conversation, unless the options ask for a new one")
{
    for (const bool resume : {true, false}) {
        group_world w;
        w.scripts = {[&w](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->send(
                R"({"sessionResumptionUpdate":{"newHandle":"the-handle","resumable":true}})");
            co_await peer->receive();
        }};
        w.group_options.restart.max_restarts = 1;
        w.group_options.restart.resume = resume;
        auto& group = w.make();
        const auto handler = [](session& session) -> asio::awaitable<void> {
            auto messages = session.messages();
            co_await messages.next();
            co_await messages.next();
            throw std::runtime_error("broken");
        };
        group.start("a", plain, handler);
        w.play(come_to_an_end(w));
        REQUIRE(w.heard.size() == 2);
        CHECK(w.heard[0].find("the-handle") == std::string::npos);
        CHECK((w.heard[1].find("the-handle") != std::string::npos) == resume);
    }
}

TEST_CASE("a restart that starts over does not use the handle of the setup either")
{
    group_world w;
    w.scripts = {[&w](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        co_await peer->receive();
    }};
    w.group_options.restart.max_restarts = 1;
    w.group_options.restart.resume = false;
    auto& group = w.make();
    auto given = plain;
    given.session_resumption = session_resumption("of-the-setup");
    group.start("a", given, [](session&) -> asio::awaitable<void> {
        throw std::runtime_error("broken");
        co_return;
    });
    w.play(come_to_an_end(w));
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard[0].find("of-the-setup") != std::string::npos);
    CHECK(w.heard[1].find("of-the-setup") == std::string::npos);
}

TEST_CASE("a new group resumes the conversations of the previous one")
{
    const auto store = std::make_shared<memory_resumption_store>();
    for (const bool is_first : {true, false}) {
        group_world w;
        w.options.resumption_store = store;
        w.scripts = {[&w](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->send(
                R"({"sessionResumptionUpdate":{"newHandle":"the-handle","resumable":true}})");
            while (auto any = co_await peer->receive()) w.heard.push_back(*any);
        }};
        auto& group = w.make();
        const auto work = [](session_group& group) -> asio::awaitable<void> {
            group.start("a", plain, &read_on);
            co_await settle();
            co_await group.shutdown(1s);
        };
        w.play(work(group));
        CHECK((w.heard.at(0).find("the-handle") == std::string::npos) == is_first);
    }
}

TEST_CASE("each session can have a policy of its own")
{
    group_world w;
    auto& group = w.make();
    int calls = 0;
    restart_policy policy;
    policy.restart = restart::never;
    group.start("never", plain, &fail, policy);
    policy.restart = restart::always;
    policy.max_restarts = 2;
    group.start(
        "always", plain,
        [&calls](session& session) {
            ++calls;
            return session.drain();
        },
        policy);
    w.play(come_to_an_end(w));
    CHECK(calls == 3);
    CHECK(w.count(kind::restarted) == 2);
    CHECK(w.count(kind::failed) == 1);
    CHECK(w.count(kind::ended) == 2);
}

TEST_CASE("a permanent error is not retried, a temporary one is")
{
    group_world w;
    w.options.reconnect.first_connect_attempts = 1;
    w.group_options.restart.max_restarts = 1;
    w.decide = [](const transport::connect_request&) {
        throw error(errc::unauthorized, "The key is wrong.", {phase::upgrade, 0, {}, 401});
    };
    w.make().start("a", plain, &read_on);
    w.play(come_to_an_end(w));
    CHECK(w.told() == "failed a, ended a");
    CHECK(w.dials == 1);

    group_world other;
    other.options.reconnect.first_connect_attempts = 1;
    other.group_options.restart.max_restarts = 1;
    other.decide = [&other](const transport::connect_request&) {
        if (other.dials == 1) throw error(errc::unavailable, "Down.", {phase::upgrade, 0, {}, 503});
    };
    other.make().start("a", plain, [](session& session) { return session.send("Hello"); });
    other.play(come_to_an_end(other));
    CHECK(other.told() == "failed a in 500, restarted a, ended a");
}

TEST_CASE("an error of the handler's own does not make a healthy session count as hopeless")
{
    group_world w;
    w.group_options.restart.max_restarts = 1;
    const auto what = GENERATE(errc::invalid_argument, errc::unauthorized, errc::misuse);
    w.make().start("a", plain, [what](session&) -> asio::awaitable<void> {
        throw error(what, "Of the handler's own.");
        co_return;
    });
    w.play(come_to_an_end(w));
    CHECK(w.told() == "started a, failed a in 500, restarted a, failed a, ended a");
}

TEST_CASE("a stop sends what waits, closes, and lets the handler see the end")
{
    group_world w;
    std::optional<std::uint16_t> code;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->stall(true); // the words are still waiting when the stop comes
        co_await w.clock->sleep_until(w.clock->now() + 500ms);
        peer->stall(false);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
        code = peer->close_code();
    }};
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        bool finished = false;
        group.start("a", plain, [&](session& session) -> asio::awaitable<void> {
            co_await session.send("Last words");
            co_await read_on(session);
            co_await w.clock->sleep_until(w.clock->now() + 2s); // writes its report
            finished = true;
        });
        co_await settle();
        co_await group.stop("a", 3s);
        CHECK(finished);
    };
    w.play(work(w, group));
    CHECK(w.told() == "started a, ended a");
    CHECK(code == 1000);
    CHECK(w.heard.back().find("Last words") != std::string::npos);
}

TEST_CASE("a canceled wait for a stop still stops the session")
{
    group_world w;
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        group.start(
            "a", plain, [&](session&) { return w.clock->sleep_until(w.clock->now() + 1h); });
        co_await settle();
        asio::cancellation_signal cancel;
        auto stopping = group.stop("a", 5s);
        asio::co_spawn(w.io, std::move(stopping),
            asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr, bool) {}));
        co_await settle();
        cancel.emit(asio::cancellation_type::terminal);
        co_await w.clock->sleep_until(w.clock->now() + 6s);
        CHECK(w.told() == "started a, ended a"); // dropped at the deadline
    };
    w.play(work(w, group));
}

TEST_CASE("a shutdown ends by its deadline: what is left then is dropped and counted")
{
    group_world w;
    w.group_options.connecting = 1;
    int silent = 0;
    w.scripts = {[&w](peer_ptr peer) { return listen(w, std::move(peer)); },
        [&w](peer_ptr peer) { return listen(w, std::move(peer)); },
        [&](peer_ptr peer) -> asio::awaitable<void> { // never completes the setup
            ++silent;
            for (auto any = co_await peer->receive(); any;) any = co_await peer->receive();
        }};
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        bool cancelled = false;
        group.start("orderly", plain, &read_on);
        group.start("stubborn", plain, [&](session&) -> asio::awaitable<void> {
            try {
                co_await w.clock->sleep_until(w.clock->now() + 1h);
            } catch (const std::system_error&) {
                cancelled = true;
                throw;
            }
        });
        co_await settle();
        group.start("connecting", plain, &read_on);
        group.start("waiting", plain, &read_on);
        co_await settle();
        CHECK(w.count(kind::started) == 2);
        const auto begin = w.clock->now();
        const auto dropped = co_await group.shutdown(5s);
        CHECK(w.clock->now() - begin == 5s);
        CHECK(dropped == 1);
        co_await settle();
        CHECK(cancelled);
        CHECK(group.size() == 0);
    };
    w.play(work(w, group));
    CHECK(w.count(kind::ended) == 4);
    CHECK(w.count(kind::failed) == 0);
    CHECK(silent == 1);
}

TEST_CASE("a stop ends a session that waits for its restart at once")
{
    group_world w;
    w.group_options.restart.first_delay = 1h;
    w.group_options.restart.max_delay = 1h;
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        group.start("a", plain, &fail);
        co_await settle();
        CHECK(w.told() == "started a, failed a in 1800000");
        CHECK(group.find("a") == nullptr);
        const auto begin = w.clock->now();
        const bool stopped = co_await group.stop("a");
        CHECK(stopped);
        CHECK(w.clock->now() == begin);
        CHECK(w.told() == "started a, failed a in 1800000, ended a");
    };
    w.play(work(w, group));
}

TEST_CASE("a group that is destroyed drops its sessions, and reports nothing more")
{
    group_world w;
    auto& group = w.make();
    bool dropped = false;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        while (auto any = co_await peer->receive()) w.heard.push_back(*any);
        dropped = !peer->close_code();
    }};
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        group.start("a", plain, &read_on);
        co_await settle();
        w.group.reset();
        co_await settle();
    };
    w.play(work(w, group));
    CHECK(dropped);
    CHECK(w.told() == "started a");
}

TEST_CASE("a group may outlive its execution context, with sessions in it")
{
    std::optional<session_group> group;
    {
        group_world w;
        w.make().start("a", plain, &read_on);
        w.play(settle());
        group.emplace(std::move(*w.group));
        w.group.reset();
    }
    CHECK(group->names() == std::vector<std::string>{"a"});
}

namespace {

/// Answers each message after three seconds; says nothing else.
script answering_slowly(world& w)
{
    return [&w](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        while (auto message = co_await peer->receive()) {
            w.heard.push_back(*message);
            peer->send(text_message("Well, "));
            co_await w.clock->sleep_until(w.clock->now() + 3s);
            peer->send(text_message("yes."));
            peer->send(turn_complete);
        }
    };
}

/// Asks at once, and again five seconds after each answer.
asio::awaitable<void> converse(world& w, session& session, std::vector<std::string>& answers)
{
    for (;;) {
        co_await session.send("Well?");
        const auto turn = co_await session.turn();
        answers.push_back(turn.text);
        if (turn.end == turn_end::closed) co_return;
        co_await w.clock->sleep_until(w.clock->now() + 5s);
    }
}

session_handler conversing(world& w, std::vector<std::string>& answers)
{
    return [&](session& session) -> asio::awaitable<void> { return converse(w, session, answers); };
}

std::optional<group_event::ending> ending_of(const group_world& w)
{
    return w.events.empty() ? std::nullopt : w.events.back().how;
}

} // namespace

TEST_CASE("wait() completes when the last session has ended, and at once if there is none")
{
    group_world w;
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        co_await group.wait();
        for (const auto after : {2s, 5s}) {
            group.start(std::to_string(after.count()), plain,
                [&w, after](session&) { return w.clock->sleep_until(w.clock->now() + after); });
        }
        const auto begun = w.clock->now();
        co_await group.wait();
        CHECK(w.clock->now() - begun == 5s);
        CHECK(w.count(kind::ended) == 2);
    };
    w.play(work(w, group));
}

TEST_CASE("a wait() that is canceled leaves nothing behind")
{
    group_world w;
    auto& group = w.make();
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        group.start("a", plain, &read_on);
        asio::cancellation_signal cancel;
        bool ended = false;
        asio::co_spawn(w.io, group.wait(),
            asio::bind_cancellation_slot(
                cancel.slot(), [&ended](std::exception_ptr thrown) { ended = !!thrown; }));
        co_await settle();
        cancel.emit(asio::cancellation_type::terminal);
        co_await settle();
        CHECK(ended);
        co_await group.shutdown(1s);
    };
    w.play(work(w, group));
}

TEST_CASE("a shutdown after the turn lets each session finish what it says")
{
    group_world w;
    w.scripts = {answering_slowly(w)};
    auto& group = w.make();
    std::vector<std::string> answers;
    const auto mode = GENERATE(stop_mode::after_turn, stop_mode::at_once);
    const auto work = [](group_world& w, session_group& group, std::vector<std::string>& answers,
                          stop_mode mode) -> asio::awaitable<void> {
        group.start("a", plain, conversing(w, answers));
        group.start("b", plain, &read_on);
        co_await settle();
        const auto begun = w.clock->now();
        const auto dropped = co_await group.shutdown(10s, mode);
        CHECK(dropped == 0);
        CHECK(w.clock->now() - begun >= (mode == stop_mode::after_turn ? 3s : 0s));
        CHECK(ending_of(w) == group_event::ending::stopped);
        CHECK(w.events.size() == 4);
    };
    w.play(work(w, group, answers, mode));
    REQUIRE(!answers.empty());
    CHECK(answers[0] == (mode == stop_mode::after_turn ? "Well, yes." : "Well, "));
}

TEST_CASE("a turn that outlasts the deadline of a shutdown is dropped; a second stop is at once")
{
    group_world w;
    w.scripts = {answering_slowly(w)};
    auto& group = w.make();
    std::vector<std::string> answers;
    const bool stops_again = GENERATE(true, false);
    const auto work = [](group_world& w, session_group& group, std::vector<std::string>& answers,
                          bool stops_again) -> asio::awaitable<void> {
        group.start("a", plain, conversing(w, answers));
        co_await settle();
        const auto begun = w.clock->now();
        if (stops_again) {
            asio::co_spawn(
                w.io,
                [](group_world& w, session_group& group) -> asio::awaitable<void> {
                    co_await w.clock->sleep_until(w.clock->now() + 1s);
                    co_await group.stop("a");
                }(w, group),
                rethrow);
        }
        const auto dropped = co_await group.shutdown(2s, stop_mode::after_turn);
        CHECK(dropped == (stops_again ? 0 : 1));
        CHECK(w.clock->now() - begun == (stops_again ? 1s : 2s));
    };
    w.play(work(w, group, answers, stops_again));
}

TEST_CASE("a session that has used up its limits ends after its turn, and the event says which")
{
    group_world w;
    w.scripts = {answering_slowly(w)};
    struct row {
        session_limits limits;
        group_event::ending how;
        std::chrono::seconds after;
        std::size_t answers;
    };
    const auto each = GENERATE(
        // Turns take 3 s; the next question comes 5 s later.
        row{{.turns = 2}, group_event::ending::turn_limit, 11s, 2},
        row{{.total = 10s}, group_event::ending::time_limit, 11s, 2},
        row{{.total = 6s}, group_event::ending::time_limit, 6s, 1},
        row{{.total = 9s, .grace = 1s}, group_event::ending::time_limit, 10s, 1},
        row{{.idle = 4s}, group_event::ending::idle_limit, 7s, 1});
    const bool is_own = GENERATE(true, false);
    if (!is_own) w.group_options.limits = each.limits;
    std::vector<std::string> answers;
    auto& group = w.make();
    const auto begun = w.clock->now();
    group.start("a", plain, conversing(w, answers), std::nullopt,
        is_own ? std::optional(each.limits) : std::nullopt);
    std::optional<base::time_point> ended;
    const auto work = [](group_world& w, session_group& group,
                          std::optional<base::time_point>& closed) -> asio::awaitable<void> {
        co_await settle();
        const auto session = group.find("a");
        REQUIRE(session);
        while (session->status() == session_status::connected)
            co_await w.clock->sleep_until(w.clock->now() + 100ms);
        closed = w.clock->now();
        co_await group.wait();
    };
    w.play(work(w, group, ended));
    CHECK(ending_of(w) == each.how);
    CHECK(*ended - begun == each.after);
    CHECK(std::count(answers.begin(), answers.end(), "Well, yes.") ==
          static_cast<std::ptrdiff_t>(each.answers));
    CHECK_FALSE(w.events.back().cause);
}

TEST_CASE("the total time and the turns count through restarts")
{
    group_world w;
    w.group_options.restart.restart = restart::always;
    w.group_options.limits.turns = 3;
    w.scripts = {answering_slowly(w)};
    auto& group = w.make();
    group.start("a", plain, [](session& session) -> asio::awaitable<void> {
        co_await session.send("Well?");
        co_await session.turn();
    });
    w.play(group.wait());
    CHECK(ending_of(w) == group_event::ending::turn_limit);
    CHECK(w.count(kind::restarted) == 2);
}

TEST_CASE("an ended event says how a session ended")
{
    group_world w;
    w.group_options.restart.restart = restart::never;
    auto& group = w.make();
    const bool fails = GENERATE(true, false);
    if (fails)
        group.start("a", plain, &fail);
    else
        group.start("a", plain, [](session& session) { return session.drain(); });
    w.play(group.wait());
    CHECK(ending_of(w) == (fails ? group_event::ending::failed : group_event::ending::returned));
    CHECK(std::string(to_string(*ending_of(w))) == (fails ? "failed" : "returned"));
}

TEST_CASE("a group's counters keep what ended, restarted and dropped sessions had")
{
    group_world w;
    auto& group = w.make();
    w.scripts = {answering_slowly(w)};
    const auto work = [](group_world& w, session_group& group) -> asio::awaitable<void> {
        const auto ask = [](session& session) -> asio::awaitable<void> {
            co_await session.send("Well?");
            co_await session.turn();
        };
        const restart_policy twice{.restart = restart::always, .max_restarts = 1};
        group.start("ends", plain, ask);
        group.start("restarts", plain, ask, twice);
        group.start("lives", plain, &read_on);
        group.start("is dropped", plain, [&w](session& session) -> asio::awaitable<void> {
            co_await session.send("Well?");
            co_await session.turn();
            co_await w.clock->sleep_until(w.clock->now() + 1h);
        });
        co_await w.clock->sleep_until(w.clock->now() + 20s);
        const bool stopped = co_await group.stop("is dropped", 1s);
        CHECK(stopped);
        co_await settle();
        const auto all = group.counters();
        CHECK(all.connections == 5);
        CHECK(all.turns == 4);
        CHECK(all.messages_sent == 4);
        CHECK(all.inbox == 0);
        co_await group.shutdown(1s);
        const auto last = group.counters();
        CHECK(last.connections == 5);
    };
    w.play(work(w, group));
}

TEST_CASE("limits that can never work are refused")
{
    group_world w;
    auto& group = w.make();
    const auto each = GENERATE(session_limits{.idle = -1ms}, session_limits{.total = -1ms},
        session_limits{.turns = 0}, session_limits{.grace = 0ms});
    const auto start = [&] { group.start("a", plain, &read_on, std::nullopt, each); };
    CHECK(refusal_of(start) == errc::invalid_argument);
    w.group_options.limits = each;
    CHECK(refusal_of([&] { w.make(); }) == errc::invalid_argument);
}

} // namespace session_group_test
