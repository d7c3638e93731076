// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <memory>
#include <optional>
#include <string>

namespace token_test {

// Ephemeral tokens over loopback: made with a key, used without it.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// A server with its own clock, a holder of the key, and a client without it.
struct world {
    test::context io;
    std::shared_ptr<std::chrono::system_clock::time_point> now =
        std::make_shared<std::chrono::system_clock::time_point>(std::chrono::system_clock::now());
    live::testing::emulator_options serving{};
    live::client_options calling{};
    std::optional<live::testing::emulator> server{};

    explicit world(bool tls = false)
    {
        serving.pace = 0;
        serving.api_key = test::secret_key;
        serving.clock = [now = now] { return *now; };
        test::make_loud(calling);
        calling.reconnect.first_connect_attempts = 1;
        if (tls) {
            serving.tls = live::testing::tls_identity::self_signed();
            calling.tls.ca_pem = serving.tls->certificate_pem;
            calling.tls.system_store = false;
        }
        server.emplace(io.get_executor(), serving);
        calling.base_url = server->url();
    }

    live::client client_with(live::credentials credentials)
    {
        auto options = calling;
        options.credentials = std::move(credentials);
        return {io.get_executor(), options};
    }

    live::ephemeral_token make(live::ephemeral_token_request request = {})
    {
        const auto backend = client_with(live::api_key(test::secret_key));
        return test::run(io, live::create_ephemeral_token(backend, std::move(request)));
    }

    live::session session_with(const live::ephemeral_token& token, live::setup setup)
    {
        return {client_with(token), std::move(setup)};
    }
};

const live::setup silent{.model = "gemini-3.8-live"};
const live::setup transcribed{.model = "gemini-3.8-live", .output_audio_transcription = live::on};

/// The transcribed part of what the model says.
asio::awaitable<std::string> ask(live::session& session)
{
    co_await session.connect();
    co_await session.send("Hello");
    const auto turn = co_await session.turn();
    co_await session.close();
    co_return turn.output_transcription;
}

std::string answer(world& in, live::session session) { return test::run(in.io, ask(session)); }

std::optional<live::error> failure(world& in, live::session session)
{
    try {
        answer(in, std::move(session));
    } catch (const live::error& thrown) {
        return thrown;
    }
    return std::nullopt;
}

} // namespace

TEST_CASE("a token opens a session without the key")
{
    world w;
    const auto token = w.make();
    CHECK(token.reveal().starts_with("auth_tokens/"));
    CHECK_FALSE(answer(w, w.session_with(token, transcribed)).empty());
}

TEST_CASE("a token opens a session without the key, encrypted", "[sockets]")
{
    world w(true);
    const auto token = w.make();
    CHECK(token.reveal().starts_with("auth_tokens/"));
    CHECK_FALSE(answer(w, w.session_with(token, transcribed)).empty());
}

TEST_CASE("an exhausted token opens no further session")
{
    world w;
    const auto token = w.make();
    CHECK_FALSE(failure(w, w.session_with(token, silent)));
    const auto why = failure(w, w.session_with(token, silent));
    REQUIRE(why);
    CHECK(why->code() == live::errc::unauthorized);
    CHECK(why->reason().find("used up") != std::string::npos);
    CHECK(std::string(why->what()).find(token.reveal()) == std::string::npos);
}

TEST_CASE("a token opens as many sessions as it was made for")
{
    world w;
    live::ephemeral_token_request request;
    request.uses = 2;
    const auto token = w.make(request);
    CHECK_FALSE(failure(w, w.session_with(token, silent)));
    CHECK_FALSE(failure(w, w.session_with(token, silent)));
    CHECK(failure(w, w.session_with(token, silent)));
}

TEST_CASE("a token ends when it expires")
{
    world w;
    live::ephemeral_token_request request;
    request.uses = 0;
    request.new_session_expire_time = *w.now + 10min;
    request.expire_time = *w.now + 1h;
    const auto token = w.make(request);
    *w.now += 9min;
    CHECK_FALSE(failure(w, w.session_with(token, silent)));
    *w.now += 1min;
    const auto late = failure(w, w.session_with(token, silent));
    REQUIRE(late);
    CHECK(late->reason().find("new sessions") != std::string::npos);
}

TEST_CASE("a session ends with its token")
{
    world w;
    const auto token = w.make();
    auto session = w.session_with(token, silent);
    const auto play = [](world& in, live::session& talking) -> asio::awaitable<void> {
        co_await talking.connect();
        *in.now += 30min;
        co_await talking.send("Hello");
        auto cut = co_await talking.turn();
        CHECK(cut.output_transcription.empty());
        co_await talking.turn();
    };
    try {
        test::run(w.io, play(w, session));
        FAIL("the session went on");
    } catch (const live::error& why) {
        CHECK(why.code() == live::errc::unauthorized);
    }
}

TEST_CASE("a session resumes on an exhausted token")
{
    world w;
    const auto token = w.make();
    auto session = w.session_with(token, transcribed);
    const auto play = [](world& in, live::session& talking) -> asio::awaitable<std::string> {
        co_await talking.connect();
        co_await talking.send("Hello");
        co_await talking.turn();
        auto events = talking.events();
        bool cut = false;
        for (bool resumed = false; !resumed;) {
            const auto event = co_await events.next();
            if (const auto* message = std::get_if<live::server_message>(&*event)) {
                const auto& update = message->members().session_resumption_update;
                if (cut || !update || !update->resumable) continue;
                in.server->drop_all();
                cut = true;
            } else if (const auto* change = std::get_if<live::status_change>(&*event)) {
                resumed = change->resumed;
            }
        }
        co_await talking.send("Still there?");
        const auto turn = co_await talking.turn();
        co_await talking.close();
        co_return turn.output_transcription;
    };
    CHECK_FALSE(test::run(w.io, play(w, session)).empty());
    CHECK(w.server->accepted() == 2);
}

TEST_CASE("constraints hold whatever a session requests")
{
    world w;
    live::ephemeral_token_request request;
    SECTION("all is locked")
    {
        request.constraints = transcribed;
        CHECK_FALSE(answer(w, w.session_with(w.make(request), silent)).empty());
        request.constraints = silent;
        CHECK(answer(w, w.session_with(w.make(request), transcribed)).empty());
    }
    SECTION("what is set is locked, the rest is up to the session")
    {
        request.lock = live::lock::set_fields{};
        request.constraints = silent;
        CHECK_FALSE(answer(w, w.session_with(w.make(request), transcribed)).empty());
        request.constraints = transcribed;
        CHECK_FALSE(answer(w, w.session_with(w.make(request), silent)).empty());
    }
    SECTION("what is named is locked at its default")
    {
        request.lock = live::lock::fields{"outputAudioTranscription"};
        CHECK(answer(w, w.session_with(w.make(request), transcribed)).empty());
        request.constraints = silent;
        CHECK(answer(w, w.session_with(w.make(request), transcribed)).empty());
    }
}

TEST_CASE("a token that was never issued opens nothing")
{
    world w;
    const live::ephemeral_token made_up("auth_tokens/made-up");
    const auto why = failure(w, w.session_with(made_up, silent));
    REQUIRE(why);
    CHECK(why->code() == live::errc::unauthorized);
}

TEST_CASE("a token request that the service refuses is reported in its words")
{
    world w;
    const auto fail = [&](live::credentials with, live::ephemeral_token_request request) {
        const auto backend = w.client_with(std::move(with));
        try {
            test::run(w.io, live::create_ephemeral_token(backend, std::move(request)));
        } catch (const live::error& thrown) {
            return thrown;
        }
        throw std::runtime_error("no error came");
    };
    const auto wrong_key = fail(live::api_key("another"), {});
    CHECK(wrong_key.code() == live::errc::unauthorized);
    CHECK(wrong_key.http_status() == 400);
    CHECK(std::string(wrong_key.what()).find("API key not valid") != std::string::npos);
    CHECK(std::string(wrong_key.what()).find("another") == std::string::npos);

    live::ephemeral_token_request late;
    late.expire_time = *w.now - 1s;
    const auto past = fail(live::api_key(test::secret_key), late);
    CHECK(past.code() == live::errc::rejected);
    CHECK(past.reason() == "expire_time must be in the future.");

    live::ephemeral_token_request odd;
    odd.constraints = silent;
    odd.constraints->extra = live::json(R"({"noSuchField":1})");
    CHECK(
        fail(live::api_key(test::secret_key), odd).reason().find("Unknown name \"noSuchField\"") !=
        std::string::npos);

    live::ephemeral_token_request elsewhere;
    elsewhere.api_version = "v2";
    CHECK(fail(live::api_key(test::secret_key), elsewhere).http_status() == 404);
}

} // namespace token_test
