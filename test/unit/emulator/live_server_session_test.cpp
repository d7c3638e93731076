// SPDX-License-Identifier: Apache-2.0
#include "unit/emulator/virtual_client.hpp"

#include "emulator/persona/speech.hpp"

namespace live_server_session_test {

using namespace test;

TEST_CASE("a spoken answer: transcript and sound in pieces, then the end of the turn with usage "
          "and a handle")
{
    client c;
    c.connect();
    c.text("Hello");
    CHECK(c.heard.empty()); // it thinks first
    c.wait();
    CHECK(c.now > 500ms);
    CHECK(c.transcript().size() > 10);
    CHECK(c.count([](const auto& each) { return !each.audio().empty(); }) > 10);
    REQUIRE(c.count(is_end) == 1);
    const auto& end = c.heard[c.heard.size() - 2];
    CHECK(end.turn_complete());
    REQUIRE(end.members().usage_metadata);
    CHECK(end.members().usage_metadata->total_token_count > 0);
    const auto& update = c.heard.back().members().session_resumption_update;
    REQUIRE(update);
    CHECK(update->resumable);
    CHECK_FALSE(update->new_handle.empty());
    const auto& before_end = c.heard[c.heard.size() - 3];
    CHECK(before_end.members().server_content->generation_complete);
}

TEST_CASE("a text model answers in text")
{
    client c;
    c.say(
        R"({"setup":{"model":"models/gemini-emulator-text","generationConfig":{"responseModalities":["TEXT"]}}})");
    c.text("Hello");
    c.wait();
    std::string text;
    for (const auto& each : c.heard) text += each.text();
    CHECK(text.size() > 10);
    CHECK(c.count([](const auto& each) { return !each.audio().empty(); }) == 0);
    CHECK(c.count([](const auto& each) {
        return each.members().session_resumption_update.has_value();
    }) == 0);
}

TEST_CASE("a user who cuts in is heard: interrupted, the turn's end, then the new answer")
{
    client c;
    c.connect();
    c.text("tell me a story");
    c.wait(2s);
    CHECK_FALSE(c.heard.empty());
    c.heard.clear();
    c.text("Hello");
    REQUIRE(c.heard.size() >= 2);
    CHECK(c.heard[0].interrupted());
    CHECK(c.heard[1].turn_complete());
    c.wait();
    CHECK(c.count(is_cut) == 1);
    CHECK(c.count(is_end) == 2);
}

TEST_CASE("the weather: a tool call, its response, and a spoken answer")
{
    client c;
    c.connect(
        R"(,"tools":[{"functionDeclarations":[{"name":"get_weather","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}}}}]}])");
    c.text("weather in Rome?");
    c.wait();
    REQUIRE(c.heard.size() == 1);
    REQUIRE(c.heard[0].function_calls().size() == 1);
    const auto call = c.heard[0].function_calls()[0];
    CHECK(call.args.find_string("/city") == "Rome");
    c.heard.clear();
    c.say(R"({"toolResponse":{"functionResponses":[{"id":")" + call.id +
          R"(","name":"get_weather","response":{"output":"sunny"}}]}})");
    c.wait();
    CHECK(c.transcript() == "Here is what I found for Rome: sunny.");

    SECTION("a user who cuts in while it waits makes it abandon the call")
    {
        c.text("weather in Oslo?");
        c.wait();
        c.heard.clear();
        c.text("never mind");
        REQUIRE_FALSE(c.heard.empty());
        REQUIRE(c.heard[0].members().tool_call_cancellation);
        CHECK(c.heard[0].members().tool_call_cancellation->ids.size() == 1);
    }
}

TEST_CASE("speech is heard: it ends after a silence, is transcribed and answered")
{
    client c;
    c.connect();
    c.say(audio_message(speak("hello hello hello")));
    CHECK(c.heard.empty());
    c.say(audio_message(bytes(speech_rate / 2 * 2))); // half a second of silence
    CHECK(c.heard.empty());
    c.say(audio_message(bytes(speech_rate * 2)));
    REQUIRE_FALSE(c.heard.empty());
    CHECK(c.heard[0].input_transcription().find("s of speech") != std::string::npos);
    c.wait();
    CHECK(c.count(is_end) == 1);

    SECTION("speaking interrupts")
    {
        c.text("tell me a story");
        c.wait(1s);
        c.heard.clear();
        c.say(audio_message(speak("stop")));
        REQUIRE_FALSE(c.heard.empty());
        CHECK(c.heard[0].interrupted());
    }
}

TEST_CASE("with detection off the client marks its speech; otherwise marks are refused")
{
    client c;
    c.connect(R"(,"realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}})");
    c.say(R"({"realtimeInput":{"activityStart":{}}})");
    c.say(audio_message(speak("hello")));
    c.say(R"({"realtimeInput":{"activityEnd":{}}})");
    c.wait();
    CHECK(c.count(is_end) == 1);

    c.text("tell me a story");
    c.wait(1s);
    c.heard.clear();
    c.say(audio_message(speak("stop"))); // not marked: nobody listens
    CHECK(c.heard.empty());
    c.wait();
    CHECK(c.count(is_cut) == 0);
    CHECK(c.count(is_end) == 1);

    client other;
    other.connect();
    other.say(R"({"realtimeInput":{"activityStart":{}}})");
    REQUIRE(other.closed);
    CHECK(other.closed->first == 1007);
}

TEST_CASE("a handle resumes the conversation, once its old connection has ended")
{
    client c;
    c.connect();
    c.text("the cat is on the mat");
    c.wait();
    const auto handle = c.heard.back().members().session_resumption_update->new_handle;
    const auto setup =
        R"({"setup":{"model":"models/gemini-3.8-live","outputAudioTranscription":{},"sessionResumption":{"handle":")" +
        handle + "\"}}}";

    client early;
    early.kept = c.kept;
    early.say(setup);
    CHECK_FALSE(early.closed); // the old one may be about to close
    early.wait();
    REQUIRE(early.closed);
    CHECK(early.closed->first == 1011);

    client just_in_time;
    just_in_time.kept = c.kept;
    just_in_time.say(setup);
    CHECK(just_in_time.heard.empty());
    c.server.reset();
    just_in_time.wait();
    REQUIRE_FALSE(just_in_time.heard.empty());
    CHECK(just_in_time.heard[0].members().setup_complete);
    just_in_time.server.reset();

    client later;
    later.kept = c.kept;
    later.say(setup);
    CHECK_FALSE(later.closed);
    later.text("what did I say before?");
    later.wait();
    CHECK(later.transcript().find("the cat is on the mat") != std::string::npos);

    client wrong;
    wrong.say(
        R"({"setup":{"model":"models/gemini-3.8-live","sessionResumption":{"handle":"made-up"}}})");
    REQUIRE(wrong.closed);
    CHECK(*wrong.closed == std::pair<std::uint16_t, std::string>(1007, "Invalid session handle"));
}

TEST_CASE("goAway on request, then the service's close with its reason")
{
    client c;
    c.connect();
    c.text("/goaway 3");
    REQUIRE_FALSE(c.heard.empty());
    REQUIRE(c.heard[0].members().go_away);
    CHECK(c.heard[0].members().go_away->time_left == 3s);
    c.text("Hello"); // an interruption does not prevent it
    c.wait();
    REQUIRE(c.closed);
    CHECK(c.now == 3s);
    CHECK(c.closed->first == 1008);
    CHECK(c.closed->second.starts_with("Connection aborted because the client failed to close"));
    CHECK(c.closed->second.size() <= 123);
}

TEST_CASE("a cut in the middle of an answer, on request")
{
    client c;
    c.connect();
    c.text("/drop");
    c.wait();
    CHECK(c.dropped);
    CHECK(c.count(is_end) == 0);
    CHECK_FALSE(c.heard.empty());
}

TEST_CASE("what the service refuses is refused with its code and reason")
{
    struct row {
        const char* message;
        std::uint16_t code;
        const char* reason;
    };
    const row rows[]{
        {"nonsense", 1007, "Invalid JSON payload received."},
        {R"({"clientContent":{"turnComplete":true}})", 1007,
            "Request contains an invalid argument."},
        {R"({"setup":{"model":"models/gemini-0"}})", 1008,
            "models/gemini-0 is not found for API version v1beta, or is not supported for "
            "bidiGenerateContent. Call ModelServi"},
        {R"({"setup":{"model":"models/gemini-3.8-live","vanilla":1}})", 1007,
            "Invalid JSON payload received. Unknown name \"vanilla\" at 'setup': Cannot find "
            "field."},
        {R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["TEXT"]}}})",
            1007, "Request contains an invalid argument."},
        {R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["AUDIO","TEXT"]}}})",
            1007, "Request contains an invalid argument."},
        {R"({"setup":{"model":"models/gemini-3.8-live","sessionResumption":{"transparent":true}}})",
            1007,
            "Invalid JSON payload received. Unknown name \"transparent\" at "
            "'setup.session_resumption': Cannot find field."},
        {R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}}})",
            1007, "Request contains an invalid argument."},
        {R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"stopSequences":["x"]}}})",
            1007, "Request contains an invalid argument."},
        {"{}", 1007, "Request contains an invalid argument."},
    };
    for (const auto& each : rows) {
        INFO(each.message);
        client c;
        c.say(each.message);
        REQUIRE(c.closed);
        CHECK(c.closed->first == each.code);
        CHECK(c.closed->second.starts_with(each.reason));
        CHECK(c.heard.empty());
    }
    client twice;
    twice.connect();
    twice.say(R"({"setup":{"model":"models/gemini-3.8-live"}})");
    REQUIRE(twice.closed);
    CHECK(twice.closed->first == 1007);
}

TEST_CASE("credentials are checked after the first message, as by the service")
{
    client wrong;
    wrong.key = "right";
    wrong.say(R"({"setup":{"model":"models/gemini-3.8-live"}})");
    REQUIRE(wrong.closed);
    CHECK(wrong.closed->first == 1007);
    CHECK(wrong.closed->second == "API key not valid. Please pass a valid API key.");

    client nobody;
    nobody.way.credential = credential::none;
    nobody.say(R"({"setup":{"model":"models/gemini-3.8-live"}})");
    REQUIRE(nobody.closed);
    CHECK(nobody.closed->first == 1008);
    CHECK(nobody.closed->second.starts_with("Method doesn't allow unregistered callers"));

    client token;
    token.way.credential = credential::ephemeral_token;
    token.say(R"({"setup":{"model":"models/gemini-3.8-live"}})");
    REQUIRE(token.closed); // not for this method
    CHECK(token.closed->first == 1008);
}

TEST_CASE("Vertex AI assigns the session an id and accepts its own members")
{
    client c;
    c.way.backend = backend::vertex_ai;
    c.say(
        R"({"setup":{"model":"projects/p/locations/l/publishers/google/models/gemini-3.8-live","explicitVadSignal":true}})");
    REQUIRE(c.heard.size() == 1);
    REQUIRE(c.heard[0].members().setup_complete);
    CHECK_FALSE(c.heard[0].members().setup_complete->session_id.empty());
}

TEST_CASE("Vertex AI has its own names for counts and ids, and the index reports what was consumed")
{
    client c;
    c.way.backend = backend::vertex_ai;
    c.say(
        R"({"setup":{"model":"publishers/google/models/gemini-3.8-live","sessionResumption":{"transparent":true},"tools":[{"functionDeclarations":[{"name":"get_weather"}]}]}})");
    c.say(audio_message(bytes(480)));
    c.text("Hello");
    c.wait();
    const auto& end = c.heard[c.heard.size() - 2];
    CHECK(end.raw().find("\"candidatesTokenCount\"") != std::string::npos);
    CHECK(end.members().usage_metadata->response_token_count > 0);
    CHECK(c.heard.back().members().session_resumption_update->last_consumed_client_message_index ==
          2);
    c.heard.clear();
    c.text("the weather?");
    c.wait();
    REQUIRE(c.heard.size() == 1);
    const auto id = c.heard[0].function_calls()[0].id;
    CHECK(id.size() == 36);
    c.heard.clear();
    c.say(R"({"toolResponse":{"functionResponses":[{"name":"get_weather","response":{}}]}})");
    c.wait();
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("a call that has not been sent is not canceled")
{
    client c;
    c.connect(R"(,"tools":[{"functionDeclarations":[{"name":"get_weather"}]}])");
    c.text("the weather?");
    c.text("Hello");
    c.wait();
    CHECK(c.count([](const auto& each) {
        return each.members().tool_call || each.members().tool_call_cancellation;
    }) == 0);
}

TEST_CASE("a function response may be silent, and must have an id")
{
    const auto ask = [](client& c) {
        c.text("the weather?");
        c.wait();
        const auto id = c.heard.back().function_calls()[0].id;
        c.heard.clear();
        return id;
    };
    constexpr std::string_view tool =
        R"(,"tools":[{"functionDeclarations":[{"name":"get_weather"}]}])";
    client c;
    c.connect(tool);
    c.say(R"({"toolResponse":{"functionResponses":[{"id":")" + ask(c) +
          R"(","response":{},"scheduling":"SILENT"}]}})");
    c.wait();
    CHECK(c.heard.empty());
    ask(c);
    c.say(R"({"toolResponse":{"functionResponses":[{"name":"get_weather","response":{}}]}})");
    REQUIRE(c.closed);
    CHECK(c.closed->first == 1007);
}

TEST_CASE("functions may be declared later, and removed")
{
    client c;
    c.connect();
    c.say(
        R"({"contextUpdate":{"tools":{"tools":[{"functionDeclarations":[{"name":"get_weather"}]}]}}})");
    c.text("the weather?");
    c.wait();
    CHECK(c.count([](const auto& each) { return !each.function_calls().empty(); }) == 1);
    c.say(R"({"contextUpdate":{"tools":{"tools":[]}}})");
    c.text("the weather?");
    c.wait();
    CHECK(c.transcript().find("nobody gave me a weather function") != std::string::npos);
}

TEST_CASE("the first client content is history where the setup says so")
{
    client c;
    c.connect(R"(,"historyConfig":{"initialHistoryInClientContent":true})");
    c.say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"my name is Ada"}]},)"
          R"({"role":"model","parts":[{"text":"Hello Ada"}]}],"turnComplete":true}})");
    c.wait();
    CHECK(c.heard.empty());
    c.say(
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"what is my name?"}]}],"turnComplete":true}})");
    c.wait();
    CHECK(c.transcript() == "You are Ada.");
}

TEST_CASE("3.1 accepts client content at any time")
{
    client c;
    c.say(R"({"setup":{"model":"models/gemini-3.1-flash-live-preview"}})");
    for (int i = 1; i <= 2; ++i) {
        c.say(
            R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hello"}]}],"turnComplete":true}})");
        c.wait();
        CHECK_FALSE(c.closed);
        CHECK(c.count(is_end) == i);
    }
}

TEST_CASE("with interruption off, what was said meanwhile is answered afterwards")
{
    client c;
    c.connect(R"(,"realtimeInputConfig":{"activityHandling":"NO_INTERRUPTION"})");
    c.text("Hello");
    c.wait(600ms);
    c.say(audio_message(speak("and you?")));
    c.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
    c.wait();
    CHECK(c.count(is_cut) == 0);
    CHECK(c.count(is_end) == 2);
    CHECK(c.transcript().ends_with("and I shall answer."));
}

TEST_CASE("a turn of a million words is answered as quickly as any other")
{
    client c;
    c.connect();
    c.text(std::string(1'000'000, 'a'));
    for (int i = 0; i < 100; ++i)
        c.say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":")" +
              std::string(10'000, 'b') + R"("}]}]}})");
    c.text("Hello");
    c.wait();
    CHECK(c.heard.size() < 1000);
    CHECK(c.now < 1min);
}

} // namespace live_server_session_test
