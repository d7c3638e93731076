// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "support/catch.hpp"

#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace session_test {

namespace live = gemini::live;
using namespace test;

TEST_CASE("connect completes at setupComplete, and what was sent before goes out in order")
{
    world w;
    w.play_session([&](session& session) -> asio::awaitable<void> {
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
    });
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
    w.play_session([&](session& session) -> asio::awaitable<void> { co_await session.connect(); });
    CHECK(seen.host == "generativelanguage.googleapis.com");
    CHECK(seen.target ==
          "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent");
    CHECK(seen.target.find(test::secret_key) == std::string::npos);
    const std::pair<std::string, std::string> key("x-goog-api-key", test::secret_key);
    CHECK(std::find(seen.fields.begin(), seen.fields.end(), key) != seen.fields.end());
}

TEST_CASE("a text turn is sent in the form that the model accepts")
{
    world w;
    live::setup older{.model = "gemini-live-2.5-flash-native-audio"};
    w.play_session(older, [&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("hi");
        co_await session.drain();
        co_await settle();
    });
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
    w.play_session([&](session& session) -> asio::awaitable<void> {
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
    });
}

TEST_CASE("a second reader gets an error, and the first continues")
{
    world w;
    w.play_session([&](session& session) -> asio::awaitable<void> {
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
    });
}

TEST_CASE("canceling next() loses no message")
{
    using namespace asio::experimental::awaitable_operators;
    const int moment = GENERATE(range(0, 12)); // turns of the loop before the cancellation
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
    errc cause = errc::connect_failed;
    int expected_dials = 3;
    SECTION("a temporary error, three attempts") {}
    SECTION("a wrong key, one attempt")
    {
        cause = errc::unauthorized;
        expected_dials = 1;
    }
    SECTION("an untrusted certificate, one attempt")
    {
        cause = errc::tls_failed;
        expected_dials = 1;
    }
    w.decide = [&](const transport::connect_request&) {
        throw error(cause, "The reason.", {phase::connect});
    };
    w.play_session([&](session& session) -> asio::awaitable<void> {
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
    });
    CHECK(w.dials == expected_dials);
}

TEST_CASE("without a key connecting fails with what to set")
{
    world w;
    w.options.credentials = api_key();
    w.play_session([&](session& session) -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::missing_credentials);
        CHECK(std::string(failed->what()).find("GEMINI_API_KEY") != std::string::npos);
    });
    CHECK(w.dials == 0);
}

TEST_CASE("a refused setup is reported at once with the server's words")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->close(1007, "API key not valid. Please pass a valid API key.");
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::unauthorized);
        CHECK(failed->code() == condition::credentials);
        CHECK(failed->close_code() == 1007);
        CHECK(failed->reason() == "API key not valid. Please pass a valid API key.");
    });
    CHECK(w.dials == 1);
}

TEST_CASE("credentials and handles that the server quotes are not shown to anybody")
{
    world w;
    w.options.credentials = api_key("quoted-key-0123");
    w.options.headers = {{"Authorization", "Bearer quoted-token-0123"}};
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->close(1008, "No: quoted-key-0123, quoted-token-0123, quoted-handle-0123.");
    }};
    w.options.reconnect.first_connect_attempts = 1;
    auto resuming = plain;
    resuming.session_resumption->handle = "quoted-handle-0123";
    w.play_session(resuming, [&](session& session) -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->reason() == "No: [redacted], [redacted], [redacted].");
        CHECK(std::string_view(failed->what()).find("quoted") == std::string_view::npos);
    });
}

TEST_CASE("an error message that answers the setup is reported as the server's error")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        peer->send(R"({"error":{"code":400,"message":"No such thing.","status":"INVALID"}})");
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::rejected);
        CHECK(std::string(failed->what()) == "The server refused the setup: No such thing.");
    });
    CHECK(w.dials == 1);
}

TEST_CASE("a server that never answers the setup runs into the deadline")
{
    world w;
    w.options.reconnect.first_connect_attempts = 1;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await peer->receive();
        co_await peer->receive();
    }};
    const auto begin = w.clock->now();
    w.play_session([&](session& session) -> asio::awaitable<void> {
        auto connecting = session.connect();
        const auto failed = co_await failure_of(std::move(connecting));
        REQUIRE(failed);
        CHECK(failed->value() == errc::timed_out);
        CHECK(failed->phase() == phase::setup);
    });
    CHECK(w.clock->now() - begin == 15s);
}

TEST_CASE("without a deadline a server may take any time for the setup")
{
    world w;
    w.options.deadlines.setup = 0ms;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        const auto setup = co_await peer->receive();
        co_await w.clock->sleep_until(w.clock->now() + 1h);
        peer->send(R"({"setupComplete":{}})");
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        CHECK(session.counters().attempts == 1);
        co_await session.close();
    });
}

TEST_CASE("a malformed message is an event, and the session continues")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"serverContent":)");
        peer->send(R"({"serverContent":{"modelTurn":{"parts":"none"}}})");
        peer->send(text_message("after"));
        co_await peer->receive();
    }};
    w.play_session([&](session& session) -> asio::awaitable<void> {
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
    });
    CHECK(w.dials == 1);
}

TEST_CASE("a malformed message ends a session whose policy says so")
{
    world w;
    w.options.malformed = malformed_policy::fail;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        peer->send(R"({"goAway":{"timeLeft":"soon"}})");
        co_await peer->receive();
    }};
    std::optional<error> end;
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        auto turn = session.turn();
        end = co_await failure_of(std::move(turn));
    });
    REQUIRE(end);
    CHECK(end->value() == errc::malformed_message);
    CHECK(std::string(end->what()).find("goAway.timeLeft is not a duration") != std::string::npos);
    CHECK(played.status() == session_status::failed);
    CHECK(w.dials == 1);
}

TEST_CASE("empty audio is accepted and sends nothing")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
        co_await greet(w, peer);
        w.heard.push_back(*co_await peer->receive());
        co_await peer->receive();
    }};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send_audio(std::span<const std::byte>());
        co_await session.send_audio(std::span<const std::int16_t>());
        const std::span<const std::byte> nothing;
        co_await session.send_realtime_input(realtime_input::audio(nothing));
        co_await session.send_realtime_input(realtime_input::audio(nothing, 48'000));
        co_await session.send("one");
        co_await session.drain();
        co_await session.close();
    });
    CHECK(played.counters().messages_sent == 1);
    CHECK(w.heard.back().find("one") != std::string::npos);
}

TEST_CASE("an invalid argument is reported when the send is awaited")
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
    const std::int16_t samples[]{1, -1};
    w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send_audio(std::span<const std::int16_t>(samples), 8'000);
        co_await session.drain();
        co_await settle();
        co_await session.close();
    });
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

TEST_CASE("the counters of a session")
{
    world w;
    w.scripts = {[&](peer_ptr peer) -> asio::awaitable<void> {
                     co_await greet(w, peer);
                     co_await peer->receive();
                     peer->send(text_message("Yes."));
                     peer->send("{");
                     peer->send(R"({"usageMetadata":{"totalTokenCount":7}})");
                     peer->send(turn_complete);
                     co_await settle();
                     peer->drop();
                 },
        [&](peer_ptr peer) { return listen(w, std::move(peer)); }};
    const auto played = w.play_session([&](session& session) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hi.");
        auto turn = co_await session.turn();
        co_await until_connected(w, session, 2);
        co_await session.close();
    });
    const auto all = played.counters();
    CHECK(all.messages_sent == 1);
    CHECK(all.bytes_sent == text_input("Hi.").size());
    CHECK(all.messages_received == 5); // two of them setupComplete
    CHECK(all.malformed == 1);
    CHECK(all.connections == 2);
    CHECK(all.attempts == 2);
    CHECK(all.losses == 1);
    CHECK(all.outage == 250ms);
    CHECK(played.usage()->total_token_count == 7);
}

} // namespace session_test
