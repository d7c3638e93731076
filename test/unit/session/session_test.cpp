// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <array>
#include <string>
#include <vector>

namespace session_test {

namespace live = gemini::live;
using namespace test;

TEST_CASE("connect completes at setupComplete, and what was sent before goes out in order")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        CHECK(session.status() == session_status::disconnected);
        co_await session.send("one");
        co_await session.send_realtime_input(realtime_input::activity_start());
        co_await session.send("two");
        co_await session.connect();
        CHECK(session.status() == session_status::connected);
        co_await session.send("three");
        co_await session.drain();
        co_await settle();
        co_await session.close();
        CHECK(session.status() == session_status::closed);
    };
    w.play(work());
    REQUIRE(w.heard.size() == 5);
    CHECK(w.heard[0].find(R"("model":"models/gemini-3.8-live")") != std::string::npos);
    CHECK(w.heard[0].find(R"("sessionResumption":{})") != std::string::npos);
    CHECK(w.heard[1] == R"({"realtimeInput":{"text":"one"}})");
    CHECK(w.heard[2] == R"({"realtimeInput":{"activityStart":{}}})");
    CHECK(w.heard[3] == R"({"realtimeInput":{"text":"two"}})");
    CHECK(w.heard[4] == R"({"realtimeInput":{"text":"three"}})");
}

TEST_CASE("the key travels in a header and not in the URL")
{
    world w;
    transport::connect_request seen;
    w.decide = [&](const transport::connect_request& request) { seen = request; };
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> { co_await session.connect(); };
    w.play(work());
    CHECK(seen.host == "generativelanguage.googleapis.com");
    CHECK(seen.target ==
          "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent");
    CHECK(seen.target.find(test::secret_key) == std::string::npos);
    const std::pair<std::string, std::string> key("x-goog-api-key", test::secret_key);
    CHECK(std::find(seen.fields.begin(), seen.fields.end(), key) != seen.fields.end());
}

TEST_CASE("a text turn goes the way that the model wants")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    live::setup older{.model = "gemini-live-2.5-flash-native-audio"};
    session session{client, older};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("hi");
        co_await session.drain();
        co_await settle();
    };
    w.play(work());
    CHECK(
        w.heard.at(1) ==
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"hi"}]}],"turnComplete":true}})");
}

TEST_CASE("messages come in order, and the stream ends after close")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (int i = 0; i < 100; ++i) peer->send(text_message(std::to_string(i)));
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        auto first = co_await messages.next();
        REQUIRE(first);
        CHECK(first->members().setup_complete.has_value());
        for (int i = 0; i < 100; ++i) {
            auto message = co_await messages.next();
            REQUIRE(message);
            CHECK(message->text() == std::to_string(i));
            CHECK(message->epoch() == 1);
        }
        co_await session.close();
        CHECK_FALSE(co_await messages.next());
        CHECK_FALSE(co_await messages.next());
    };
    w.play(work());
}

TEST_CASE("a second reader is told so, and the first goes on")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        co_await messages.next();
        bool first_ended = false;
        const auto read = [&]() -> asio::awaitable<void> {
            CHECK_FALSE(co_await messages.next());
            first_ended = true;
        };
        asio::co_spawn(w.io, read(), [](std::exception_ptr) {});
        co_await settle();
        auto events = session.events();
        auto second = events.next();
        const auto refused = co_await failure_of(std::move(second));
        REQUIRE(refused);
        CHECK(refused->value() == errc::misuse);
        CHECK(refused->code() == condition::misuse);
        CHECK_FALSE(first_ended);
        co_await session.close();
        co_await settle();
        CHECK(first_ended);
    };
    w.play(work());
}

TEST_CASE("cancelling next loses no message")
{
    using namespace asio::experimental::awaitable_operators;
    const int moment = GENERATE(range(0, 12)); // between the message and the cancellation
    CAPTURE(moment);
    world w;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        return listen(w, std::move(peer));
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto interrupt = [&]() -> asio::awaitable<void> {
        co_await settle();
        server->send(text_message("kept"));
        server->send(turn_complete);
        for (int i = 0; i < moment; ++i) co_await asio::post(w.io, asio::use_awaitable);
    };
    SECTION("of messages()")
    {
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            auto messages = session.messages();
            co_await messages.next();
            auto reading = messages.next();
            auto race = std::move(reading) || interrupt();
            auto first = co_await std::move(race);
            std::optional<server_message> message;
            if (first.index() == 0)
                message = std::get<0>(std::move(first));
            else
                message = co_await messages.next();
            REQUIRE(message);
            CHECK(message->text() == "kept");
            server.reset();
        };
        w.play(work());
    }
    SECTION("of turn()")
    {
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            auto reading = session.turn();
            auto race = std::move(reading) || interrupt();
            auto first = co_await std::move(race);
            live::turn_result turn;
            if (first.index() == 0)
                turn = std::get<0>(std::move(first));
            else
                turn = co_await session.turn();
            CHECK(turn.text == "kept");
            server.reset();
        };
        w.play(work());
    }
}

TEST_CASE("the first connection fails with the real cause")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    errc cause = errc::connect_failed;
    int expected_dials = 3;
    SECTION("what may get better is tried three times") {}
    SECTION("a wrong key once")
    {
        cause = errc::unauthorized;
        expected_dials = 1;
    }
    SECTION("an untrusted certificate once")
    {
        cause = errc::tls_failed;
        expected_dials = 1;
    }
    w.decide = [&](const transport::connect_request&) {
        throw error(cause, "The reason.", {phase::connect});
    };
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == cause);
        CHECK(std::string(failed->what()) == "The reason.");
        CHECK(session.status() == session_status::failed);
        auto sending = session.send("x");
        const auto refused = co_await failure_of(std::move(sending));
        REQUIRE(refused);
        CHECK(refused->value() == cause);
        auto messages = session.messages();
        auto reading = messages.next();
        const auto thrown = co_await failure_of(std::move(reading));
        REQUIRE(thrown);
        CHECK(thrown->value() == cause);
    };
    w.play(work());
    CHECK(w.dials == expected_dials);
}

TEST_CASE("without a key connecting says what to set")
{
    world w;
    w.options.credentials = api_key();
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::missing_credentials);
        CHECK(std::string(failed->what()).find("GEMINI_API_KEY") != std::string::npos);
    };
    w.play(work());
    CHECK(w.dials == 0);
}

TEST_CASE("a refused setup is reported at once with the server's words")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->close(1007, "API key not valid. Please pass a valid API key.");
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::unauthorized);
        CHECK(failed->code() == condition::credentials);
        CHECK(failed->close_code() == 1007);
        CHECK(failed->reason() == "API key not valid. Please pass a valid API key.");
    };
    w.play(work());
    CHECK(w.dials == 1);
}

TEST_CASE("what the server quotes of credentials and handles is not told to anybody")
{
    world w;
    w.options.credentials = api_key("quoted-key-0123");
    w.options.headers = {{"Authorization", "Bearer quoted-token-0123"}};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->close(1008, "No: quoted-key-0123, quoted-token-0123, quoted-handle-0123.");
    }};
    w.options.reconnect.first_connect_attempts = 1;
    const auto client = w.make_client();
    auto resuming = plain;
    resuming.session_resumption->handle = "quoted-handle-0123";
    session session{client, resuming};
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->reason() == "No: [redacted], [redacted], [redacted].");
        CHECK(std::string_view(failed->what()).find("quoted") == std::string_view::npos);
    };
    w.play(work());
}

TEST_CASE("a server that answers the setup with an error message is believed")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->send(R"({"error":{"code":400,"message":"No such thing.","status":"INVALID"}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::rejected);
        CHECK(std::string(failed->what()) == "The server refused the setup: No such thing.");
    };
    w.play(work());
    CHECK(w.dials == 1);
}

TEST_CASE("a server that never answers the setup runs into its deadline")
{
    world w;
    w.options.reconnect.first_connect_attempts = 1;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto begin = w.clock->now();
    const auto work = [&]() -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::timed_out);
        CHECK(failed->phase() == phase::setup);
    };
    w.play(work());
    CHECK(w.clock->now() - begin == 15s);
}

TEST_CASE("without a deadline a server may take its time for the setup")
{
    world w;
    w.options.deadlines.setup = 0ms;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        const auto setup = co_await peer->receive();
        co_await w.clock->sleep_until(w.clock->now() + 1h);
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        CHECK(session.counters().attempts == 1);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("a lost connection comes back with the handle, and what was sent meanwhile follows")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(
                         R"({"sessionResumptionUpdate":{"newHandle":"h-1","resumable":true}})");
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("cut me");
        std::vector<std::string> life;
        auto events = session.events();
        bool sent = false;
        while (auto event = co_await events.next()) {
            if (const auto* change = std::get_if<status_change>(&*event)) {
                life.emplace_back(to_string(change->to));
                if (change->to == session_status::reconnecting) {
                    CHECK(change->cause->value() == errc::connection_lost);
                    CHECK(change->attempt == 1);
                    CHECK(change->delay == 250ms);
                    co_await session.send("meanwhile");
                    sent = true;
                }
                if (change->to == session_status::connected && sent) {
                    CHECK(change->resumed);
                    break;
                }
            }
        }
        CHECK(life ==
              std::vector<std::string>{"connecting", "connected", "reconnecting", "connected"});
        co_await session.drain();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    CHECK(w.dials == 2);
    REQUIRE(w.heard.size() >= 3);
    CHECK(w.heard[1].find(R"("sessionResumption":{"handle":"h-1"})") != std::string::npos);
    CHECK(w.heard.back() == R"({"realtimeInput":{"text":"meanwhile"}})");
}

TEST_CASE("speech older than the window does not outlive an outage, text does")
{
    world w;
    int refusals = 4;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1 && refusals-- > 0) throw error(errc::connect_failed, "Down.");
    };
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto events = session.events();
        const std::vector<std::byte> pcm(640);
        std::size_t dropped = 0;
        bool lost = false;
        while (auto event = co_await events.next()) {
            const auto* change = std::get_if<status_change>(&*event);
            if (!change) continue;
            if (change->to == session_status::reconnecting && !std::exchange(lost, true)) {
                co_await session.send_audio(pcm);
                co_await session.send("kept");
                co_await session.send_audio(pcm);
            }
            if (change->to == session_status::connected && lost) {
                dropped = change->dropped;
                break;
            }
        }
        CHECK(dropped == 2);
        co_await session.drain();
        co_await settle();
    };
    w.play(work());
    CHECK(w.heard.back() == R"({"realtimeInput":{"text":"kept"}})");
    CHECK(w.heard.size() == 3);
}

TEST_CASE("with transparent resumption exactly what the server has not consumed is sent again")
{
    world w;
    w.options.backend = backend::vertex_ai;
    w.options.project = "p";
    w.options.credentials = access_token("token");
    int connections = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        if (++connections == 2) {
            while (auto message = co_await peer->receive()) w.heard.push_back(*message);
            co_return;
        }
        for (int i = 0; i < 3; ++i) co_await peer->receive();
        peer->send(
            R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true,"lastConsumedClientMessageIndex":"1"}})");
        peer->drop();
    }};
    live::setup given = plain;
    given.session_resumption->transparent = true;
    const auto client = w.make_client();
    session session{client, given};
    std::optional<status_change> lost;
    std::optional<status_change> back;
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 4> pcm{};
        co_await session.connect();
        co_await session.send("one");
        co_await session.send_audio(pcm);
        co_await session.send("two");
        auto events = session.events();
        while (!back) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* change = std::get_if<status_change>(&*event);
            if (change && change->to == session_status::reconnecting) lost = *change;
            if (change && lost && change->to == session_status::connected) back = *change;
        }
        co_await session.send("three");
        co_await session.drain();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    CHECK_FALSE(lost->turn_cut); // the question is asked again
    CHECK(back->resumed);
    CHECK(back->replayed == 2);
    REQUIRE(w.heard.size() == 5);
    CHECK(w.heard[1].find(R"("sessionResumption":{"handle":"h","transparent":true})") !=
          std::string::npos);
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"two"}})");
    CHECK(w.heard[3] == R"({"realtimeInput":{"text":"three"}})"); // passes the audio that waits
    CHECK(w.heard[4].find(R"({"realtimeInput":{"audio")") == 0);
}

TEST_CASE("a malformed message is an event, and the session goes on")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"serverContent":)");
        peer->send(R"({"serverContent":{"modelTurn":{"parts":"none"}}})");
        peer->send(text_message("after"));
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto events = session.events();
        std::vector<std::string> problems;
        std::string text;
        while (text.empty()) {
            auto event = co_await events.next();
            REQUIRE(event);
            if (const auto* bad = std::get_if<malformed_message>(&*event)) {
                CHECK(bad->why.value() == errc::malformed_message);
                problems.emplace_back(bad->why.what());
            }
            if (const auto* message = std::get_if<server_message>(&*event)) text = message->text();
        }
        CHECK(text == "after");
        REQUIRE(problems.size() == 2);
        CHECK(problems[1].find("serverContent.modelTurn.parts") != std::string::npos);
        CHECK(session.status() == session_status::connected);
    };
    w.play(work());
    CHECK(w.dials == 1);
}

TEST_CASE("a malformed message ends a session that wants it so")
{
    world w;
    w.options.malformed = malformed_policy::fail;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"goAway":{"timeLeft":"soon"}})");
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    std::optional<error> end;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto turn = session.turn();
        end = co_await failure_of(std::move(turn));
    };
    w.play(work());
    REQUIRE(end);
    CHECK(end->value() == errc::malformed_message);
    CHECK(std::string(end->what()).find("goAway.timeLeft is not a duration") != std::string::npos);
    CHECK(session.status() == session_status::failed);
    CHECK(w.dials == 1);
}

TEST_CASE("close tells the server, may be called again, and ends everything")
{
    world w;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) {
        server = peer;
        return listen(w, std::move(peer));
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        int closed = 0;
        const auto close = [&]() -> asio::awaitable<void> {
            co_await session.close();
            ++closed;
        };
        asio::co_spawn(w.io, close(), [](std::exception_ptr) {});
        co_await session.close();
        co_await session.close();
        co_await settle();
        CHECK(closed == 1);
        CHECK(server->close_code() == 1000);
        server.reset();
        auto sending = session.send("late");
        const auto refused = co_await failure_of(std::move(sending));
        REQUIRE(refused);
        CHECK(refused->value() == errc::closed);
        auto connecting = session.connect();
        const auto again = co_await failure_of(std::move(connecting));
        REQUIRE(again);
        CHECK(again->code() == condition::closed);
    };
    w.play(work());
}

TEST_CASE("close ends a session in every other state")
{
    world w;
    w.options.reconnect.max_attempts = std::nullopt;
    const auto client = w.make_client();
    session session{client, plain};
    SECTION("before connect")
    {
        const auto work = [&]() -> asio::awaitable<void> { co_await session.close(); };
        w.play(work());
    }
    SECTION("while it waits for setupComplete")
    {
        w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
            while (co_await peer->receive()) {
            }
        }};
        const auto work = [&]() -> asio::awaitable<void> {
            std::optional<error> failed;
            const auto connect = [&]() -> asio::awaitable<void> {
                auto connecting = session.connect();
                failed = co_await failure_of(std::move(connecting));
            };
            asio::co_spawn(w.io, connect(), [](std::exception_ptr) {});
            co_await settle();
            co_await session.close();
            co_await settle();
            REQUIRE(failed);
            CHECK(failed->value() == errc::closed);
        };
        w.play(work());
    }
    SECTION("while it waits to reconnect")
    {
        w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->drop();
        }};
        w.decide = [&](const transport::connect_request&) {
            if (w.dials > 1) throw error(errc::connect_failed, "Down.");
        };
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            auto events = session.events();
            int attempts = 0;
            while (attempts < 3) {
                auto event = co_await events.next();
                REQUIRE(event);
                const auto* change = std::get_if<status_change>(&*event);
                if (change && change->to == session_status::reconnecting) ++attempts;
            }
            co_await session.close();
        };
        w.play(work());
    }
    CHECK(session.status() == session_status::closed);
}

TEST_CASE("destroying a session ends what others await")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    auto session = std::make_unique<live::session>(client, plain);
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session->connect();
        auto messages = session->messages();
        co_await messages.next();
        bool ended = false;
        const auto read = [&]() -> asio::awaitable<void> {
            CHECK_FALSE(co_await messages.next());
            ended = true;
        };
        asio::co_spawn(w.io, read(), [](std::exception_ptr) {});
        co_await settle();
        session.reset();
        co_await settle();
        CHECK(ended);
    };
    w.play(work());
}

TEST_CASE("sessions, client and execution context may go in any order")
{
    std::unique_ptr<session> outlives;
    {
        world w;
        w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
        std::optional<client> client(w.make_client());
        outlives = std::make_unique<session>(*client, plain);
        client.reset();
        const auto work = [&]() -> asio::awaitable<void> {
            co_await outlives->connect();
            co_await outlives->send("hello");
        };
        w.play(work());
    }
    CHECK(outlives->status() == session_status::connected);
    outlives.reset();
}

TEST_CASE("a full outbox suspends the sender; cancelled, it has sent nothing")
{
    world w;
    w.options.limits.outbox = 100;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) {
        server = peer;
        return listen(w, std::move(peer));
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::string big(90, 'x');
        co_await session.send(big);
        std::vector<std::string> done;
        asio::cancellation_signal cancel;
        const auto send = [&](std::string text) -> asio::awaitable<void> {
            co_await session.send(text);
            done.push_back(text);
        };
        const auto ignore = [](std::exception_ptr) {};
        asio::co_spawn(w.io, send("second"), ignore);
        asio::co_spawn(
            w.io, send("cancelled"), asio::bind_cancellation_slot(cancel.slot(), ignore));
        asio::co_spawn(w.io, send("third"), ignore);
        co_await settle();
        CHECK(done.empty());
        cancel.emit(asio::cancellation_type::terminal);
        co_await settle();
        co_await session.connect();
        co_await settle();
        CHECK(done == std::vector<std::string>{"second", "third"});
        co_await session.drain();
        co_await settle();
        server.reset();
    };
    w.play(work());
    REQUIRE(w.heard.size() == 4);
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"second"}})");
    CHECK(w.heard[3] == R"({"realtimeInput":{"text":"third"}})");
}

TEST_CASE("a send that is cancelled in the moment in which room comes has sent nothing")
{
    using namespace asio::experimental::awaitable_operators;
    const int moment = GENERATE(range(0, 12)); // between the room and the cancellation
    CAPTURE(moment);
    world w;
    w.options.limits.outbox = 100;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        co_await greet(w, peer);
        peer->stall(true);
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    session session{client, plain};
    bool is_sent = false;
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        co_await session.send(std::string(90, 'x'));
        const auto interrupt = [&]() -> asio::awaitable<void> {
            co_await settle();
            server->stall(false);
            for (int i = 0; i < moment; ++i) co_await asio::post(w.io, asio::use_awaitable);
        };
        auto sending = session.send("second");
        auto race = std::move(sending) || interrupt();
        const auto first = co_await std::move(race);
        is_sent = first.index() == 0;
        co_await session.drain();
        co_await settle();
        server.reset();
    };
    w.play(work());
    CHECK(w.heard.size() == (is_sent ? 3 : 2));
}

TEST_CASE("a sender that waits for room goes on when an outage has made some")
{
    world w;
    w.options.limits.outbox = 1000;
    w.options.reconnect.realtime_window = 100ms;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 150> speech{};
        co_await session.connect();
        co_await session.send("one");
        while (session.status() == session_status::connected) co_await settle();
        co_await session.send_audio(speech); // too old when the connection is back
        co_await session.send(std::string(200, 'x'));
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    CHECK(session.counters().dropped == 1);
}

TEST_CASE("a sender that waits behind sound goes on when a handover has dropped it")
{
    world w;
    w.options.limits.outbox = 1000;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(
                         R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true}})");
                     peer->send(R"({"goAway":{"timeLeft":"6s"}})");
                     peer->stall(true);
                     while (co_await peer->receive()) {
                     }
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 150> speech{};
        co_await session.connect();
        co_await session.send_audio(speech);
        co_await session.send(std::string(200, 'x'));
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    CHECK(session.counters().handovers == 1);
}

TEST_CASE(
    "a sender that waits behind sound goes on when that is too old, before there is a connection")
{
    world w;
    w.options.limits.outbox = 1000;
    w.options.reconnect.realtime_window = 100ms;
    w.options.reconnect.first_delay = 20s;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        const std::array<std::byte, 150> speech{};
        co_await session.connect();
        co_await session.send("one");
        while (session.status() == session_status::connected) co_await settle();
        co_await session.send_audio(speech);
        co_await session.send(std::string(200, 'x'));
        CHECK(session.status() == session_status::reconnecting);
        CHECK(session.counters().dropped == 1);
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE(
    "what the server has consumed is not sent again, though a send has failed before that was read")
{
    world w;
    w.options.backend = backend::vertex_ai;
    w.options.project = "p";
    w.options.credentials = access_token("token");
    w.options.limits.inbox = 4096;
    int connections = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        if (++connections == 2) {
            while (auto message = co_await peer->receive()) w.heard.push_back(*message);
            co_return;
        }
        co_await peer->receive();
        peer->send(text_message(std::string(5000, 'x'))); // the reader is slow: the rest waits
        peer->send(
            R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true,"lastConsumedClientMessageIndex":"1"}})");
        peer->drop();
    }};
    live::setup given = plain;
    given.session_resumption->transparent = true;
    const auto client = w.make_client();
    session session{client, given};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("one");
        co_await settle();
        co_await session.send("two"); // to a connection that is gone
        co_await settle();
        auto events = session.events();
        while (w.heard.size() < 2) co_await events.next();
        co_await session.drain();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    REQUIRE(w.heard.size() == 3);
    CHECK(w.heard[2] == R"({"realtimeInput":{"text":"two"}})");
}

TEST_CASE("a slow reader holds the server back and loses nothing")
{
    world w;
    w.options.limits.inbox = 4096;
    int sent = 0;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        for (; sent < 1000; ++sent) peer->send(text_message(std::to_string(sent)));
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await settle();
        auto messages = session.messages();
        co_await messages.next();
        for (int i = 0; i < 1000; ++i) {
            auto message = co_await messages.next();
            REQUIRE(message);
            REQUIRE(message->text() == std::to_string(i));
        }
        co_await session.close();
    };
    w.play(work());
}

TEST_CASE("turn collects what the model says until it is over")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(text_message("Good "));
        peer->send(R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{)"
                   R"("mimeType":"audio/pcm;rate=24000","data":"AQID"}}]},)"
                   R"("outputTranscription":{"text":"Good day"}}})");
        peer->send(text_message("day"));
        peer->send(R"({"serverContent":{"turnComplete":true,"interactionStatus":"IN_PROGRESS"}})");
        peer->send(text_message("."));
        peer->send(
            R"({"serverContent":{"turnComplete":true},"usageMetadata":{"totalTokenCount":9}})");
        peer->send(R"({"toolCall":{"functionCalls":[{"id":"f1","name":"get","args":{"a":1}}]}})");
        peer->send(text_message("cut"));
        peer->send(R"({"serverContent":{"interrupted":true}})");
        peer->send(turn_complete);
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto first = co_await session.turn();
        CHECK(first.end == turn_end::complete);
        CHECK(first.text == "Good day.");
        CHECK(first.output_transcription == "Good day");
        CHECK(first.audio == bytes{std::byte{1}, std::byte{2}, std::byte{3}});
        REQUIRE(first.usage);
        CHECK(first.usage->total_token_count == 9);
        auto second = co_await session.turn();
        CHECK(second.end == turn_end::tool_call);
        REQUIRE(second.tool_calls.size() == 1);
        CHECK(second.tool_calls[0].args.text() == R"({"a":1})");
        auto third = co_await session.turn();
        CHECK(third.end == turn_end::interrupted);
        CHECK(third.text == "cut");
        co_await session.close();
        auto last = co_await session.turn();
        CHECK(last.end == turn_end::closed);
    };
    w.play(work());
}

TEST_CASE("a turn that loses its connection in the middle is told from one that ended")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     peer->send(text_message("I was about to "));
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->send(text_message("Again."));
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto first = co_await session.turn();
        CHECK(first.end == turn_end::cut);
        CHECK(first.text == "I was about to ");
        auto second = co_await session.turn();
        CHECK(second.end == turn_end::complete);
        CHECK(second.text == "Again.");
    };
    w.play(work());
}

TEST_CASE("a question that went down with its connection is told from one that waits for the next")
{
    world w;
    w.options.reconnect.replay = replay::none;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive(); // and not a word
                     peer->drop();
                 },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            peer->drop(); // while nothing is asked
        },
        [&](peer_ptr peer) -> asio::awaitable<void> {
            co_await greet(w, peer);
            co_await peer->receive();
            peer->send(text_message("Here."));
            peer->send(turn_complete);
            co_await peer->receive();
        }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Are you there?");
        auto first = co_await session.turn();
        CHECK(first.end == turn_end::cut);
        CHECK(first.text.empty());
        while (w.dials < 3) co_await w.clock->sleep_until(w.clock->now() + 1s);
        co_await session.send("And now?");
        auto second = co_await session.turn();
        CHECK(second.end == turn_end::complete);
        CHECK(second.text == "Here.");
    };
    w.play(work());
}

TEST_CASE("when the policy gives up, whoever waits is told the cause")
{
    world w;
    w.options.reconnect.max_attempts = 2;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->drop();
    }};
    w.decide = [&](const transport::connect_request&) {
        if (w.dials > 1) throw error(errc::connect_failed, "Nobody listens.");
    };
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto messages = session.messages();
        co_await messages.next();
        auto reading = messages.next();
        const auto thrown = co_await failure_of(std::move(reading));
        REQUIRE(thrown);
        CHECK(thrown->value() == errc::connect_failed);
        CHECK(session.status() == session_status::failed);
        co_await session.close(); // does not throw
    };
    w.play(work());
    CHECK(w.dials == 3);
}

TEST_CASE("empty audio is accepted and sends nothing")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        w.heard.push_back(*co_await peer->receive());
        co_await peer->receive();
    }};
    const auto client = w.make_client();
    session session{client, plain};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send_audio(std::span<const std::byte>());
        co_await session.send_audio(std::span<const std::int16_t>());
        const std::span<const std::byte> nothing;
        co_await session.send_realtime_input(realtime_input::audio(nothing));
        co_await session.send_realtime_input(realtime_input::audio(nothing, 48'000));
        co_await session.send("one");
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    CHECK(session.counters().messages_sent == 1);
    CHECK(w.heard.back().find("one") != std::string::npos);
}

TEST_CASE("what is wrong with an argument is thrown when the send is awaited")
{
    world w;
    const auto client = w.make_client();
    session session{client, plain};
    const std::byte odd[3]{};
    std::vector<asio::awaitable<void>> calls; // none of these throws
    calls.push_back(session.send("\xff"));
    calls.push_back(session.send_audio(std::span<const std::byte>(odd)));
    calls.push_back(session.send_audio(std::span<const std::byte>(odd).first(2), 0));
    calls.push_back(session.send_tool_response(std::vector<function_response>()));
    calls.push_back(session.send_client_content(content("assistant", "Hello")));
    std::size_t refused = 0;
    const auto work = [&]() -> asio::awaitable<void> {
        for (auto& call : calls) {
            try {
                co_await std::move(call);
            } catch (const error& why) {
                refused += why.value() == errc::invalid_argument ? 1 : 0;
            }
        }
        co_await session.send_audio(std::span<const std::byte>());
        co_await session.close();
    };
    w.play(work());
    CHECK(refused == calls.size());
    CHECK(session.counters().outbox == 0);
}

TEST_CASE("speech of any rate is sent with its rate")
{
    world w;
    w.scripts = {[&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto client = w.make_client();
    session session{client, plain};
    const std::int16_t samples[]{1, -1};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send_audio(std::span<const std::int16_t>(samples), 8'000);
        co_await session.drain();
        co_await settle();
        co_await session.close();
    };
    w.play(work());
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard[1] ==
          R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=8000","data":"AQD//w=="}}})");
}

TEST_CASE("arguments that can never work are refused where they are given")
{
    world w;
    const auto client = w.make_client();
    CHECK_THROWS_AS(session(client, {.model = ""}), error);
    CHECK_THROWS_AS(session(client, {.model = "a?b"}), error);
    client_options options;
    options.credentials = api_key("key\r\nHost: elsewhere");
    try {
        const live::client broken(w.io.get_executor(), options);
        FAIL("a key with a line break was taken");
    } catch (const error& thrown) {
        CHECK(thrown.value() == errc::invalid_argument);
        CHECK(std::string(thrown.what()).find("elsewhere") == std::string::npos);
    }
    options.credentials = api_key("key");
    options.base_url = "http://example.com";
    CHECK_THROWS_AS(live::client(w.io.get_executor(), options), error);
}

TEST_CASE("a response that is dropped with its call makes room, and leaves nothing to drain")
{
    world w;
    w.options.limits.outbox = 400;
    peer_ptr server;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        server = peer;
        co_await greet(w, peer);
        co_await peer->receive();
        peer->send(R"({"toolCall":{"functionCalls":[{"id":"c","name":"f","args":{}}]}})");
        while (auto message = co_await peer->receive()) w.heard.push_back(*message);
    }};
    const auto client = w.make_client();
    session session{client, plain};
    bool is_sent = false;
    const auto send = [&]() -> asio::awaitable<void> {
        co_await session.send(std::string(300, 'x')); // waits for room
        is_sent = true;
    };
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("What is there?");
        const auto calling = co_await session.turn();
        REQUIRE(calling.end == turn_end::tool_call);
        const json result(R"({"output":")" + std::string(200, 'y') + R"("})");
        co_await session.send_tool_response(function_response("c", "f", result));
        asio::co_spawn(w.io, send(), [](std::exception_ptr) {});
        server->send(R"({"toolCallCancellation":{"ids":["c"]}})");
        co_await session.drain();
        CHECK(session.counters().obsolete == 1);
        co_await settle();
        CHECK(is_sent);
        co_await session.drain();
        co_await session.close();
    };
    w.play(work());
    server.reset();
    REQUIRE(w.heard.size() == 2);
    CHECK(w.heard.back().find("xxx") != std::string::npos);
}

} // namespace session_test
