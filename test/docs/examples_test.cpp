// SPDX-License-Identifier: Apache-2.0
// The examples of docs/, run against the emulator.
#include "support/catch.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/fake_google.hpp>

#include <asio.hpp>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace live = gemini::live;

namespace {

const live::setup spoken{.model = "gemini-3.8-live", .output_audio_transcription = live::on};

/// An emulator without pauses, and a client that talks to it.
struct stage {
    explicit stage(live::testing::emulator_options options = {})
        : emulator(io.get_executor(), quick(std::move(options))),
          client(
              io.get_executor(), {.credentials = live::api_key("any"), .base_url = emulator.url()})
    {
    }

    static live::testing::emulator_options quick(live::testing::emulator_options options)
    {
        options.pace = 0;
        return options;
    }

    asio::io_context io;
    live::testing::emulator emulator;
    live::client client;
};

// doc:begin errors
asio::awaitable<std::string> ask(live::client& client, std::string question)
{
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    std::string advice;
    try {
        co_await session.connect();
        co_await session.send(question);
        const auto answer = co_await session.turn();
        if (!answer.is_whole()) co_return "The answer was cut: ask again.";
        co_return answer.output_transcription;
    } catch (const live::error& failure) {
        switch (failure.condition()) {
        case live::condition::credentials: advice = "Give another key. "; break;
        case live::condition::quota:
        case live::condition::retryable: advice = "Try again later. "; break;
        default: break;
        }
        advice += failure.what(); // a whole sentence, without secrets
    }
    co_return advice;
}
// doc:end

// doc:begin events
asio::awaitable<void> watch(live::session& session, std::ostream& out)
{
    auto events = session.events();
    while (auto event = co_await events.next()) {
        if (const auto* change = std::get_if<live::status_change>(&*event)) {
            out << to_string(change->to) << '\n';
            if (change->ask_again) break; // the rest of the answer is lost
        } else if (const auto* message = std::get_if<live::server_message>(&*event)) {
            out << message->output_transcription();
            if (message->turn_complete()) break;
        }
    }
}
// doc:end

// doc:begin hook
asio::awaitable<void> ask_the_operator(live::reconnect_plan& plan)
{
    if (plan.attempt > 3) plan.base_url = "https://europe.example.com"; // another way in
    if (plan.cause.condition() == live::condition::quota) plan.stop = true;
    co_return;
}

live::client_options with_a_hook()
{
    live::client_options options;
    options.on_reconnecting = ask_the_operator;
    options.reconnect.on_context_loss = live::context_loss::restore;
    return options;
}
// doc:end

// doc:begin quirks
live::model_quirks quirks_of_ours(std::string_view model)
{
    auto quirks = live::quirks_of(model);
    if (model == "gemini-4-live") quirks.takes_scheduling = false;
    return quirks;
}
// doc:end

// doc:begin tools
asio::awaitable<std::string> forecast(live::session& session)
{
    co_await session.send("How is the weather in Berlin?");
    auto turn = co_await session.turn();
    while (turn.end == live::turn_end::tool_call) {
        for (const auto& call : turn.tool_calls) {
            const auto city = call.args.find_string("/city").value_or("somewhere");
            const live::json result(R"({"output": {"sky": "clear", "celsius": 21}})");
            co_await session.send_tool_response(live::function_response(call, result));
        }
        turn = co_await session.turn();
    }
    if (!turn.is_whole()) throw std::runtime_error(to_string(turn.end));
    co_return turn.output_transcription;
}
// doc:end

// doc:begin turn_ends
asio::awaitable<std::string> whole_answer(live::session& session, std::string question)
{
    for (int attempt = 0; attempt < 3; ++attempt) {
        co_await session.send(question);
        const auto turn = co_await session.turn();
        if (turn.end == live::turn_end::error) throw live::error(*turn.cause); // refused
        if (!turn.ask_again()) co_return turn.output_transcription;
    }
    co_return "The model says nothing.";
}
// doc:end

// doc:begin time_out
asio::awaitable<std::string> answer_within(
    std::chrono::milliseconds patience, live::session& session, std::string question)
{
    co_await session.send(question);
    try {
        const auto turn = co_await live::within(patience, session.turn());
        if (turn.is_whole()) co_return turn.output_transcription;
        co_return to_string(turn.end);
    } catch (const live::error& late) {
        if (late.value() != live::errc::timed_out) throw; // the session has failed
    }
    co_await session.stop_speaking();
    co_return "That takes too long.";
}
// doc:end

// doc:begin outlive
asio::awaitable<void> remind(live::session_ref session, std::chrono::milliseconds after)
try {
    asio::steady_timer timer(co_await asio::this_coro::executor, after);
    co_await timer.async_wait(asio::use_awaitable);
    co_await session.send("Tell the user that the tea is ready.");
} catch (const live::error& failure) {
    if (failure.condition() != live::condition::closed) throw; // else nobody needs it any more
}
// doc:end

// doc:begin race
asio::awaitable<void> transcribe(live::session& session, std::ostream& out)
{
    auto messages = session.messages();
    while (auto message = co_await messages.next()) out << message->input_transcription();
}

asio::awaitable<void> transcribe_until(
    asio::awaitable<void> hung_up, live::session& session, std::ostream& out)
{
    const auto first = co_await live::race(transcribe(session, out), std::move(hung_up));
    if (first.index() == 1) co_await session.close();
}
// doc:end

// doc:begin total_cancellation
asio::awaitable<void> read(live::session& session)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    auto messages = session.messages();
    while (co_await messages.next()) {
    }
}
// doc:end

// doc:begin from_environment
live::client ready(asio::any_io_executor executor)
{
    return live::client::from_environment(std::move(executor));
}
// doc:end

struct vault {
    std::string token;
};

asio::awaitable<live::access_token> ask(std::shared_ptr<vault> vault)
{
    co_return live::access_token(vault->token);
}

// doc:begin token_provider
live::client with_a_vault(asio::any_io_executor executor, std::shared_ptr<vault> vault)
{
    live::client_options options;
    options.backend = live::backend::vertex_ai;
    options.project = "my-project";
    live::token_provider provider;
    provider.ask = [vault] { return ask(vault); }; // a coroutine that returns a live::access_token
    options.credentials = std::move(provider);
    return {std::move(executor), std::move(options)};
}
// doc:end

// doc:begin vertex
live::client on_vertex_ai(asio::any_io_executor executor, std::string token)
{
    live::client_options options{
        .backend = live::backend::vertex_ai,
        .project = "my-project",
        .location = "us-central1",
        .credentials = live::access_token(std::move(token)),
    };
    return live::client::from_environment(std::move(executor), std::move(options));
}
// doc:end

// doc:begin behavior
asio::awaitable<void> serve(live::testing::emulator_peer& peer, std::vector<std::string>& heard)
{
    while (auto message = co_await peer.receive()) {
        heard.push_back(*message);
        std::string answer = R"({"setupComplete": {}})";
        if (heard.size() > 1) {
            answer = R"({"serverContent": {
                "outputTranscription": {"text": "42"}, "turnComplete": true}})";
        }
        co_await peer.send(answer);
    }
}
// doc:end

// doc:begin script
constexpr const char* outage = R"(
# the first connection is refused
{"connection": 1}
{"refuse": 503}
# the second breaks down in the middle of an answer
{"connection": 2}
{"expect": {"setup": {"model": "models/gemini-3.8-live"}}}
{"send": {"setupComplete": {}}}
{"await": {"realtimeInput": {"text": "What is the answer?"}}}
{"repeat": 2, "steps": [{"send": {"serverContent": {"outputTranscription": {"text": "Forty"}}}}]}
{"wait": 0.05}
{"close": 1011, "reason": "Internal error encountered."}
)";
// doc:end

} // namespace

TEST_CASE("a failed conversation ends with a sentence that says what to do", "[docs]")
{
    stage stage;
    CHECK_FALSE(test::run(stage.io, ask(stage.client, "Hello?")).empty());
    live::testing::emulator_options options;
    options.api_key = "the right one";
    struct stage locked(std::move(options));
    CHECK(test::run(locked.io, ask(locked.client, "Hello?")).find("Give another key.") == 0);
}

TEST_CASE("events show the changes of status among the messages", "[docs]")
{
    stage stage;
    live::session session(stage.client, spoken);
    std::ostringstream out;
    const auto work = [](live::session& session, std::ostream& out) -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Hello!");
        co_await watch(session, out);
        co_await session.close();
    };
    test::run(stage.io, work(session, out));
    CHECK(out.str().find("connecting\nconnected\n") == 0);
    CHECK(out.str().size() > std::string("connecting\nconnected\n").size());
}

TEST_CASE("a tool call is answered and the model continues", "[docs]")
{
    stage stage;
    auto setup = spoken;
    setup.functions.push_back({"get_weather", "The weather in a city now.",
        live::json(R"({"type": "object", "properties": {"city": {"type": "string"}}})")});
    live::session session(stage.client, setup);
    const auto work = [](live::session& session) -> asio::awaitable<std::string> {
        co_await session.connect();
        auto said = co_await forecast(session);
        co_await session.close();
        co_return said;
    };
    CHECK_FALSE(test::run(stage.io, work(session)).empty());
}

TEST_CASE("a client of Vertex AI takes unset options from the environment", "[docs]")
{
    asio::io_context io;
    std::vector<std::string> heard;
    live::testing::emulator_options options;
    options.behavior = [&heard](live::testing::emulator_peer& peer) { return serve(peer, heard); };
    live::testing::emulator emulator(io.get_executor(), options);
    ::setenv("GOOGLE_VERTEX_BASE_URL", emulator.url().c_str(), 1);
    auto client = on_vertex_ai(io.get_executor(), "a-token");
    ::unsetenv("GOOGLE_VERTEX_BASE_URL");
    CHECK(test::run(io, ask(client, "What is the answer?")) == "42");
    REQUIRE(heard.size() == 2);
    CHECK(heard[0].find("projects/my-project/locations/us-central1/publishers/google/models/"
                        "gemini-3.8-live") != std::string::npos);
}

TEST_CASE("docs: credentials are found, or the program's own coroutine returns them", "[docs]")
{
    asio::io_context io;
    CHECK(ready(io.get_executor()).options().backend);
    const auto client = with_a_vault(io.get_executor(), std::make_shared<vault>(vault{"a-token"}));
    const auto* const provider = client.options().credentials.get_if<live::token_provider>();
    REQUIRE(provider);
    CHECK(test::run(io, provider->ask()).reveal() == "a-token");
}

TEST_CASE("code without coroutines uses any completion token", "[docs]")
{
    stage stage;
    auto guard = asio::make_work_guard(stage.io);
    std::thread network([&] { stage.io.run(); });
    live::session session(stage.client, spoken);
    // doc:begin futures
    auto executor = stage.io.get_executor(); // run by another thread
    asio::co_spawn(executor, session.connect(), asio::use_future).get();
    asio::co_spawn(executor, session.send("Hello!"), asio::use_future).get();
    auto answer = asio::co_spawn(executor, session.turn(), asio::use_future).get();
    if (!answer.is_whole()) std::cerr << to_string(answer.end) << '\n';
    asio::co_spawn(executor, session.close(), asio::use_future).get();
    // doc:end
    stage.emulator.close();
    guard.reset();
    network.join();
    CHECK_FALSE(answer.output_transcription.empty());
}

TEST_CASE("docs: a question is asked again until it has a whole answer", "[docs]")
{
    live::testing::emulator_options options;
    options.script = outage;
    stage on(std::move(options));
    std::string answer;
    const auto work = [&answer](live::client& client) -> asio::awaitable<void> {
        live::session session(client, spoken);
        co_await session.connect();
        answer = co_await whole_answer(session, "What is the answer?");
        co_await session.close();
    };
    live::client client(
        on.io.get_executor(), {.credentials = live::api_key("any"),
                                  .base_url = on.emulator.url(),
                                  .reconnect = {.first_delay = std::chrono::milliseconds(1)}});
    test::run(on.io, work(client));
    CHECK_FALSE(answer.empty());
}

TEST_CASE("docs: the wait for an answer is bounded", "[docs]")
{
    live::testing::emulator_options options;
    options.script = R"(
{"expect": {"setup": {}}}
{"send": {"setupComplete": {}}}
{"await": {"realtimeInput": {"text": "What is the answer?"}}}
{"send": {"serverContent": {"outputTranscription": {"text": "42"}, "turnComplete": true}}}
{"await": {"realtimeInput": {"text": "And the question?"}}}
{"await": {"clientContent": {"turnComplete": false}}}
{"send": {"serverContent": {"interrupted": true}}}
{"send": {"serverContent": {"turnComplete": true}}}
)";
    stage on(std::move(options));
    live::session session(on.client, spoken);
    const auto work = [](live::session& session) -> asio::awaitable<void> {
        using namespace std::chrono_literals;
        co_await session.connect();
        const auto in_time = co_await answer_within(1h, session, "What is the answer?");
        CHECK(in_time == "42"); // g++ 12 runs a co_await within CHECK twice
        const auto late = co_await answer_within(0ms, session, "And the question?");
        CHECK(late == "That takes too long.");
        co_await session.close();
    };
    test::run(on.io, work(session));
}

TEST_CASE("docs: a reminder finds its session, or finds it gone", "[docs]")
{
    stage on;
    auto session = std::make_unique<live::session>(on.client, spoken);
    const auto work = [](std::unique_ptr<live::session>& session) -> asio::awaitable<void> {
        co_await session->connect();
        live::session_ref ref = *session;
        co_await remind(ref, std::chrono::milliseconds(0));
        const auto answer = co_await session->turn();
        CHECK(answer.is_whole());
        session.reset();
        co_await remind(ref, std::chrono::milliseconds(0)); // does not throw
        CHECK(ref.status() == live::session_status::closed);
    };
    test::run(on.io, work(session));
}

TEST_CASE("docs: a race ends when the caller hangs up, or the session does", "[docs]")
{
    stage on;
    live::session session(on.client, spoken);
    std::ostringstream out;
    const auto work = [](live::session& session, std::ostream& out) -> asio::awaitable<void> {
        co_await session.connect();
        const auto hang_up = []() -> asio::awaitable<void> { co_return; };
        const auto never = []() -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor);
            timer.expires_at(std::chrono::steady_clock::time_point::max());
            co_await timer.async_wait(asio::use_awaitable);
        };
        co_await transcribe_until(hang_up(), session, out);
        CHECK(session.status() == live::session_status::closed);
        co_await transcribe_until(never(), session, out);
    };
    test::run(on.io, work(session, out));
}

TEST_CASE("docs: a coroutine that lets total cancellation through is ended by it", "[docs]")
{
    stage on;
    live::session session(on.client, spoken);
    const auto work = [](live::session& session) -> asio::awaitable<void> {
        co_await session.connect();
        const auto executor = co_await asio::this_coro::executor;
        asio::cancellation_signal cancel;
        std::exception_ptr ended;
        asio::co_spawn(executor, read(session),
            asio::bind_cancellation_slot(
                cancel.slot(), [&ended](std::exception_ptr thrown) { ended = thrown; }));
        co_await asio::post(executor, asio::use_awaitable);
        cancel.emit(asio::cancellation_type::total);
        while (!ended) co_await asio::post(executor, asio::use_awaitable);
        co_await session.close();
    };
    test::run(on.io, work(session));
}

TEST_CASE("docs: a script makes an outage", "[docs]")
{
    live::testing::emulator_options options;
    options.script = outage;
    stage on(std::move(options));
    const auto work = [](live::client& client) -> asio::awaitable<std::string> {
        live::session session(client, spoken);
        co_await session.connect();
        co_await session.send("What is the answer?");
        const auto turn = co_await session.turn();
        CHECK(turn.end == live::turn_end::cut);
        co_await session.close();
        co_return turn.output_transcription;
    };
    live::client client(
        on.io.get_executor(), {.credentials = live::api_key("any"),
                                  .base_url = on.emulator.url(),
                                  .reconnect = {.first_delay = std::chrono::milliseconds(1)}});
    CHECK(test::run(on.io, work(client)) == "FortyForty");
}

TEST_CASE("a test scripts the server and inspects what it received", "[docs]")
{
    asio::io_context io;
    // doc:begin scripted
    std::vector<std::string> heard;
    live::testing::emulator_options options;
    options.behavior = [&heard](live::testing::emulator_peer& peer) { return serve(peer, heard); };
    live::testing::emulator emulator(io.get_executor(), options);
    live::client client(
        io.get_executor(), {.credentials = live::api_key("any"), .base_url = emulator.url()});
    // doc:end
    CHECK(test::run(io, ask(client, "What is the answer?")) == "42");
    REQUIRE(heard.size() == 2);
    CHECK(heard[1].find("What is the answer?") != std::string::npos);
}

namespace {

// doc:begin with_token
asio::awaitable<std::string> visit(
    asio::any_io_executor executor, live::ephemeral_token token, std::string base_url)
{
    live::client visitor{executor, {.credentials = token, .base_url = base_url}};
    live::session session{visitor, {.model = "gemini-3.8-live"}};
    co_await session.connect();
    co_await session.send("What is there to see?");
    const auto answer = co_await session.turn();
    co_await session.close();
    if (!answer.is_whole()) throw std::runtime_error(to_string(answer.end));
    co_return answer.output_transcription;
}
// doc:end

} // namespace

TEST_CASE("docs: a visitor connects with a token")
{
    stage on;
    live::ephemeral_token_request request;
    request.constraints = spoken;
    const auto token = test::run(on.io, live::create_ephemeral_token(on.client, request));
    auto visiting = visit(on.io.get_executor(), token, on.emulator.url());
    CHECK_FALSE(test::run(on.io, std::move(visiting)).empty());
}

namespace {

// doc:begin company_network
live::client_options inside_a_company()
{
    live::client_options options;
    options.tls.ca_file = "/etc/company/ca.pem"; // in addition to the system's
    options.tls.certificate_file = "/run/secrets/client.pem";
    options.tls.private_key_file = "/run/secrets/client.key";
    return options;
}
// doc:end

// doc:begin plain_gateway
live::client_options through_a_gateway()
{
    live::client_options options{.credentials = live::api_key("the-gateways-key")};
    options.base_url = "ws://gateway:8080";
    options.allow_plain_text = true; // whoever is on the way reads the key and the conversation
    return options;
}
// doc:end

} // namespace

TEST_CASE("docs: a client accepts the certificates of a company, and a gateway without any")
{
    asio::io_context io;
    auto options = inside_a_company();
    options.credentials = live::api_key("any");
    CHECK_NOTHROW(live::client{io.get_executor(), options});
    CHECK_NOTHROW(live::client{io.get_executor(), through_a_gateway()});
}

TEST_CASE("docs: a client accepts a custom hook and custom quirks")
{
    asio::io_context io;
    auto options = with_a_hook();
    options.credentials = live::api_key("any");
    options.quirks = quirks_of_ours;
    const live::client client{io.get_executor(), options};
    CHECK_FALSE(client.options().quirks("gemini-4-live").takes_scheduling);
    CHECK(client.options().on_reconnecting);
}

TEST_CASE("docs: the emulator reports whose token has expired", "[docs]")
{
    asio::io_context io;
    // doc:begin fake_google
    auto now = std::chrono::system_clock::now();
    live::testing::fake_google_options knowing;
    knowing.clock = [&now] { return now; };
    auto google = std::make_shared<live::testing::fake_google>(io.get_executor(), knowing);
    live::testing::emulator_options serving;
    serving.pace = 0;
    serving.google = google; // no other tokens are accepted
    live::testing::emulator emulator(io.get_executor(), serving);

    live::client_options options{.credentials = live::access_token(google->issue())};
    options.backend = live::backend::vertex_ai;
    options.project = "fake-project";
    options.location = "us-central1";
    options.base_url = emulator.url();
    live::client client(io.get_executor(), options); // connects
    now += std::chrono::hours(1);                    // from here on: errc::unauthorized
    // doc:end
    const auto advice = test::run(io, ask(client, "Hello?"));
    CHECK(advice.find("Give another key.") == 0);
    now -= std::chrono::hours(1);
    CHECK(test::run(io, ask(client, "Hello?")).find("Give another key.") == std::string::npos);
}

TEST_CASE("docs: a test plans the token endpoint's responses, and inspects its requests", "[docs]")
{
    asio::io_context io;
    live::testing::fake_google google(io.get_executor());
    // doc:begin fake_google_faults
    using namespace std::chrono_literals;
    const auto endpoint = live::testing::google_endpoint::token;
    google.next(endpoint, live::testing::google_outcome::refuse(503, 1s), 2); // twice, then
    google.next(endpoint, live::testing::google_outcome::expires_in(30s));    // once, then as usual
    // doc:end
    CHECK(google.requests(endpoint) == 0);
    CHECK(google.issued().empty());
}
