// SPDX-License-Identifier: Apache-2.0
#include "base/access.hpp"

#include "world.hpp"

#include "support/catch.hpp"

#include <gemini/live/reconnect_plan.hpp>
#include <gemini/live/resumption_store.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

namespace closes_test {

// What a close or a refusal means to a whole session.
using namespace test;

namespace {

constexpr const char* audio_refusal =
    "The audio content type (CONTENT_TYPE_AUDIO) is not supported for this model configuration.";

bool carries_handle(const std::string& setup)
{
    return setup.find(R"("handle":"h")") != std::string::npos;
}

asio::awaitable<void> until_ended(world& w, session& session)
{
    while (session.status() != session_status::failed)
        co_await w.clock->sleep_until(w.clock->now() + 100ms);
}

/// The error that ended the session.
asio::awaitable<error> end_of(world& w, session& session)
{
    co_await until_ended(w, session);
    const auto reading = [&]() -> asio::awaitable<void> {
        auto events = session.events();
        while (co_await events.next()) {
        }
    };
    co_return *co_await failure_of(reading());
}

/// Accepts the setup, sends a handle, and ends the connection with this code after a while.
script ends_with(
    world& w, std::uint16_t code, std::string reason, std::chrono::milliseconds after = 100ms)
{
    return [&w, code, reason, after](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(new_handle);
        co_await w.clock->sleep_until(w.clock->now() + after);
        peer->close(code, reason);
    };
}

script refuses_with(world& w, std::uint16_t code, std::string reason)
{
    return [&w, code, reason](peer_ptr peer) -> asio::awaitable<void> {
        w.heard.push_back(*co_await peer->receive());
        peer->close(code, reason);
    };
}

script serves(world& w)
{
    return [&w](peer_ptr peer) { return listen(w, std::move(peer)); };
}

/// A session that has been connected twice, or has failed, in a world of these servers.
struct outcome {
    gemini::live::session_counters counts;
    std::optional<error> end;
    std::optional<status_change> back;
    std::optional<status_change> lost;
};

outcome live_through(world& w)
{
    outcome result;
    const auto client = w.make_client();
    session session{client, plain};
    told all;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto reading = [&]() -> asio::awaitable<void> {
            co_await listen_until(
                session, all, [&] { return session.counters().connections == 2; });
        };
        result.end = co_await failure_of(reading());
        co_await settle();
        result.counts = session.counters();
        co_await session.close();
    };
    w.play(work());
    if (const auto* change = all.last(session_status::reconnecting)) result.lost = *change;
    if (const auto* change = all.last(session_status::connected);
        change && result.counts.connections == 2)
        result.back = *change;
    return result;
}

} // namespace

TEST_CASE("an open session that is closed with 1007 resumes with its handle")
{
    const auto reason =
        GENERATE(as<std::string>{}, audio_refusal, "Request contains an invalid argument.", "");
    world w;
    w.scripts = {ends_with(w, 1007, reason, 5min), serves(w)};
    const auto result = live_through(w);
    CHECK_FALSE(result.end);
    REQUIRE(result.back);
    CHECK(result.back->resumed);
    CHECK(result.lost->cause->value() == errc::rejected);
    CHECK(carries_handle(w.heard[1]));
}

TEST_CASE("an immediately repeated refusal of the open session is tried three times, then reported")
{
    const std::uint16_t code = GENERATE(std::uint16_t{1007}, std::uint16_t{1008});
    world w;
    w.scripts = {ends_with(w, code, "Request contains an invalid argument.")};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto end = co_await end_of(w, session);
        CHECK(end.value() == errc::rejected);
        CHECK(end.close_code() == code);
        CHECK(session.resumption_handle() == "h");
    });
    CHECK(w.dials == 4);
}

TEST_CASE("occasional refusals of the open session do not add up")
{
    world w;
    w.scripts = {ends_with(w, 1007, audio_refusal, 40s)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await until_connected(w, session, 12);
        CHECK(session.status() == session_status::connected);
        CHECK(session.counters().resumed == 11);
        co_await session.close();
    });
}

TEST_CASE("1008 on an open connection keeps the handle, whatever the reason says")
{
    struct row {
        const char* reason;
        errc means;
    };
    const auto each = GENERATE(row{"Requested entity was not found.", errc::rejected},
        row{"BidiGenerateContent session not found", errc::rejected},
        row{"RESOURCE_EXHAUSTED", errc::quota_exceeded},
        row{"Quota exceeded for requests", errc::quota_exceeded}, row{"", errc::rejected});
    world w;
    w.scripts = {ends_with(w, 1008, each.reason), serves(w)};
    const auto result = live_through(w);
    CHECK_FALSE(result.end);
    REQUIRE(result.back);
    CHECK(result.back->resumed);
    CHECK_FALSE(result.back->context_lost);
    CHECK(result.lost->cause->value() == each.means);
    CHECK(carries_handle(w.heard[1]));
}

TEST_CASE("a key that is refused in mid-session ends the session at once, and the handle is kept")
{
    const auto reason = GENERATE(as<std::string>{}, "API key expired. Please renew the API key.",
        "PERMISSION_DENIED", "permission denied on resource", "API_KEY_INVALID");
    world w;
    w.scripts = {ends_with(w, 1008, reason), serves(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto end = co_await end_of(w, session);
        CHECK(end.value() == errc::unauthorized);
        CHECK(session.resumption_handle() == "h");
    });
    CHECK(w.dials == 1);
}

TEST_CASE(
    "the conversation is given up only when a setup with the handle was refused because of it")
{
    world w;
    w.scripts = {ends_with(w, 1008, "Requested entity was not found."),
        refuses_with(w, 1008, "REQUESTED ENTITY WAS NOT FOUND"), serves(w)};
    const auto result = live_through(w);
    CHECK_FALSE(result.end);
    REQUIRE(result.back);
    CHECK_FALSE(result.back->resumed);
    REQUIRE(w.heard.size() == 3);
    CHECK(carries_handle(w.heard[1]));
    CHECK_FALSE(carries_handle(w.heard[2]));
}

TEST_CASE("a quota error in answer to a setup with the handle does not cost the handle")
{
    world w;
    w.scripts = {ends_with(w, 1001, ""), refuses_with(w, 1008, "resource exhausted"), serves(w)};
    const auto result = live_through(w);
    REQUIRE(result.back);
    CHECK(result.back->resumed);
    CHECK(carries_handle(w.heard[2]));
}

TEST_CASE("a temporary obstacle to a reconnect is ridden out")
{
    const auto refusal = [](errc code, int status, std::string reason) {
        return error(code, "Refused.",
            {status == 0 ? phase::tls : phase::upgrade, 0, std::move(reason), status});
    };
    const auto each = GENERATE_COPY(refusal(errc::unavailable, 502, "Bad Gateway"),
        refusal(errc::unavailable, 503, ""), refusal(errc::unavailable, 504, ""),
        refusal(errc::unavailable, 408, ""), refusal(errc::unavailable, 425, ""),
        refusal(errc::rejected, 200, "OK"), refusal(errc::rejected, 302, "Found"),
        refusal(errc::rejected, 404, "web page"), refusal(errc::tls_failed, 0, ""),
        refusal(errc::proxy_failed, 0, ""), refusal(errc::protocol_violation, 0, ""),
        refusal(errc::missing_credentials, 0, ""), refusal(errc::storage_failed, 0, ""));
    INFO(to_string(each.value()) << " " << each.http_status());
    world w;
    w.scripts = {ends_with(w, 1001, ""), serves(w)};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials == 2 || w.dials == 3) throw error(each);
    };
    const auto result = live_through(w);
    CHECK_FALSE(result.end);
    REQUIRE(result.back);
    CHECK(result.back->resumed);
    CHECK(w.dials == 4);
}

TEST_CASE("a permanent error ends a reconnect at once")
{
    const auto refusal = [](errc code, int status, std::string reason) {
        return error(code, "Refused.", {phase::upgrade, 0, std::move(reason), status});
    };
    const auto each = GENERATE_COPY(refusal(errc::unauthorized, 401, ""),
        refusal(errc::unauthorized, 403, "Permission denied"),
        refusal(errc::unauthorized, 400, "API key not valid. Please pass a valid API key."),
        refusal(errc::rejected, 404, "Not Found"),
        refusal(errc::rejected, 404, "models/x is not found for API version v1beta"),
        refusal(errc::rejected, 404, "Publisher Model `x` was not found"));
    world w;
    w.scripts = {ends_with(w, 1001, ""), serves(w)};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials != 1) throw error(each);
    };
    const auto result = live_through(w);
    REQUIRE(result.end);
    CHECK(result.end->value() == each.value());
    CHECK(w.dials == 2);
}

TEST_CASE("what would end a first connection still does")
{
    const auto code = GENERATE(errc::tls_failed, errc::rejected, errc::missing_credentials);
    world w;
    w.decide = [&](const transport::connect_request&) {
        throw error(code, "Refused.", {phase::upgrade, 0, "", 404});
    };
    w.scripts = {serves(w)};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == code);
    });
    CHECK(w.dials == 1);
}

TEST_CASE("an error in answer to the setup is understood by its code and words")
{
    struct row {
        const char* answer;
        errc means;
    };
    const auto each = GENERATE(
        row{R"({"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED"}})",
            errc::quota_exceeded},
        row{R"({"error":{"code":503,"message":"Busy.","status":"UNAVAILABLE"}})",
            errc::unavailable},
        row{R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}})",
            errc::unauthorized},
        row{R"({"error":{"code":400,"message":"No.","status":"INVALID_ARGUMENT"}})",
            errc::rejected});
    world w;
    w.options.reconnect.first_connect_attempts = 1;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->send(each.answer);
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == each.means);
    });
}

TEST_CASE("on_failure and the reconnect hook receive the circumstances of the failure")
{
    world w;
    std::vector<failure_context> judged;
    std::vector<failure_context> hooked;
    w.options.reconnect.on_failure = [&](const error&,
                                         failure_context when) -> std::optional<reconnect_action> {
        judged.push_back(when);
        return std::nullopt;
    };
    w.options.on_reconnecting = [&](reconnect_plan& plan) -> asio::awaitable<void> {
        hooked.push_back(plan.when);
        co_return;
    };
    w.scripts = {
        ends_with(w, 1001, ""), refuses_with(w, 1011, "Busy."), ends_with(w, 1001, ""), serves(w)};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials == 2) throw error(errc::connect_failed, "Nobody.", {phase::connect});
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await until_connected(w, session, 3);
        co_await session.close();
    });
    REQUIRE(judged.size() == 4);
    const auto is = [](failure_context when, bool open, bool used, bool worked) {
        return when.was_open == open && when.handle_used == used && when.has_worked == worked;
    };
    CHECK(is(judged[0], true, false, true));  // the first setup had no handle
    CHECK(is(judged[1], false, false, true)); // no setup was sent
    CHECK(is(judged[2], false, true, true));
    CHECK(is(judged[3], true, true, true));
    REQUIRE(hooked.size() == 4);
    CHECK(is(hooked[0], true, false, true));
    CHECK(is(hooked[2], false, true, true));
}

TEST_CASE("the wait after an exhausted quota is the user's to choose")
{
    world w;
    w.options.reconnect.quota_wait = 20ms;
    w.options.reconnect.first_delay = 0ms;
    w.scripts = {ends_with(w, 1011, "You exceeded your current quota."), serves(w)};
    const auto result = live_through(w);
    REQUIRE(result.lost);
    CHECK(result.lost->delay == 20ms);
}

TEST_CASE("the handle that is sent is the one that the hook puts into the plan")
{
    world w;
    w.options.on_reconnecting = [&](reconnect_plan& plan) -> asio::awaitable<void> {
        CHECK((!plan.setup.session_resumption || plan.setup.session_resumption->handle.empty()));
        plan.setup.session_resumption.emplace().handle = "elsewhere";
        co_return;
    };
    w.scripts = {
        ends_with(w, 1001, ""), refuses_with(w, 1007, "Invalid session handle"), serves(w)};
    w.options.reconnect.max_attempts = 3;
    int hooks = 0;
    w.options.on_reconnecting = [&](reconnect_plan& plan) -> asio::awaitable<void> {
        if (++hooks == 1) plan.setup.session_resumption.emplace().handle = "elsewhere";
        co_return;
    };
    const auto result = live_through(w);
    REQUIRE(result.back);
    CHECK(w.heard[1].find(R"("handle":"elsewhere")") != std::string::npos);
    CHECK(w.heard[2].find("elsewhere") == std::string::npos);
}

// A conversation whose previous connection is still open to the server ---------------------------

namespace {

/// Answers setups with the handle "h" by internal errors until `free_at`.
script still_owned(world& w, base::time_point free_at)
{
    return [&w, free_at](peer_ptr peer) -> asio::awaitable<void> {
        w.heard.push_back(*co_await peer->receive());
        if (carries_handle(w.heard.back()) && w.clock->now() < free_at) {
            peer->close(1011, "Internal error encountered.");
            co_return;
        }
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    };
}

setup with_handle()
{
    auto setup = plain;
    setup.session_resumption.emplace().handle = "h";
    return setup;
}

} // namespace

TEST_CASE("a conversation whose owner hangs is waited for, and not thrown away")
{
    world w;
    w.scripts = {still_owned(w, w.clock->now() + 45s)};
    const bool from_store = GENERATE(true, false);
    const auto policy = GENERATE(context_loss::restart, context_loss::fail);
    w.options.reconnect.on_context_loss = policy;
    auto store = std::make_shared<memory_resumption_store>();
    w.options.resumption_store = store;
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("h", std::chrono::system_clock::now(), plain.model);
        if (from_store) co_await store->save("caller", std::move(record));
        session session(client, from_store ? plain : with_handle(), from_store ? "caller" : "");
        co_await session.connect();
        CHECK(session.counters().contexts_lost == 0);
        CHECK(session.resumption_handle() == "h");
        co_await session.close();
    };
    w.play(work());
    for (const auto& setup : w.heard) CHECK(carries_handle(setup));
    CHECK(w.heard.size() > 3);
}

TEST_CASE("no handle is erased on a bare internal error")
{
    world w;
    w.scripts = {still_owned(w, w.clock->now() + 24h)};
    w.options.reconnect.on_context_loss = context_loss::fail;
    auto store = std::make_shared<memory_resumption_store>();
    w.options.resumption_store = store;
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("h", std::chrono::system_clock::now(), plain.model);
        co_await store->save("caller", std::move(record));
        const auto begun = w.clock->now();
        session session(client, plain, "caller");
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::context_lost);
        CHECK(w.clock->now() - begun >= 60s);
        CHECK(session.resumption_handle() == "h");
        co_await settle();
        const auto kept = co_await store->load("caller");
        REQUIRE(kept);
        CHECK(kept->handle == "h");
    };
    w.play(work());
}

TEST_CASE(
    "after a minute of internal errors the session starts over, and the store keeps the handle")
{
    world w;
    w.scripts = {still_owned(w, w.clock->now() + 24h)};
    auto store = std::make_shared<memory_resumption_store>();
    w.options.resumption_store = store;
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        resumption_record record("h", std::chrono::system_clock::now(), plain.model);
        co_await store->save("caller", std::move(record));
        session session(client, plain, "caller");
        co_await session.connect();
        CHECK(session.counters().contexts_lost == 1);
        co_await settle();
        const auto kept = co_await store->load("caller");
        REQUIRE(kept);
        CHECK(kept->handle == "h"); // until there is another one
        co_await session.close();
    };
    w.play(work());
    CHECK_FALSE(carries_handle(w.heard.back()));
}

TEST_CASE("on_failure decides about a handle that is answered with internal errors")
{
    world w;
    w.scripts = {still_owned(w, w.clock->now() + 24h)};
    int asked = 0;
    w.options.reconnect.on_failure = [&](const error& failure,
                                         failure_context when) -> std::optional<reconnect_action> {
        CHECK(when.handle_used);
        CHECK_FALSE(when.has_worked);
        CHECK(failure.close_code() == 1011);
        return ++asked < 40 ? reconnect_action::back_off : reconnect_action::give_up;
    };
    w.options.reconnect.max_delay = 1s;
    const auto client = w.make_client();
    session session{client, with_handle()};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::unavailable);
    };
    w.play(work());
    CHECK(asked > 3);
    for (const auto& setup : w.heard) CHECK(carries_handle(setup));
}

TEST_CASE("a policy may fail at once, even when the handle still has another owner")
{
    world w;
    w.options.reconnect.first_connect_attempts = 1;
    w.scripts = {still_owned(w, w.clock->now() + 24h)};
    const auto client = w.make_client();
    session session{client, with_handle()};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        CHECK(failure->value() == errc::unavailable);
    };
    w.play(work());
    CHECK(w.dials == 1);
}

TEST_CASE("two owners of one name do not overwrite each other's handle")
{
    world w;
    // Each connection receives a handle of its own, again and again.
    int given = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        while (auto message = co_await peer->receive()) {
            peer->send(R"({"sessionResumptionUpdate":{"newHandle":"handle-)" +
                       std::to_string(++given) + R"(","resumable":true}})");
        }
    }};
    auto store = std::make_shared<memory_resumption_store>();
    w.options.resumption_store = store;
    const auto client = w.make_client();
    const auto work = [&]() -> asio::awaitable<void> {
        session frozen(client, plain, "caller");
        co_await frozen.connect();
        co_await frozen.send("one");
        co_await frozen.drain();
        co_await settle();
        session successor(client, plain, "caller");
        co_await successor.connect();
        CHECK(successor.resumption_handle() == "handle-1");
        co_await successor.send("two");
        co_await successor.drain();
        co_await settle();
        co_await frozen.send("three"); // it wakes, unaware of the other owner
        co_await frozen.drain();
        co_await settle();
        CHECK(frozen.resumption_handle() == "handle-3");
        auto kept = co_await store->load("caller");
        REQUIRE(kept);
        CHECK(kept->handle == "handle-2");
        co_await successor.send("four");
        co_await successor.drain();
        co_await settle();
        kept = co_await store->load("caller");
        CHECK(kept->handle == "handle-4");
        co_await frozen.close();
        co_await successor.close();
    };
    w.play(work());
}

// Keys ----------------------------------------------------------------------------------------

TEST_CASE("a rejected key is reported with the variable that it came from")
{
    world w;
    w.options.credentials = api_key("key-0123456789", "GEMINI_API_KEY");
    w.scripts = {refuses_with(w, 1007, "API key not valid. Please pass a valid API key.")};
    const bool by_upgrade = GENERATE(false, true);
    w.decide = [&](const transport::connect_request&) {
        if (by_upgrade)
            throw error(errc::unauthorized, "Not accepted.", {phase::upgrade, 0, "", 401});
    };
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const auto failure = co_await failure_of(session.connect());
        REQUIRE(failure);
        const std::string told = failure->what();
        CHECK(told.find("GEMINI_API_KEY") != std::string::npos);
        CHECK(told.find("GOOGLE_API_KEY") == std::string::npos);
        CHECK(told.find("key-0123456789") == std::string::npos);
    };
    w.play(work());
}

// close() -------------------------------------------------------------------------------------

namespace {

/// The peer answers a close frame after this time; absent: never, so the deadline passes.
class slow_to_close final : public transport::connection {
public:
    slow_to_close(std::unique_ptr<transport::connection> inner, world& w,
        std::optional<std::chrono::milliseconds> answer)
        : inner_(std::move(inner)), w_(w), answer_(answer)
    {
    }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        return inner_->send(std::move(batch));
    }
    asio::awaitable<transport::message> receive() override { return inner_->receive(); }
    asio::awaitable<void> close(std::uint16_t code, std::string reason) override
    {
        co_await inner_->close(code, std::move(reason));
        const auto limit = w_.options.deadlines.close;
        co_await w_.clock->sleep_until(w_.clock->now() + std::min(answer_.value_or(limit), limit));
        ++w_.served; // the server has seen the end
    }
    void abort() noexcept override { inner_->abort(); }

private:
    std::unique_ptr<transport::connection> inner_;
    world& w_;
    std::optional<std::chrono::milliseconds> answer_;
};

class slow_connector final : public transport::connector {
public:
    slow_connector(std::shared_ptr<transport::connector> inner, world& w,
        std::optional<std::chrono::milliseconds> answer)
        : inner_(std::move(inner)), w_(w), answer_(answer)
    {
    }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return inner_->executor();
    }
    asio::awaitable<std::unique_ptr<transport::connection>> connect(
        transport::connect_request request) override
    {
        auto made = co_await inner_->connect(std::move(request));
        co_return std::make_unique<slow_to_close>(std::move(made), w_, answer_);
    }
    asio::awaitable<transport::http_response> fetch(transport::http_request request) override
    {
        return inner_->fetch(std::move(request));
    }

private:
    std::shared_ptr<transport::connector> inner_;
    world& w_;
    std::optional<std::chrono::milliseconds> answer_;
};

/// How long a close() takes when the answer takes this long.
std::chrono::milliseconds closing_takes(
    std::optional<std::chrono::milliseconds> answer, std::chrono::milliseconds deadline)
{
    world w;
    w.options.deadlines.close = deadline;
    auto memory = test::make_memory_connector(
        w.io.get_executor(), [&w](peer_ptr peer) { return listen(w, std::move(peer)); });
    const client client = access::make_client(std::make_shared<client_core>(w.options,
        std::make_shared<slow_connector>(std::move(memory), w, answer), w.clock,
        [] { return 0.5; }));
    session session{client, plain};
    std::chrono::milliseconds taken{};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto begun = w.clock->now();
        co_await session.close();
        taken = std::chrono::duration_cast<std::chrono::milliseconds>(w.clock->now() - begun);
        CHECK(session.status() == session_status::closed);
        co_await session.close();
        CHECK(w.clock->now() - begun == taken);
    };
    w.play(work());
    return taken;
}

} // namespace

TEST_CASE("close() waits for the peer's answer, at most as long as the deadline")
{
    CHECK(closing_takes(0ms, 2s) == 0ms);
    CHECK(closing_takes(700ms, 2s) == 700ms);
    CHECK(closing_takes(5s, 2s) == 2s);
    CHECK(closing_takes(std::nullopt, 2s) == 2s);
}

TEST_CASE("close() in the middle of a handover waits for both connections")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(new_handle);
                     peer->send(R"({"goAway":{"timeLeft":"60s"}})");
                     co_await peer->receive();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await peer->receive(); // the setup is not answered
            co_await peer->receive();
        }};
    w.options.deadlines.close = 2s;
    int index = 0;
    auto memory = test::make_memory_connector(w.io.get_executor(), [&](peer_ptr peer) {
        return w.scripts[static_cast<std::size_t>(std::min(index++, 1))](std::move(peer));
    });
    const client client = access::make_client(std::make_shared<client_core>(w.options,
        std::make_shared<slow_connector>(std::move(memory), w, 500ms), w.clock,
        [] { return 0.5; }));
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        while (index < 2) co_await w.clock->sleep_until(w.clock->now() + 10ms);
        co_await settle();
        co_await session.close();
        CHECK(w.served == 2); // both ends were confirmed
    };
    w.play(work());
}

TEST_CASE("a session that is destroyed while it closes leaks nothing")
{
    world w;
    auto memory = test::make_memory_connector(
        w.io.get_executor(), [&w](peer_ptr peer) { return listen(w, std::move(peer)); });
    const client client = access::make_client(std::make_shared<client_core>(w.options,
        std::make_shared<slow_connector>(std::move(memory), w, std::nullopt), w.clock,
        [] { return 0.5; }));
    const auto work = [&]() -> asio::awaitable<void> {
        auto one = std::make_shared<session>(client, plain);
        co_await one->connect();
        const auto closing = [one]() -> asio::awaitable<void> { co_await one->close(); };
        asio::co_spawn(co_await asio::this_coro::executor, closing(), asio::detached);
        co_await settle();
        one.reset();
        co_await settle();
    };
    w.play(work());
}

} // namespace closes_test
