// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/context.hpp"
#include "support/loud.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace quirks_test {

// A session and a server that behaves as the service does on some models.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

using quirk = live::testing::emulator_quirks;

constexpr const char* flash_3_1 = "gemini-3.1-flash-live-preview";
constexpr const char* flash_3_8 = "gemini-3.8-live";
constexpr const char* native_2_5 = "gemini-live-2.5-flash-native-audio";

/// A behavior, of a model or switched on over that of 3.8.
struct behavior {
    const char* name;
    const char* model = flash_3_8;
    live::backend backend = live::backend::gemini_api;
    std::optional<bool> quirk::*switched_on = nullptr;
};

const std::vector<behavior> behaviors{{"3.8", flash_3_8}, {"3.1", flash_3_1},
    {"2.5", "gemini-2.5-flash-native-audio-latest"},
    {"3.8 on Vertex AI", flash_3_8, live::backend::vertex_ai},
    {"2.5 on Vertex AI", native_2_5, live::backend::vertex_ai},
    {.name = "unasked handles", .switched_on = &quirk::unasked_handles},
    {.name = "unasked transcriptions", .switched_on = &quirk::unasked_transcriptions},
    {.name = "empty content", .switched_on = &quirk::empty_content},
    {.name = "merged transcriptions", .switched_on = &quirk::merged_transcriptions},
    {.name = "turn ends with call", .switched_on = &quirk::turn_ends_with_call},
    {.name = "empty grounding", .switched_on = &quirk::empty_grounding},
    {.name = "finished alone", .switched_on = &quirk::finished_alone},
    {.name = "trailing transcription", .switched_on = &quirk::trailing_transcription},
    {.name = "late interrupted end", .switched_on = &quirk::late_interrupted_end},
    {.name = "odd members", .switched_on = &quirk::odd_members}};

struct world {
    test::context io;
    live::testing::emulator_options serving{};
    live::client_options calling{};
    std::vector<std::string> said{}; ///< By the server, as it was.
    std::optional<live::testing::emulator> server{};

    explicit world(live::backend backend = live::backend::gemini_api)
    {
        serving.pace = 0;
        serving.on_message = [this](const live::testing::emulator_message& message) {
            if (message.from == live::testing::message_sender::server)
                said.emplace_back(message.text);
        };
        test::make_loud(calling);
        calling.backend = backend;
        calling.credentials = live::api_key("any");
        if (backend == live::backend::vertex_ai) {
            calling.credentials = live::access_token("any");
            calling.project = "project";
            calling.location = "us-central1";
        }
        calling.reconnect.first_delay = 1ms;
    }

    live::client start()
    {
        server.emplace(io.get_executor(), serving);
        calling.base_url = server->url();
        return {io.get_executor(), calling};
    }

    [[nodiscard]] std::size_t said_with(std::string_view text) const
    {
        return static_cast<std::size_t>(std::count_if(said.begin(), said.end(),
            [text](const std::string& each) { return each.find(text) != std::string::npos; }));
    }
};

live::setup setup_for(const char* model)
{
    live::setup setup{.model = model,
        .functions = {{"get_weather", "Tells the weather in a city.",
            live::json(R"({"type":"object","properties":{"city":{"type":"string"}}})")}}};
    setup.output_audio_transcription = live::on;
    return setup;
}

live::setup by_hand(const char* model)
{
    auto setup = setup_for(model);
    setup.functions.clear();
    setup.realtime_input_config.emplace().automatic_activity_detection.emplace().disabled = true;
    return setup;
}

/// A question and the whole answer.
asio::awaitable<live::turn_result> ask(live::session& session, std::string question)
{
    co_await session.send(std::move(question));
    co_return co_await session.turn();
}

} // namespace

TEST_CASE(
    "whatever the service's behavior, questions get whole answers, calls their responses, and "
    "the conversation outlives its connection")
{
    const auto& one = GENERATE(from_range(behaviors));
    INFO(one.name);
    world w(one.backend);
    if (one.switched_on) w.serving.quirks.*one.switched_on = true;
    const auto client = w.start();
    live::session session{client, setup_for(one.model)};
    // Words that come after their turn are kept apart, unless the next question was sent before.
    const bool trails = one.switched_on == &quirk::trailing_transcription;
    const auto check_words = [trails](const live::turn_result& turn, const live::turn_result& next,
                                 std::string_view expected) {
        auto words = turn.output_transcription + next.late.output_transcription;
        if (trails) words = (words + next.output_transcription).substr(0, expected.size());
        CHECK(words == expected);
    };
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto greeting = co_await ask(session, "Hello, my name is Ada.");
        CHECK(greeting.end == live::turn_end::complete);
        CHECK(greeting.audio.size() > 10'000);
        CHECK(greeting.audio.size() % 2 == 0);
        const auto asking = co_await ask(session, "What is the weather in Paris?");
        check_words(greeting, asking, "Pleased to meet you, Ada. I shall remember that.");
        REQUIRE(asking.end == live::turn_end::tool_call);
        REQUIRE(asking.tool_calls.size() == 1);
        live::function_response response(asking.tool_calls[0], live::json(R"({"output":"sunny"})"));
        co_await session.send_tool_response(std::move(response));
        const auto weather = co_await session.turn();
        CHECK(weather.end == live::turn_end::complete);
        CHECK(weather.audio.size() > 10'000);

        co_await session.drain();
        w.server->drop_all();
        const auto name = co_await ask(session, "What is my name?");
        CHECK(name.end == live::turn_end::complete);
        check_words(weather, name, "Here is what I found for Paris: sunny.");
        const auto last = co_await ask(session, "Thank you.");
        check_words(name, last, "You are Ada.");
        co_await session.close();
    };
    test::run(w.io, work());
    const auto counted = session.counters();
    CHECK(counted.malformed == 0);
    CHECK((counted.members_omitted != 0) == (one.switched_on == &quirk::odd_members));
    CHECK(counted.empty_turns == 0);
    CHECK(counted.cut_turns == 0);
    CHECK(counted.contexts_lost == 0);
    CHECK(counted.resumed == 1);
}

TEST_CASE("whatever the service's behavior, an interrupted model answers the next question whole")
{
    const auto& one = GENERATE(from_range(behaviors));
    INFO(one.name);
    world w(one.backend);
    w.serving.pace = 0.3;
    if (one.switched_on) w.serving.quirks.*one.switched_on = true;
    const auto client = w.start();
    live::session session{client, setup_for(one.model)};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        co_await session.send("Tell me a story.");
        auto events = session.events();
        for (bool speaks = false; !speaks;) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* const message = std::get_if<live::server_message>(&*event);
            speaks = message && !message->audio().empty();
        }
        co_await session.send("What is my name?");
        const auto cut = co_await session.turn();
        CHECK(cut.end == live::turn_end::interrupted);
        const auto answer = co_await session.turn();
        CHECK(answer.end == live::turn_end::complete);
        const auto next = co_await ask(session, "Thank you.");
        const auto words = answer.output_transcription + next.late.output_transcription;
        CHECK(words == "You have not told me your name yet.");
        CHECK(next.end == live::turn_end::complete);
        co_await session.close();
    };
    test::run(w.io, work());
    CHECK(session.counters().malformed == 0);
}

TEST_CASE("a session keeps reading through many handles, requested or not")
{
    world w;
    const auto client = w.start();
    auto setup = setup_for(flash_3_1);
    const bool asked = GENERATE(false, true);
    if (!asked) setup.session_resumption.reset();
    live::session session{client, setup};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        for (int i = 0; i < 3; ++i) {
            const auto turn = co_await ask(session, "Hello");
            CHECK(turn.is_whole());
        }
        co_await session.close();
    };
    test::run(w.io, work());
    CHECK(w.said_with("sessionResumptionUpdate") >= 3 * 6 + 1);
    CHECK(session.counters().malformed == 0);
}

TEST_CASE("transcriptions that were not requested come with the answer")
{
    world w;
    const auto client = w.start();
    live::setup setup{.model = flash_3_1};
    live::session session{client, setup};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto turn = co_await ask(session, "My name is Ada.");
        CHECK(turn.output_transcription == "Pleased to meet you, Ada. I shall remember that.");
        co_await session.close();
    };
    test::run(w.io, work());
}

TEST_CASE("audio in uneven chunks is the same audio")
{
    std::vector<live::bytes> heard;
    for (const bool is_uneven : {true, false}) {
        world w;
        w.serving.quirks.uneven_sound = is_uneven;
        const auto client = w.start();
        live::session session{client, setup_for(flash_3_8)};
        const auto work = [&]() -> asio::awaitable<void> {
            co_await session.connect();
            auto turn = co_await ask(session, "Tell me a story.");
            heard.push_back(std::move(turn.audio));
            co_await session.close();
        };
        test::run(w.io, work());
    }
    CHECK(heard[0].size() > 100'000);
    CHECK(heard[0] == heard[1]);
}

TEST_CASE("a blocking call that new input cancels is reported to the program, and costs no answer")
{
    world w;
    const auto client = w.start();
    auto setup = setup_for(flash_3_8);
    setup.functions[0].behavior = live::behavior::blocking;
    live::session session{client, setup};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto asking = co_await ask(session, "What is the weather in Paris?");
        REQUIRE(asking.end == live::turn_end::tool_call);
        co_await session.send("What is my name?");
        std::vector<std::string> cancelled;
        auto events = session.events();
        while (cancelled.empty()) {
            auto event = co_await events.next();
            REQUIRE(event);
            if (const auto* const message = std::get_if<live::server_message>(&*event))
                if (const auto& told = message->members().tool_call_cancellation)
                    cancelled = told->ids;
        }
        CHECK(cancelled == std::vector{asking.tool_calls[0].id});
        const auto answer = co_await session.turn();
        CHECK(answer.output_transcription == "You have not told me your name yet.");
        co_await session.close();
    };
    test::run(w.io, work());
}

TEST_CASE("an empty turn at a late activity mark is distinguished from the answer")
{
    world w;
    const auto client = w.start();
    live::session session{client, by_hand(flash_3_1)};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto first = co_await ask(session, "Hello");
        CHECK(first.is_whole());
        auto begin = live::realtime_input::activity_start();
        auto end = live::realtime_input::activity_end();
        co_await session.send_realtime_input(std::move(begin));
        live::bytes pcm(32'000);
        for (std::size_t i = 0; i < pcm.size(); i += 8) pcm[i + 1] = std::byte{0x40};
        co_await session.send_audio(pcm);
        co_await session.send_realtime_input(std::move(end));
        auto turn = co_await session.turn();
        CHECK(turn.end == live::turn_end::empty);
        turn = co_await session.turn();
        CHECK(turn.is_whole());
        CHECK(turn.output_transcription.find("seconds of speech") != std::string::npos);
        co_await session.close();
    };
    test::run(w.io, work());
    CHECK(session.counters().empty_turns == 1);
}

TEST_CASE("content that the library sends has a role that every model accepts")
{
    const auto* const model = GENERATE(flash_3_8, native_2_5);
    world w;
    const auto client = w.start();
    live::session session{client, setup_for(model)};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        std::vector<live::content> said{live::content("My name is Ada.")};
        co_await session.send_client_content(std::move(said));
        const auto turn = co_await session.turn();
        CHECK(turn.is_whole());
        co_await session.close();
    };
    test::run(w.io, work());
    CHECK(w.server->accepted() == 1);
}

TEST_CASE("the behavior of a model, except for single ones, is one option")
{
    // doc:begin emulator_quirks
    live::testing::emulator_options options;
    // as 3.1, whatever the model, with one behavior off and another on
    options.quirks = live::testing::emulator_quirks::of("gemini-3.1-flash-live-preview");
    options.quirks.uneven_sound = false;
    options.quirks.late_interrupted_end = true;
    // doc:end
    world w;
    w.serving.quirks = options.quirks;
    const auto client = w.start();
    live::session session{client, setup_for(flash_3_8)};
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        const auto turn = co_await ask(session, "Hello");
        CHECK(turn.is_whole());
        co_await session.close();
    };
    test::run(w.io, work());
    CHECK(w.said_with("sessionResumptionUpdate") >= 7);
}

namespace {

/// Says something where the script expects another thing.
asio::awaitable<void> program_under_test(std::string url)
{
    live::client_options options;
    options.credentials = live::api_key("any");
    options.base_url = std::move(url);
    options.reconnect.max_attempts = 1;
    const auto executor = co_await asio::this_coro::executor;
    live::client client(executor, options);
    live::setup setup{.model = flash_3_8};
    live::session session{client, setup};
    co_await session.connect();
    co_await session.send("Hello");
    try {
        co_await session.turn();
    } catch (const live::error&) { // the server closes
    }
}

} // namespace

TEST_CASE("what a program did not do is in the failure of the script")
{
    test::context io;
    live::testing::emulator_options serving;
    serving.script = R"({"await": "setup"}
{"send": {"setupComplete": {}}}
{"await": "toolResponse", "within": 0.1}
{"connection": 2}
{"refuse": 403})";
    serving.script = "{\"connection\": 1}\n" + serving.script;
    live::testing::emulator emulator(io.get_executor(), serving);
    const auto work = [&]() -> asio::awaitable<void> {
        // doc:begin script_failure
        co_await program_under_test(emulator.url());
        co_await emulator.finished();
        // Line 4 of the script awaits "toolResponse" within 0.1 s; {realtimeInput: …} came instead.
        const std::string failure = emulator.failure();
        // doc:end
        CHECK(failure.starts_with(
            "Client 1: Line 4 of the script awaits \"toolResponse\" within 0.1 s; {"));
        CHECK(failure.ends_with(" came instead."));
        CHECK(failure.find("Hello") != std::string::npos);
    };
    test::run(io, work());
}

TEST_CASE("an exhausted quota makes a test wait no longer than the policy says")
{
    test::context io;
    live::testing::emulator_options serving;
    serving.script = R"({"connection": 1}
{"expect": "setup"}
{"send": {"setupComplete": {}}}
{"send": {"sessionResumptionUpdate": {"newHandle": "a-handle", "resumable": true}}}
{"close": 1011, "reason": "You exceeded your current quota, please check your plan and billing details."}
{"connection": 2}
{"expect": {"setup": {"sessionResumption": {"handle": "a-handle"}}}}
{"send": {"setupComplete": {}}}
{"stall": true})";
    live::testing::emulator emulator(io.get_executor(), serving);
    // doc:begin quota_wait
    live::client_options options{.credentials = live::api_key("any")};
    options.base_url = emulator.url();
    options.reconnect.first_delay = 1ms;
    options.reconnect.quota_wait = 10ms;
    // doc:end
    live::client client(io.get_executor(), options);
    live::setup setup{.model = flash_3_8};
    live::session session{client, setup};
    const auto begin = io.now();
    const auto work = [&]() -> asio::awaitable<void> {
        co_await session.connect();
        auto events = session.events();
        for (bool resumed = false; !resumed;) {
            auto event = co_await events.next();
            REQUIRE(event);
            const auto* const change = std::get_if<live::status_change>(&*event);
            resumed = change && change->resumed;
        }
        co_await session.close();
    };
    test::run(io, work());
    CHECK(io.now() - begin < 30s); // the default wait is 60 s
    CHECK(emulator.failure().empty());
}

} // namespace quirks_test
