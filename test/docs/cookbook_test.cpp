// SPDX-License-Identifier: Apache-2.0
// The recipes of docs/cookbook, run against the emulator.
#include "support/catch.hpp"
#include "support/run.hpp"

#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace cookbook_test {

namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

/// An emulator without pauses, and a client that talks to it.
struct kitchen {
    explicit kitchen(live::client_options options = {})
        : emulator(io.get_executor(), quick()), client(io.get_executor(), to(std::move(options)))
    {
    }

    static live::testing::emulator_options quick()
    {
        live::testing::emulator_options options;
        options.pace = 0;
        return options;
    }

    live::client_options to(live::client_options options) const
    {
        if (options.credentials.empty()) options.credentials = live::api_key("any");
        options.base_url = emulator.url();
        return options;
    }

    /// Connects with this setup; the server checks every member of it.
    void connect(live::setup setup)
    {
        live::session session{client, std::move(setup)};
        test::run(io, session.connect());
        test::run(io, session.close());
    }

    asio::io_context io;
    live::testing::emulator emulator;
    live::client client;
};

live::client_options on_vertex_ai()
{
    live::client_options options;
    options.backend = live::backend::vertex_ai;
    options.project = "my-project";
    options.credentials = live::access_token("a-token");
    return options;
}

// doc:begin cook_voice
live::setup with_a_voice()
{
    return {.model = "gemini-3.8-live", .voice = "Kore", .language_code = "de-DE"};
}
// doc:end

// doc:begin cook_greeting
asio::awaitable<std::string> greet(live::session& session)
{
    co_await session.send("Greet the caller in one short sentence and ask what you can do.");
    const auto greeting = co_await session.turn({.deadline = 8s});
    co_return greeting.output_transcription; // now send the microphone's audio
}
// doc:end

// doc:begin cook_transcription
live::setup with_every_word()
{
    return {.model = "gemini-3.8-live",
        .input_audio_transcription = live::audio_transcription{.language_codes = {"en-US", "de-DE"},
            .custom_vocabulary = {"Bidi"},
            .word_timestamp = true,
            .diarization = true},
        .output_audio_transcription = live::on};
}

std::string who_said_what(const live::server_content& content)
{
    std::string lines;
    if (const auto& heard = content.input_transcription) {
        for (const auto& each : heard->words)
            lines += heard->speaker_label + ": " + each.word + "\n";
    }
    return lines;
}
// doc:end

// doc:begin cook_vad
live::setup that_waits_longer()
{
    live::automatic_activity_detection detection;
    detection.end_of_speech_sensitivity = live::end_sensitivity::low;
    detection.silence_duration = 1200ms; // a pause of this length ends the speech
    return {.model = "gemini-3.8-live",
        .realtime_input_config =
            live::realtime_input_config{.automatic_activity_detection = detection}};
}
// doc:end

// doc:begin cook_push_to_talk
live::setup push_to_talk()
{
    return {.model = "gemini-3.8-live",
        .realtime_input_config = live::realtime_input_config{
            .automatic_activity_detection = live::automatic_activity_detection{.disabled = true}}};
}

asio::awaitable<void> while_the_button_is_down(
    live::session& session, std::vector<live::bytes> recording)
{
    co_await session.send_realtime_input(live::realtime_input::activity_start());
    for (const auto& pcm : recording) co_await session.send_audio(pcm);
    co_await session.send_realtime_input(live::realtime_input::activity_end());
}
// doc:end

// doc:begin cook_stop
asio::awaitable<std::string> first_words_of(live::session& session, std::string question)
{
    co_await session.send(question);
    std::string words;
    auto events = session.events();
    while (auto event = co_await events.next()) {
        if (const auto* change = std::get_if<live::status_change>(&*event)) {
            if (change->ask_again) break; // the connection was lost, and the rest of the answer
        } else if (const auto* message = std::get_if<live::server_message>(&*event)) {
            words += message->output_transcription();
            if (message->interrupted() || message->turn_complete()) break;
            if (words.size() > 20) co_await session.stop_speaking();
        }
    }
    co_return words;
}
// doc:end

// doc:begin cook_toolset
struct weather_query {
    std::string city;
    std::optional<std::string> unit; // need not be there

    static auto parameters()
    {
        return std::tuple(live::parameter("city", &weather_query::city, "Where, e.g. Boston"),
            live::parameter("unit", &weather_query::unit).one_of("C").one_of("F"));
    }
};

asio::awaitable<live::json> look_outside(weather_query about)
{
    co_return live::json::object().add("city", about.city).add("celsius", 21.5);
}

asio::awaitable<std::string> hear_the_weather(const live::client& client)
{
    live::toolset tools;
    tools.add({.name = "get_weather", .description = "The weather in a city now."}, &look_outside);
    live::session session{client, {.model = "gemini-3.8-live",
                                      .functions = tools.declarations(),
                                      .output_audio_transcription = live::on}};
    const live::tool_dispatcher dispatcher(session, tools);
    co_await session.send("What is the weather in Lisbon?");
    const auto turn = co_await session.turn();
    co_return turn.output_transcription;
}
// doc:end

// doc:begin mcp_tools
asio::awaitable<std::string> ask_about_files(const live::client& client, live::mcp::client& files)
{
    live::toolset tools;
    const auto list = co_await files.list_tools();
    files.add_tools(tools, list);
    live::session session{client, {.model = "gemini-3.8-live",
                                      .functions = tools.declarations(),
                                      .output_audio_transcription = live::on}};
    const live::tool_dispatcher dispatcher(session, tools);
    co_await session.send("What is in my folder?");
    const auto turn = co_await session.turn();
    co_return turn.output_transcription;
}
// doc:end

// doc:begin mcp_servers
live::mcp::client start_file_server(asio::io_context& io, const std::string& folder)
{
    live::mcp::stdio_server server;
    server.command = {"npx", "-y", "@modelcontextprotocol/server-filesystem", folder};
    return {io, server};
}

live::mcp::client connect_to_company(asio::io_context& io, live::secret token)
{
    live::mcp::http_server server;
    server.url = "https://tools.example.com/mcp";
    server.bearer_token = std::move(token);
    return {io, server};
}
// doc:end

// doc:begin mcp_changed_tools
asio::awaitable<void> use_tools(live::session& session, live::tool_dispatcher& dispatcher,
    const live::mcp::client& files, const live::mcp::tool_list& list)
{
    live::toolset tools;
    files.add_tools(tools, list);
    dispatcher.set_tools(tools);
    std::vector<live::tool> all;
    all.emplace_back(tools.declarations());
    live::context_update update(std::move(all));
    co_await session.send_context_update(std::move(update));
}
// doc:end

// doc:begin cook_function
live::setup with_a_function()
{
    return {.model = "gemini-3.8-live",
        .functions = {{.name = "get_weather",
            .description = "The weather in a city now.",
            .parameters = live::schema::object()
                              .property("city", live::schema::string("Where, e.g. Boston"))
                              .property("unit", live::schema::string().one_of("C").one_of("F"))
                              .required("city")}},
        .output_audio_transcription = live::on};
}

asio::awaitable<std::string> ask_for_the_weather(live::session& session)
{
    co_await session.send("What is the weather in Lisbon?");
    auto turn = co_await session.turn();
    while (turn.end == live::turn_end::tool_call) { // the model may call again
        for (const auto& call : turn.tool_calls) {
            const auto city = call.args.at<std::string>("/city");
            auto result = live::json::object().add("city", city).add("celsius", 21.5);
            co_await session.send_tool_response(live::function_response(call, std::move(result)));
        }
        turn = co_await session.turn();
    }
    if (!turn.is_whole()) throw std::runtime_error(to_string(turn.end));
    co_return turn.output_transcription;
}
// doc:end

// doc:begin cook_check
live::function_response reserve(const live::function_call& call)
{
    static const auto parameters =
        live::schema::object()
            .property("people", live::schema::integer().with("minimum", live::json("1")))
            .required("people");
    std::string wrong;
    for (const auto& [path, what] : parameters.check(call.args)) wrong += path + ' ' + what + ". ";
    if (!wrong.empty()) return {call, live::json::object().add("error", wrong)};
    const auto people = call.args.at<std::int64_t>("/people"); // it is there, and fits
    return {call, live::json::object().add("output", "a table for " + std::to_string(people))};
}
// doc:end

// doc:begin cook_slow_function
live::setup with_a_slow_function()
{
    return {.model = "gemini-2.5-flash-native-audio-latest",
        .functions = {{.name = "book_table",
            .description = "Books a table; takes minutes.",
            .parameters_json_schema =
                live::json(R"({"type": "object", "properties": {"people": {"type": "integer"}}})"),
            .behavior = live::behavior::non_blocking}}};
}

asio::awaitable<void> report_on(live::session& session, live::function_call call)
{
    live::function_response soon(call, live::json::object().add("progress", "asking"));
    soon.will_continue = true; // more will follow
    soon.scheduling = live::scheduling::silent;
    co_await session.send_tool_response(std::move(soon));
    live::function_response done(call, live::json::object().add("output", "a table at eight"));
    done.scheduling = live::scheduling::when_idle;
    co_await session.send_tool_response(std::move(done));
}
// doc:end

// doc:begin cook_tools
live::setup with_search_and_code()
{
    live::setup setup{.model = "gemini-3.8-live"};
    setup.tools.emplace_back(live::google_search{});
    setup.tools.emplace_back(live::code_execution{});
    setup.tools.emplace_back(live::url_context{});
    return setup;
}

std::vector<std::string> sources_of(const live::server_content& content)
{
    std::vector<std::string> sources;
    if (const auto& grounding = content.grounding_metadata) {
        for (const auto& chunk : grounding->grounding_chunks)
            if (chunk.web) sources.push_back(chunk.web->uri);
    }
    return sources;
}
// doc:end

// doc:begin cook_picture
asio::awaitable<void> show(live::session& session, live::bytes jpeg)
{
    co_await session.send_video(jpeg); // the service looks at one a second at most
    co_await session.send("What do you see?");
}
// doc:end

// doc:begin cook_thinking
live::setup that_thinks()
{
    live::thinking_config thinking;
    thinking.thinking_level = live::thinking_level::high;
    thinking.include_thoughts = true;
    return {.model = "gemini-3.8-live-extended-thinking", .thinking_config = thinking};
}
// doc:end

// doc:begin cook_long
live::setup without_an_end()
{
    return {.model = "gemini-3.8-live",
        .context_window_compression =
            live::context_window_compression{.sliding_window = live::sliding_window{}}};
}
// doc:end

// doc:begin cook_history
asio::awaitable<void> recall(live::session& session)
{
    std::vector<live::content> turns;
    turns.emplace_back("user", "My name is Ada.");
    turns.emplace_back("model", "Nice to meet you, Ada.");
    co_await session.send_client_content(std::move(turns), false); // no answer wanted
    co_await session.send("What is my name?");
}
// doc:end

// doc:begin cook_update
asio::awaitable<void> change_course(live::session& session)
{
    co_await session.send_context_update(
        live::context_update(live::content("From now on speak French.")));
    std::vector<live::tool> none;
    co_await session.send_context_update(live::context_update(std::move(none)));
}
// doc:end

// doc:begin cook_translation
live::setup into_spanish()
{
    live::translation_config translation;
    translation.target_language_code = "es";
    translation.echo_target_language = false; // silent while somebody speaks Spanish
    return {.model = "gemini-3.5-live-translate-preview", .translation_config = translation};
}
// doc:end

// doc:begin cook_proactivity
live::setup that_feels()
{
    return {.model = "gemini-2.5-flash-native-audio-latest",
        .enable_affective_dialog = true,
        .proactivity = live::proactivity{.proactive_audio = true}};
}
// doc:end

// doc:begin cook_avatar
live::setup with_a_face()
{
    return {.model = "gemini-3.8-live",
        .response_modalities = {live::modality::video},
        .avatar_config = live::avatar_config{.avatar_name = "my-avatar"},
        .labels = {{"team", "reception"}}};
}
// doc:end

// doc:begin cook_safety
live::setup that_is_careful()
{
    live::safety_setting setting;
    setting.category = live::harm_category::harassment;
    setting.threshold = live::harm_block_threshold::block_low_and_above;
    return {.model = "gemini-3.8-live", .safety_settings = {setting}};
}
// doc:end

// doc:begin cook_usage
asio::awaitable<int> audio_tokens_of_a_turn(live::session& session)
{
    const auto turn = co_await session.turn();
    if (turn.ask_again()) std::cerr << "Not a whole turn: " << to_string(turn.end) << '\n';
    int tokens = 0;
    if (turn.usage) {
        for (const auto& each : turn.usage->response_tokens_details)
            if (each.modality == live::token_modality::audio) tokens += each.token_count;
    }
    co_return tokens;
}
// doc:end

// doc:begin cook_json
std::string weather_as_json()
{
    const auto days = live::json::array().push("sun").push("rain");
    const auto weather = live::json::object().add("city", "Paris").add("days", days);
    const auto second = weather.at<std::string>("/days/1"); // throws: there is no string at …
    return weather.find_string("/wind").value_or("calm") + ", " + second;
}
// doc:end

// doc:begin cook_json_types
std::string guests_of(const live::json& args, const std::string& day)
{
    std::string names;
    const auto list = live::json::pointer("guests", day); // "24/12" becomes "/guests/24~112"
    for (std::size_t i = 0; i < args.find_size(list).value_or(0); ++i) {
        const auto guest = args.at<live::json>(list + live::json::pointer(i));
        names += guest.is_object() ? guest.at<std::string>("/name") : guest.at<std::string>("");
        names += ' ';
    }
    return names;
}
// doc:end

template <class Recipe>
asio::awaitable<void> cook(live::session& session, Recipe recipe)
{
    co_await session.connect();
    co_await recipe(session);
    co_await session.drain();
    co_await session.close();
}

} // namespace

TEST_CASE("every setup of the cookbook is accepted by the server")
{
    kitchen gemini;
    gemini.connect(with_a_voice());
    gemini.connect(with_every_word());
    gemini.connect(that_waits_longer());
    gemini.connect(push_to_talk());
    gemini.connect(with_a_function());
    gemini.connect(with_a_slow_function());
    gemini.connect(with_search_and_code());
    gemini.connect(that_thinks());
    gemini.connect(without_an_end());
    gemini.connect(into_spanish());
    gemini.connect(that_is_careful());
    live::client_options alpha;
    alpha.api_version = "v1alpha";
    kitchen(alpha).connect(that_feels());
    kitchen(on_vertex_ai()).connect(with_a_face());
}

TEST_CASE("a function is declared, called, answered")
{
    kitchen here;
    live::session session{here.client, with_a_function()};
    std::string answer;
    const auto recipe = [&answer](live::session& with) -> asio::awaitable<void> {
        answer = co_await ask_for_the_weather(with);
    };
    test::run(here.io, cook(session, recipe));
    CHECK(answer.find("Lisbon") != std::string::npos);
}

TEST_CASE("a dispatcher answers a function call, and the turn goes on")
{
    kitchen here;
    const auto answer = test::run(here.io, hear_the_weather(here.client));
    CHECK(answer.find("Lisbon") != std::string::npos);
}

TEST_CASE("tools of a server that ends at once are an error, and nothing is said")
{
    kitchen k;
    start_file_server(k.io, ".");
    connect_to_company(k.io, live::secret("any"));
    live::mcp::stdio_server server;
    server.command = {"true"};
    live::mcp::client files(k.io, server);
    try {
        test::run(k.io, ask_about_files(k.client, files));
        FAIL("there were tools");
    } catch (const live::error& why) {
        CHECK(why.value() == live::errc::connection_lost);
    }
}

TEST_CASE("other tools may be used in the middle of a conversation")
{
    kitchen k;
    live::mcp::stdio_server server;
    server.command = {"true"};
    const live::mcp::client files(k.io, server);
    live::mcp::tool_list list;
    live::mcp::tool& read = list.tools.emplace_back();
    read.name = "read_text_file";
    read.input_schema = live::json(R"({"type":"object"})");
    const auto talk = [](const live::client& client, const live::mcp::client& files,
                          const live::mcp::tool_list& list) -> asio::awaitable<std::string> {
        live::session session{
            client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
        live::tool_dispatcher dispatcher(session, {});
        co_await session.connect();
        co_await use_tools(session, dispatcher, files, list);
        co_await session.send("Hello!");
        const auto turn = co_await session.turn();
        co_return turn.output_transcription;
    };
    CHECK_FALSE(test::run(k.io, talk(k.client, files, list)).empty());
}

TEST_CASE("arguments that do not fit are told to the model")
{
    const auto answer_to = [](const char* args) {
        return reserve({.id = "1", .name = "reserve", .args = live::json(args)}).response.text();
    };
    CHECK(answer_to(R"({"people":2.0})") == R"({"output":"a table for 2"})");
    CHECK(answer_to("{}") == R"({"error":"/people is required. "})");
    CHECK(answer_to(R"({"people":0})") == R"({"error":"/people at least 1 is required, not 0. "})");
}

TEST_CASE("what is sent in the middle of a conversation is accepted")
{
    kitchen here;
    live::session session{here.client, {.model = "gemini-3.8-live"}};
    const auto recipe = [](live::session& with) -> asio::awaitable<void> {
        co_await show(with, live::bytes(100));
        co_await with.turn();
        co_await recall(with);
        co_await with.turn();
        co_await change_course(with);
        co_await with.send("Hello!");
        const auto tokens = co_await audio_tokens_of_a_turn(with);
        if (tokens == 0) throw std::runtime_error("an answer aloud costs tokens");
    };
    test::run(here.io, cook(session, recipe));
}

TEST_CASE("each model greets the caller when it is asked to")
{
    kitchen here;
    const auto model = GENERATE("gemini-3.8-live", "gemini-3.1-flash-live-preview",
        "gemini-2.5-flash-native-audio-preview-12-2025");
    live::setup setup{.model = model, .output_audio_transcription = live::on};
    live::session session{here.client, std::move(setup)};
    std::string greeting;
    const auto recipe = [&greeting](live::session& with) -> asio::awaitable<void> {
        greeting = co_await greet(with);
    };
    test::run(here.io, cook(session, recipe));
    CHECK_FALSE(greeting.empty());
}

TEST_CASE("the model is stopped after its first words")
{
    kitchen here;
    live::session session{
        here.client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    std::string words;
    const auto recipe = [&words](live::session& with) -> asio::awaitable<void> {
        words = co_await first_words_of(with, "/story");
    };
    test::run(here.io, cook(session, recipe));
    CHECK(words.size() > 20);
}

TEST_CASE("push to talk is a turn between two marks")
{
    kitchen here;
    live::session session{here.client, push_to_talk()};
    const auto recipe = [](live::session& with) -> asio::awaitable<void> {
        std::vector<live::bytes> recording(20, live::bytes(3200));
        co_await while_the_button_is_down(with, std::move(recording));
        const auto turn = co_await with.turn();
        if (turn.audio.empty()) throw std::runtime_error("no answer");
    };
    test::run(here.io, cook(session, recipe));
}

TEST_CASE("a slow function is reported on twice")
{
    kitchen here;
    live::session session{here.client, with_a_slow_function()};
    bool called = false;
    const auto recipe = [&called](live::session& with) -> asio::awaitable<void> {
        co_await with.send("/call book_table");
        while (!called) {
            const auto turn = co_await with.turn();
            for (const auto& call : turn.tool_calls) {
                called = true;
                co_await report_on(with, call);
            }
        }
        co_await with.turn();
    };
    test::run(here.io, cook(session, recipe));
    CHECK(called);
}

TEST_CASE("JSON is written and read in one line")
{
    CHECK(weather_as_json() == "calm, rain");
    CHECK(guests_of(live::json(R"({"guests":{"24/12":["Ann",{"name":"Bo"}]}})"), "24/12") ==
          "Ann Bo ");
    live::server_content content;
    content.input_transcription.emplace().speaker_label = "spk_1";
    content.input_transcription->words.push_back({.word = "hi"});
    CHECK(who_said_what(content) == "spk_1: hi\n");
    content.grounding_metadata.emplace().grounding_chunks.emplace_back().web.emplace().uri = "u";
    CHECK(sources_of(content) == std::vector<std::string>{"u"});
}

} // namespace cookbook_test
