// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"
#include "support/quirks.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace session_test {

// The session against the emulator, over loopback or in virtual time: what a user's program sees.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// One execution context with an emulator, and clients that talk to it.
struct world {
    test::context io;
    live::testing::emulator_options serving{};
    live::client_options calling{};
    std::optional<live::testing::emulator> server{};

    world()
    {
        serving.pace = 0;
        serving.quirks = test::quirks_of_this_run();
        test::make_loud(calling);
        calling.credentials = live::api_key(test::secret_key);
        calling.reconnect.first_connect_attempts = 1;
        calling.reconnect.first_delay = 1ms;
    }

    void use_tls()
    {
        serving.tls = live::testing::tls_identity::self_signed();
        calling.tls.ca_pem = serving.tls->certificate_pem;
        calling.tls.system_store = false;
    }

    live::client start()
    {
        server.emplace(io.get_executor(), serving);
        calling.base_url = server->url();
        return {io.get_executor(), calling};
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        return test::run(io, std::move(work));
    }
};

const live::setup spoken{.model = "gemini-3.8-live",
    .functions = {{"get_weather", "Tells the weather in a city.",
        live::json(
            R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})")}},
    .input_audio_transcription = live::on,
    .output_audio_transcription = live::on};

asio::awaitable<std::optional<live::error>> failure_of(asio::awaitable<void> work)
{
    try {
        co_await std::move(work);
    } catch (const live::error& thrown) {
        co_return thrown;
    }
    co_return std::nullopt;
}

asio::awaitable<std::optional<live::error>> failure_of_connect(live::session& session)
{
    auto connecting = session.connect();
    co_return co_await failure_of(std::move(connecting));
}

/// What `connect` throws for a client with these options.
live::error refusal(world& w, const live::client& client)
{
    live::session session{client, spoken};
    const auto failed = w.run(failure_of_connect(session));
    REQUIRE(failed);
    return *failed;
}

/// Serves clients whose upgrade succeeds by `work`, after setupComplete.
std::function<asio::awaitable<void>(live::testing::emulator_peer&)> after_setup(
    std::function<asio::awaitable<void>(live::testing::emulator_peer&)> work)
{
    struct serve {
        std::function<asio::awaitable<void>(live::testing::emulator_peer&)> work;
        asio::awaitable<void> operator()(live::testing::emulator_peer& peer) const
        {
            co_await peer.receive();
            std::string complete = R"({"setupComplete":{}})";
            co_await peer.send(std::move(complete));
            co_await work(peer);
        }
    };
    return serve{std::move(work)};
}

asio::awaitable<void> await_end(live::testing::emulator_peer& peer)
{
    while (auto message = co_await peer.receive()) message.reset();
}

/// Awaits the stream's end; returns the error that it throws.
asio::awaitable<std::optional<live::error>> read_to_end(live::session& session)
{
    auto messages = session.messages();
    try {
        while (auto message = co_await messages.next()) message.reset();
    } catch (const live::error& thrown) {
        co_return thrown;
    }
    co_return std::nullopt;
}

} // namespace

namespace {

void hold_conversation(world& w)
{
    const auto client = w.start();
    live::session session{client, spoken};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        CHECK(session.status() == live::session_status::connected);

        co_await session.send("Hello");
        auto greeting = co_await session.turn();
        CHECK(greeting.end == live::turn_end::complete);
        CHECK_FALSE(greeting.output_transcription.empty());
        CHECK(greeting.audio.size() > 10'000);
        CHECK(greeting.audio.size() % 2 == 0);
        REQUIRE(greeting.usage);
        CHECK(greeting.usage->total_token_count > 0);

        co_await session.send("What is the weather in Paris?");
        auto asking = co_await session.turn();
        REQUIRE(asking.end == live::turn_end::tool_call);
        REQUIRE(asking.tool_calls.size() == 1);
        CHECK(asking.tool_calls[0].name == "get_weather");
        CHECK(asking.tool_calls[0].args.find_string("/city") == "Paris");
        live::function_response answer(
            asking.tool_calls[0], live::json(R"({"output":"sunny, 21 degrees"})"));
        co_await session.send_tool_response(answer);
        auto weather = co_await session.turn();
        CHECK(weather.end == live::turn_end::complete);
        CHECK(weather.output_transcription.find("sunny") != std::string::npos);

        co_await session.close();
        CHECK(session.status() == live::session_status::closed);
    };
    w.run(work());
}

} // namespace

TEST_CASE("a conversation")
{
    world w;
    hold_conversation(w);
}

TEST_CASE("a conversation, encrypted", "[sockets]")
{
    world w;
    w.use_tls();
    hold_conversation(w);
}

TEST_CASE("a lost connection is replaced by itself and the conversation continues")
{
    world w;
    const auto client = w.start();
    live::session session{client, spoken};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("My name is Ada.");
        auto first = co_await session.turn();
        CHECK(first.end == live::turn_end::complete);
        auto events = session.events();
        bool resumed = false;
        bool cut = false;
        while (!resumed) {
            auto event = co_await events.next();
            REQUIRE(event);
            if (const auto* message = std::get_if<live::server_message>(&*event)) {
                const auto& update = message->members().session_resumption_update;
                if (!cut && update && update->resumable) {
                    w.server->drop_all();
                    cut = true;
                }
            } else if (const auto* change = std::get_if<live::status_change>(&*event)) {
                if (change->to == live::session_status::connected && cut) resumed = change->resumed;
            }
        }
        co_await session.send("Hello again");
        auto second = co_await session.turn();
        CHECK(second.end == live::turn_end::complete);
        co_await session.close();
    };
    w.run(work());
    CHECK(w.server->accepted() == 2);
}

TEST_CASE("a wrong key is reported in one sentence")
{
    world w;
    w.serving.api_key = "the-right-key";
    const auto failed = refusal(w, w.start());
    CHECK(failed.value() == live::errc::unauthorized);
    CHECK(failed.close_code() == 1007);
    CHECK(std::string(failed.what()).find("API key") != std::string::npos);
    CHECK(std::string(failed.what()).find("a-key") == std::string::npos);
}

TEST_CASE("an unknown model is reported in one sentence")
{
    world w;
    const auto client = w.start();
    live::setup odd{.model = "gemini-0-dead"};
    live::session session{client, odd};
    const auto failed = w.run(failure_of_connect(session));
    REQUIRE(failed);
    CHECK(failed->value() == live::errc::rejected);
    CHECK(failed->close_code() == 1008);
    CHECK(std::string(failed->what()).find("model") != std::string::npos);
}

TEST_CASE("an unknown member of the setup is refused with the service's words")
{
    world w;
    const auto client = w.start();
    live::setup odd = spoken;
    odd.extra = live::json(R"({"flavor":"vanilla"})");
    live::session session{client, odd};
    const auto failed = w.run(failure_of_connect(session));
    REQUIRE(failed);
    CHECK(failed->value() == live::errc::rejected);
    CHECK(failed->reason() == "Invalid JSON payload received. Unknown name \"flavor\" at 'setup': "
                              "Cannot find field.");
}

TEST_CASE("a refused upgrade reports why: 401, 403, 404, 429, 503")
{
    struct row {
        int status;
        live::errc code;
        live::condition what_to_do;
    };
    for (const auto& each : {row{401, live::errc::unauthorized, live::condition::credentials},
             row{403, live::errc::unauthorized, live::condition::credentials},
             row{404, live::errc::rejected, live::condition::invalid_request},
             row{429, live::errc::quota_exceeded, live::condition::quota},
             row{503, live::errc::unavailable, live::condition::retryable}}) {
        INFO(each.status);
        world w;
        w.serving.on_upgrade = [&](const live::testing::emulator_request&) {
            live::testing::emulator_verdict verdict;
            verdict.status = each.status;
            verdict.headers = {{"Retry-After", "7"}};
            return verdict;
        };
        const auto failed = refusal(w, w.start());
        CHECK(failed.value() == each.code);
        CHECK(failed.code() == each.what_to_do);
        CHECK(failed.http_status() == each.status);
        CHECK(failed.retry_after() == 7s);
        CHECK(failed.phase() == live::phase::upgrade);
    }
}

TEST_CASE("a port where nobody listens")
{
    world w;
    asio::ip::tcp::acceptor taken(
        w.io, asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    const auto port = taken.local_endpoint().port();
    taken.close();
    w.calling.base_url = "http://127.0.0.1:" + std::to_string(port);
    const auto failed = refusal(w, {w.io.get_executor(), w.calling});
    CHECK(failed.value() == live::errc::connect_failed);
    CHECK(failed.phase() == live::phase::connect);
}

TEST_CASE("a host that does not exist", "[sockets]")
{
    world w;
    w.calling.base_url = "https://no-such-host.invalid";
    const auto failed = refusal(w, {w.io.get_executor(), w.calling});
    CHECK(failed.value() == live::errc::resolve_failed);
    CHECK(std::string(failed.what()).find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("a certificate without a trusted issuer", "[sockets]")
{
    world w;
    w.use_tls();
    w.calling.tls.ca_pem = live::testing::tls_identity::self_signed().certificate_pem;
    const auto failed = refusal(w, w.start());
    CHECK(failed.value() == live::errc::tls_failed);
    CHECK(failed.code() == live::condition::configuration);
    CHECK(w.server->accepted() == 0);
}

TEST_CASE("a server that never answers the setup")
{
    world w;
    w.calling.deadlines.setup = 100ms;
    w.serving.behavior = await_end;
    const auto failed = refusal(w, w.start());
    CHECK(failed.value() == live::errc::timed_out);
    CHECK(failed.phase() == live::phase::setup);
}

TEST_CASE("malformed JSON is an event and the session continues")
{
    world w;
    const auto misbehave = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        for (const char* text : {"{", "[]", "{\"serverContent\":7}", "\xff\xfe",
                 "{\"serverContent\":{\"modelTurn\":{\"parts\":[{\"inlineData\":{\"data\":\"?\"}}]}"
                 "}}"}) {
            std::string message = text;
            co_await peer.send(std::move(message));
        }
        std::string good =
            R"({"serverContent":{"modelTurn":{"parts":[{"text":"fine"}]},"turnComplete":true}})";
        co_await peer.send(std::move(good));
        co_await await_end(peer);
    };
    w.serving.behavior = after_setup(misbehave);
    const auto client = w.start();
    live::session session{client, spoken};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto events = session.events();
        int malformed = 0;
        for (std::string text; text.empty();) {
            auto event = co_await events.next();
            REQUIRE(event);
            if (std::get_if<live::malformed_message>(&*event)) ++malformed;
            if (const auto* message = std::get_if<live::server_message>(&*event))
                text = message->text();
        }
        CHECK(malformed == 5);
        CHECK(session.status() == live::session_status::connected);
        co_await session.close();
    };
    w.run(work());
}

TEST_CASE("a message over the limit ends the session with a typed error")
{
    world w;
    w.calling.limits.message = 10'000;
    const auto flood = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        std::string message(10'001, ' ');
        co_await peer.send(std::move(message));
        co_await await_end(peer);
    };
    w.serving.behavior = after_setup(flood);
    const auto client = w.start();
    live::session session{client, spoken};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto failed = co_await read_to_end(session);
        REQUIRE(failed);
        CHECK(failed->value() == live::errc::message_too_big);
    };
    w.run(work());
}

TEST_CASE("a send after close is refused, and a second reader at any time")
{
    world w;
    const auto client = w.start();
    live::session session{client, spoken};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.close();
        auto sending = session.send("late");
        const auto refused = co_await failure_of(std::move(sending));
        REQUIRE(refused);
        CHECK(refused->value() == live::errc::closed);
        CHECK_FALSE(co_await read_to_end(session));
    };
    w.run(work());
}

TEST_CASE("both kinds of frame are read")
{
    world w;
    const auto talk = [](live::testing::emulator_peer& peer) -> asio::awaitable<void> {
        std::string one = R"({"serverContent":{"modelTurn":{"parts":[{"text":"a"}]}}})";
        std::string two =
            R"({"serverContent":{"modelTurn":{"parts":[{"text":"b"}]},"turnComplete":true}})";
        co_await peer.send_text(std::move(one));
        co_await peer.send(std::move(two));
        co_await await_end(peer);
    };
    w.serving.behavior = after_setup(talk);
    const auto client = w.start();
    live::session session{client, spoken};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto turn = co_await session.turn();
        CHECK(turn.text == "ab");
        co_await session.close();
    };
    w.run(work());
}

namespace {

asio::awaitable<void> converse(live::session& session, int& done)
{
    co_await session.connect();
    co_await session.send("Hello");
    auto turn = co_await session.turn();
    if (turn.end == live::turn_end::complete && !turn.audio.empty()) ++done;
    co_await session.close();
}

} // namespace

TEST_CASE("many sessions share one execution context")
{
    world w;
    w.calling.deadlines.upgrade = w.calling.deadlines.setup = 0ms; // all connect at once
    const auto client = w.start();
    constexpr int count = 50;
    int done = 0;
    std::vector<std::unique_ptr<live::session>> sessions;
    const auto work = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < count; ++i) {
            sessions.push_back(std::make_unique<live::session>(client, spoken));
            asio::co_spawn(w.io, converse(*sessions.back(), done), asio::detached);
        }
        while (done < count) co_await live::sleep_for(1ms);
    };
    w.run(work());
    CHECK(w.server->accepted() == count);
}

TEST_CASE("several execution contexts run in several threads", "[sockets]")
{
    std::vector<std::thread> threads;
    std::atomic<int> done = 0;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&done] {
            world w;
            const auto client = w.start();
            live::session session{client, spoken};
            int mine = 0;
            w.run(converse(session, mine));
            done += mine;
        });
    }
    for (auto& each : threads) each.join();
    CHECK(done == 4);
}

TEST_CASE("one execution context runs in several threads", "[sockets]")
{
    world w;
    const auto client = w.start();
    std::atomic<int> done = 0;
    constexpr int count = 8;
    std::vector<std::unique_ptr<live::session>> sessions;
    struct speak {
        static asio::awaitable<void> once(live::session& session, std::atomic<int>& done)
        {
            int mine = 0;
            co_await converse(session, mine);
            done += mine;
        }
    };
    for (int i = 0; i < count; ++i) {
        sessions.push_back(std::make_unique<live::session>(client, spoken));
        asio::co_spawn(w.io, speak::once(*sessions.back(), done), asio::detached);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            while (done < count && w.io.run_one_for(30s) != 0) {
            }
        });
    }
    for (auto& each : threads) each.join();
    CHECK(done == count);
    sessions.clear();
}

TEST_CASE("a program whose sessions have ended has no work left")
{
    world w;
    const auto client = w.start();
    int done = 0;
    {
        live::session session{client, spoken};
        w.run(converse(session, done));
    }
    CHECK(done == 1);
    w.server->close();
    w.io.restart();
    w.io.run(); // returns
}

} // namespace session_test
