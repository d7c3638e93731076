// SPDX-License-Identifier: Apache-2.0
#include "protocol/encode.hpp"

#include "protocol/decode.hpp"
#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace encode_test {

using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view any_model = "gemini-3.8-live";

/// A setup of which only the model is written.
setup plain()
{
    setup minimal{.model = std::string(any_model)};
    minimal.session_resumption.reset();
    return minimal;
}

std::string wire(const setup& given, std::string_view handle = {})
{
    return std::string(protocol::encode_setup(given, handle, {}).view());
}

/// The setup frame with these members beside the model.
std::string with_model(std::string_view members)
{
    return R"({"setup":{"model":"models/gemini-3.8-live")" + std::string(members) + "}}";
}

std::string wire(const realtime_input& input)
{
    return std::string(protocol::encode_realtime_input(input, backend::gemini_api).view());
}

template <class Work>
std::string refusal_of(Work work)
{
    try {
        static_cast<void>(work());
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "taken";
}

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

} // namespace

TEST_CASE("a setup with only a model has no other member")
{
    CHECK(wire(plain()) == with_model(""));
    setup tuned = plain();
    tuned.model = "tunedModels/my-model";
    CHECK(wire(tuned) == R"({"setup":{"model":"tunedModels/my-model"}})");
}

TEST_CASE("members of generationConfig are written under it, including zeros")
{
    setup given = plain();
    given.response_modalities = {modality::text, modality::audio};
    given.temperature = 0.7;
    given.top_p = 0.0;
    given.top_k = 40;
    given.max_output_tokens = 1024;
    given.seed = 0;
    given.voice = "Puck";
    given.language_code = "en-US";
    CHECK(
        wire(given) ==
        with_model(
            R"(,"generationConfig":{"responseModalities":["TEXT","AUDIO"],"temperature":0.7,"topP":0,"topK":40,"maxOutputTokens":1024,"seed":0,"speechConfig":{"languageCode":"en-US","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Puck"}}}})"));
    setup language = plain();
    language.language_code = "de-DE";
    CHECK(wire(language) ==
          with_model(R"(,"generationConfig":{"speechConfig":{"languageCode":"de-DE"}})"));
}

TEST_CASE("a system instruction is content, and a text becomes the user's")
{
    setup given = plain();
    given.system_instruction = content("Be brief.");
    CHECK(wire(given) ==
          with_model(R"(,"systemInstruction":{"role":"user","parts":[{"text":"Be brief."}]})"));
    std::vector<part> parts;
    parts.emplace_back("Be brief.");
    parts.emplace_back("Speak German.");
    given.system_instruction = content("system", std::move(parts));
    CHECK(
        wire(given) ==
        with_model(
            R"(,"systemInstruction":{"role":"system","parts":[{"text":"Be brief."},{"text":"Speak German."}]})"));
}

TEST_CASE("functions are declared with their JSON schema unchanged")
{
    setup given = plain();
    given.functions.push_back({.name = "add",
        .description = "Adds",
        .parameters_json_schema = json(R"({"type": "object"})")});
    given.functions.push_back({.name = "now"});
    CHECK(
        wire(given) ==
        with_model(
            R"(,"tools":[{"functionDeclarations":[{"name":"add","description":"Adds","parametersJsonSchema":{"type": "object"}},{"name":"now"}]}])"));
    given.functions[0].parameters_json_schema = json("[]");
    CHECK(
        refusal_of([&] { return wire(given); }) ==
        "setup.tools[0].functionDeclarations[0].parametersJsonSchema cannot be sent: it must be a "
        "JSON object.");
}

TEST_CASE("transcriptions are enabled by their presence")
{
    setup given = plain();
    given.input_audio_transcription.emplace();
    given.output_audio_transcription.emplace().language_codes = {"de-DE", "en-US"};
    CHECK(
        wire(given) ==
        with_model(
            R"(,"inputAudioTranscription":{},"outputAudioTranscription":{"languageCodes":["de-DE","en-US"]})"));
}

TEST_CASE("a session asks for handles unless told otherwise, and resumes by the newest it has")
{
    setup given = plain();
    given.session_resumption.emplace();
    CHECK(wire(given) == with_model(R"(,"sessionResumption":{})"));
    CHECK(wire(given, "new") == with_model(R"(,"sessionResumption":{"handle":"new"})"));
    given.session_resumption->handle = "old";
    CHECK(wire(given) == with_model(R"(,"sessionResumption":{"handle":"old"})"));
    CHECK(wire(given, "new") == with_model(R"(,"sessionResumption":{"handle":"new"})"));
    given.session_resumption.reset();
    CHECK(wire(given, "new") == with_model(""));
}

TEST_CASE("extra members come last, and are merged into existing objects")
{
    setup given = plain();
    given.temperature = 0.5;
    given.system_instruction = content("Hi");
    given.extra = json(R"({"proactivity": {"proactiveAudio": true},
        "generationConfig": {"thinkingConfig": {"thinkingBudget": 0}, "temperature": 1},
        "systemInstruction": {"parts": []}, "\"": null})");
    CHECK(
        wire(given) ==
        with_model(
            R"(,"generationConfig":{"temperature":1,"thinkingConfig":{"thinkingBudget":0}},"systemInstruction":{"role":"user","parts":[]},"proactivity":{"proactiveAudio":true},"\"":null)"));
    given.extra = json("3");
    CHECK(refusal_of([&] { return wire(given); }) == "setup::extra must be a JSON object.");
    given.extra = json(R"({"sessionResumption": {"handle": "h"}})");
    CHECK(
        refusal_of([&] { return wire(given); }).starts_with("setup::extra must not hold session"));
    given.extra = json(R"({"session_resumption": {"handle": "h"}})");
    CHECK(
        refusal_of([&] { return wire(given); }).starts_with("setup::extra must not hold session"));
    given.extra = json(R"({"large": 123456789012345678901234567890})");
    CHECK(wire(given).ends_with(R"("large":1.2345678901234568e+29}})"));
    given.extra = json(R"({"deep": )" + std::string(63, '[') + '1' + std::string(63, ']') + '}');
    CHECK(refusal_of([&] { return wire(given); }) ==
          "The setup is nested too deeply: its parts may have 64 levels together.");
}

TEST_CASE("values that JSON cannot express are refused by the path of their member")
{
    const auto told = [](auto change) {
        setup given = plain();
        change(given);
        return refusal_of([&] { return wire(given); });
    };
    CHECK(told([](setup& s) { s.temperature = std::nan(""); }) ==
          "setup.generationConfig.temperature cannot be sent: it is not a finite number.");
    CHECK(told([](setup& s) { s.top_p = std::numeric_limits<double>::infinity(); }) ==
          "setup.generationConfig.topP cannot be sent: it is not a finite number.");
    CHECK(told([](setup& s) { s.voice = "\xff"; }) ==
          "setup.generationConfig.speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName cannot be "
          "sent: it is not UTF-8.");
    CHECK(told([](setup& s) {
        s.functions.push_back({.name = "f"});
        s.functions.push_back({.name = "\xc3"});
    }) == "setup.tools[0].functionDeclarations[1].name cannot be sent: it is not UTF-8.");
    std::vector<content> turns;
    turns.emplace_back("fine");
    turns.emplace_back("\xed\xa0\x80");
    CHECK(refusal_of([&] {
        return protocol::encode_client_content(turns, true, backend::gemini_api);
    }) == "clientContent.turns[1].parts[0].text cannot be sent: it is not UTF-8.");
    CHECK(refusal_of([] { return wire(realtime_input::text("\xff")); }) ==
          "realtimeInput.text cannot be sent: it is not UTF-8.");
    CHECK(told([](setup& s) { s.model = "a?b"; }) != "taken");
    CHECK(told([](setup& s) { s.model.clear(); }) != "taken");
}

TEST_CASE("client content has its turns in order")
{
    std::vector<content> turns;
    turns.emplace_back("What is the capital of France?");
    turns.emplace_back("model", "\"Paris\"\n\t\x01\\");
    CHECK(
        protocol::encode_client_content(turns, false, backend::gemini_api).view() ==
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"What is the capital of France?"}]},{"role":"model","parts":[{"text":"\"Paris\"\n\t\u0001\\"}]}],"turnComplete":false}})");
    CHECK(protocol::encode_client_content({}, true, backend::gemini_api).view() ==
          R"({"clientContent":{"turnComplete":true}})");

    const auto picture = bytes_of("\xff\xd8\xff");
    std::vector<part> parts;
    parts.emplace_back(blob("image/jpeg", bytes(picture.begin(), picture.end())));
    turns.assign(1, content("user", std::move(parts)));
    CHECK(
        protocol::encode_client_content(turns, true, backend::gemini_api).view() ==
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/jpeg","data":"/9j/"}}]}],"turnComplete":true}})");
}

TEST_CASE("realtime input has one member")
{
    const auto pcm = bytes_of({"\0\0\1\0\2\0\3\0\xff\xff", 10});
    const auto audio =
        R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"AAABAAIAAwD//w=="}}})";
    CHECK(wire(realtime_input::audio(pcm)) == audio);
    CHECK(protocol::encode_realtime_audio(pcm, 16000).view() == audio);
    CHECK(wire(realtime_input::video(bytes_of("\xff\xd8\xff"))) ==
          R"({"realtimeInput":{"video":{"mimeType":"image/jpeg","data":"/9j/"}}})");
    CHECK(wire(realtime_input::text("Hello")) == R"({"realtimeInput":{"text":"Hello"}})");
    CHECK(wire(realtime_input::activity_start()) == R"({"realtimeInput":{"activityStart":{}}})");
    CHECK(wire(realtime_input::activity_end()) == R"({"realtimeInput":{"activityEnd":{}}})");
    CHECK(
        wire(realtime_input::audio_stream_end()) == R"({"realtimeInput":{"audioStreamEnd":true}})");
}

TEST_CASE("audio of every size is whole in its frame")
{
    for (std::size_t size = 2; size <= 400; size += 2) {
        const std::string pcm(size, 'x');
        const auto frame = protocol::encode_realtime_audio(bytes_of(pcm), 24000);
        std::string answer(frame.view());
        REQUIRE(
            answer.starts_with(R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=24000")"));
        REQUIRE(answer.ends_with("\"}}}"));
        // the same part, as a server would send it
        answer = R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":)" +
                 answer.substr(26, answer.size() - 28) + "}]}}}";
        const auto message = protocol::decode_server_message(base::padded_buffer(answer));
        REQUIRE(std::equal(message.audio().begin(), message.audio().end(), bytes_of(pcm).begin(),
            bytes_of(pcm).end()));
    }
}

TEST_CASE("media that the API does not accept is refused with what it accepts")
{
    const std::string whole = "Audio must be whole 16-bit samples, at least one: ";
    CHECK(refusal_of([] { return protocol::encode_realtime_audio({}, 16000); }) ==
          whole + "0 bytes were given.");
    CHECK(refusal_of([] { return protocol::encode_realtime_audio(bytes_of("abc"), 16000); }) ==
          whole + "3 bytes were given.");
    CHECK(refusal_of([] { return wire(realtime_input::audio(bytes_of("a"))); }) ==
          whole + "1 bytes were given.");
    CHECK(refusal_of([] { return protocol::encode_realtime_audio(bytes_of("ab"), 0); }) ==
          "Audio needs a sample rate such as 16000, not 0.");
    CHECK(refusal_of([] { return realtime_input::audio(bytes_of("ab"), -1).members(); }) ==
          "Audio needs a sample rate such as 16000, not -1.");
    CHECK(refusal_of([] { return wire(realtime_input::video(bytes_of("ab"), "audio/pcm")); }) ==
          "Video is sent as pictures: their media type must begin with \"image/\".");
    CHECK(refusal_of([] { return wire(realtime_input::video({})); }) ==
          "A picture must not be empty.");
    CHECK(refusal_of([] { return wire(realtime_input::video(bytes_of("ab"), "image/\xff")); }) !=
          "taken");
    CHECK(wire(realtime_input::video(bytes_of("ab"), "image/\"")).find(R"("image/\"")") !=
          std::string::npos);
}

TEST_CASE("tool responses go out together, with the ids of their calls")
{
    function_call call;
    call.id = "function-call-1";
    call.name = "get_weather";
    std::vector<function_response> responses;
    responses.emplace_back(call, json(R"( {"output": {"temperature": 21.5}} )"));
    responses.emplace_back("", "f", json());
    CHECK(
        protocol::encode_tool_response(responses, backend::vertex_ai).view() ==
        R"({"toolResponse":{"functionResponses":[{"id":"function-call-1","name":"get_weather","response": {"output": {"temperature": 21.5}} },{"name":"f","response":{}}]}})");
    CHECK(refusal_of([&] {
        return protocol::encode_tool_response(responses, backend::gemini_api);
    }) == "The response of f has no id: the Gemini API needs that of the call.");
    responses[1].response = json("\"done\"");
    CHECK(refusal_of([&] {
        return protocol::encode_tool_response(responses, backend::vertex_ai);
    }) == "toolResponse.functionResponses[1].response cannot be sent: it must be a JSON object.");
    responses[1] = function_response("id", "", json());
    CHECK(refusal_of([&] {
        return protocol::encode_tool_response(responses, backend::vertex_ai);
    }) == "A function response has no name: give it that of the function.");
    CHECK(refusal_of([] { return protocol::encode_tool_response({}, backend::vertex_ai); }) ==
          "A tool response must answer at least one call.");
}

TEST_CASE("music settings include their bounds")
{
    using config = music_generation_config;
    const auto taken = [](const config& each) {
        return refusal_of([&] { return protocol::encode_music_generation_config(each); }) ==
               "taken";
    };
    const auto at_bpm = [](int bpm) {
        config made;
        made.bpm = bpm;
        return made;
    };
    CHECK_FALSE(taken(at_bpm(59)));
    CHECK(taken(at_bpm(60)));
    CHECK(taken(at_bpm(200)));
    CHECK_FALSE(taken(at_bpm(201)));
}

TEST_CASE("a server's message is written in the service's style")
{
    server_message_members members;
    members.setup_complete.emplace();
    CHECK(protocol::encode_server_message(members) == "{\n  \"setupComplete\": {}\n}\n");

    members = {};
    auto& parts = members.server_content.emplace().model_turn.emplace().parts;
    parts.emplace_back(blob("audio/pcm;rate=24000", bytes(3)));
    members.server_content->turn_complete = true;
    members.go_away.emplace().time_left = 9846ms;
    CHECK(protocol::encode_server_message(members) == R"({
  "serverContent": {
    "modelTurn": {
      "parts": [
        {
          "inlineData": {
            "mimeType": "audio/pcm;rate=24000",
            "data": "AAAA"
          }
        }
      ]
    },
    "turnComplete": true
  },
  "goAway": {
    "timeLeft": "9.846s"
  }
}
)");
}

TEST_CASE("every member of a server message survives a round trip")
{
    const auto text = protocol::encode_server_message([] {
        server_message_members all;
        all.setup_complete.emplace().session_id = "s";
        auto& content = all.server_content.emplace();
        auto& parts = content.model_turn.emplace("model", std::vector<part>{}).parts;
        parts.emplace_back("a \"quoted\" {text}, [1]\n");
        parts.back().thought = true;
        parts.emplace_back("");
        content.generation_complete = content.interrupted = content.waiting_for_input = true;
        content.turn_complete_reason = turn_complete_reason::blocklist;
        content.interaction_status = interaction_status::idle;
        content.input_transcription.emplace().text = "in";
        content.output_transcription.emplace().finished = true;
        auto& call = all.tool_call.emplace().function_calls.emplace_back();
        call.id = "i";
        call.name = "n";
        call.args = json("{\"a\" : [ ], \"b\":{ }}");
        all.tool_call_cancellation.emplace().ids = {"x", "y"};
        all.go_away.emplace().time_left = 50s;
        auto& update = all.session_resumption_update.emplace();
        update.new_handle = "h";
        update.resumable = true;
        update.last_consumed_client_message_index = 17;
        all.usage_metadata = usage_metadata{1, 2, 3, 4, 5, 6};
        auto& failure = all.error.emplace();
        failure.code = 400;
        failure.message = "m";
        failure.status = "INVALID_ARGUMENT";
        return all;
    }());
    const auto message = protocol::decode_server_message(base::padded_buffer(text));
    CHECK(protocol::encode_server_message(message.members()) == text);
    const auto& all = message.members();
    CHECK(all.unknown.empty());
    CHECK(all.setup_complete->session_id == "s");
    CHECK(message.thought_text() == "a \"quoted\" {text}, [1]\n");
    CHECK(all.server_content->model_turn->parts.size() == 2);
    CHECK(all.server_content->turn_complete_reason == "BLOCKLIST");
    CHECK(all.server_content->output_transcription->finished);
    CHECK(all.tool_call->function_calls[0].args.find_string("/a") == std::nullopt);
    CHECK(all.tool_call_cancellation->ids.size() == 2);
    CHECK(all.go_away->time_left == 50s);
    CHECK(all.session_resumption_update->last_consumed_client_message_index == 17);
    CHECK(text.find(R"("lastConsumedClientMessageIndex": "17")") != std::string::npos);
    CHECK(all.usage_metadata->total_token_count == 6);
    CHECK(all.error->code == 400);
}

TEST_CASE("roles other than user and model are refused by name, and an empty one is the user's")
{
    const auto sent = [](const std::string& role) {
        const std::vector<content> turns{{"user", "a"}, {role, "b"}};
        return std::string(
            protocol::encode_client_content(turns, true, backend::gemini_api).view());
    };
    CHECK(sent("model").find(R"({"role":"model","parts":[{"text":"b"}]})") != std::string::npos);
    CHECK(sent("").find(R"({"role":"user","parts":[{"text":"b"}]})") != std::string::npos);
    for (const auto* role : {"system", "assistant", "USER", "tool"}) {
        CAPTURE(role);
        const auto refusal = refusal_of([&] { return sent(role); });
        CHECK(refusal.starts_with("clientContent.turns[1].role cannot be \"" + std::string(role)));
    }
    auto odd = plain();
    odd.system_instruction = content("assistant", "Be brief.");
    CHECK(refusal_of([&] {
        return wire(odd);
    }).starts_with("setup.systemInstruction.role cannot be \"assistant\""));
}

TEST_CASE("a tool response that is not a JSON object is refused before it is sent")
{
    for (const auto* text : {"3", "\"sunny\"", "[1]", "null", " true"}) {
        CAPTURE(text);
        const std::vector<function_response> responses{
            function_response("id", "weather", json(text))};
        CHECK(refusal_of(
            [&] { return protocol::encode_tool_response(responses, backend::vertex_ai); })
                  .starts_with("toolResponse.functionResponses[0].response cannot be sent: it must "
                               "be a JSON object"));
    }
}

TEST_CASE("empty braces enable an option, live::off disables it")
{
    auto given = plain();
    given.output_audio_transcription = {};
    CHECK(wire(given) == with_model(R"(,"outputAudioTranscription":{})"));
    given.output_audio_transcription = off;
    given.session_resumption = {};
    CHECK(wire(given) == with_model(R"(,"sessionResumption":{})"));
    const setup made{.model = std::string(any_model),
        .input_audio_transcription = {},
        .session_resumption = off,
        .context_window_compression = {},
        .history_config = {}};
    CHECK(wire(made) == with_model(R"(,"inputAudioTranscription":{},"contextWindowCompression":{},)"
                                   R"("historyConfig":{})"));
    auto searching = plain();
    tool search;
    search.google_search = {};
    search.code_execution = {};
    searching.tools.push_back(search);
    CHECK(wire(searching) == with_model(R"(,"tools":[{"googleSearch":{},"codeExecution":{}}])"));
    // code that reads or stores a std::optional still compiles
    const std::optional<audio_transcription> none;
    given.output_audio_transcription = none;
    CHECK_FALSE(given.output_audio_transcription);
    const std::optional<audio_transcription> kept = made.input_audio_transcription;
    CHECK(kept);
}

} // namespace encode_test
