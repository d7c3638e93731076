// SPDX-License-Identifier: Apache-2.0
#include "unit/emulator/virtual_client.hpp"

#include "emulator/persona/speech.hpp"

namespace productions_test {

using namespace test;

// That the emulator can produce every message of the service, and when it does.

namespace {

constexpr std::string_view thinker = "gemini-3.8-live-extended-thinking";

const server_content* content_of(const server_message& message)
{
    return message.members().server_content ? &*message.members().server_content : nullptr;
}

/// Asks, and reads the whole answer.
void ask(client& c, std::string_view words)
{
    c.heard.clear();
    c.text(words);
    c.wait();
}

void answer_call(client& c, std::string_view id, std::string_view more = "")
{
    c.say(fmt::format(
        R"({{"toolResponse":{{"functionResponses":[{{"id":"{}","name":"get_weather","response":{{"output":"sunny"}}{}}}]}}}})",
        id, more));
}

constexpr std::string_view non_blocking =
    R"(,"tools":[{"functionDeclarations":[{"name":"get_weather","behavior":"NON_BLOCKING"}]}])";

/// All text in a text model's answers.
client writer(std::string_view more)
{
    client c;
    c.say(fmt::format(R"({{"setup":{{"model":"models/gemini-emulator-text","generationConfig":)"
                      R"({{"responseModalities":["TEXT"]{}}}}}}})",
        more));
    return c;
}

client writer_with_tool(std::string_view tool)
{
    client c;
    c.say(fmt::format(R"({{"setup":{{"model":"models/gemini-emulator-text","generationConfig":)"
                      R"({{"responseModalities":["TEXT"]}},"tools":[{{"{}":{{}}}}]}}}})",
        tool));
    REQUIRE_FALSE(c.closed);
    return c;
}

} // namespace

TEST_CASE("usage lists modalities, and each backend's own fields")
{
    client g;
    g.connect();
    g.say(audio_message(speak("hello hello hello")));
    g.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
    g.wait();
    const auto* end = g.find(is_end);
    REQUIRE(end);
    const auto& usage = *end->members().usage_metadata;
    CHECK(usage.service_tier == service_tier::standard);
    CHECK(usage.traffic_type.empty());
    REQUIRE(usage.response_tokens_details.size() == 1);
    CHECK(usage.response_tokens_details[0].modality == token_modality::audio);
    CHECK(usage.response_tokens_details[0].token_count == usage.response_token_count);
    CHECK(std::any_of(usage.prompt_tokens_details.begin(), usage.prompt_tokens_details.end(),
        [](const auto& each) { return each.modality == token_modality::audio; }));
    CHECK(usage.total_token_count == usage.prompt_token_count + usage.response_token_count);
    CHECK(end->raw().find("responseTokensDetails") != std::string_view::npos);

    client v;
    v.way.backend = backend::vertex_ai;
    v.connect();
    ask(v, "Hello");
    const auto* last = v.find(is_end);
    REQUIRE(last);
    CHECK(last->members().usage_metadata->traffic_type == traffic_type::on_demand);
    CHECK(last->members().usage_metadata->service_tier.empty());
    CHECK(last->raw().find("candidatesTokensDetails") != std::string_view::npos);
}

TEST_CASE("thoughts precede the answer when requested, and are counted")
{
    auto c = writer(R"(,"thinkingConfig":{"includeThoughts":true})");
    c.heard.clear();
    ask(c, "Hello");
    CHECK(c.heard.at(0).thought_text().starts_with("The user says: Hello."));
    CHECK(c.written().find("The user says") == std::string::npos);
    CHECK(c.find(is_end)->members().usage_metadata->thoughts_token_count > 0);
    auto silent = writer("");
    ask(silent, "Hello");
    CHECK(silent.count([](const auto& each) { return !each.thought_text().empty(); }) == 0);
}

TEST_CASE("code is shown and run when a sum is asked for")
{
    auto c = writer_with_tool("codeExecution");
    ask(c, "What is 6 * 7?");
    const auto has_code = [](const auto& each) {
        const auto* content = content_of(each);
        return content && content->model_turn && content->model_turn->parts[0].executable_code;
    };
    const auto has_result = [](const auto& each) {
        const auto* content = content_of(each);
        return content && content->model_turn &&
               content->model_turn->parts[0].code_execution_result;
    };
    REQUIRE(c.find(has_code));
    REQUIRE(c.find(has_result));
    CHECK(c.place(has_code) < c.place(has_result));
    CHECK(c.find(has_result)
              ->members()
              .server_content->model_turn->parts[0]
              .code_execution_result->output == "42\n");
    CHECK(c.written() == "6 * 7 is 42.");
    CHECK(c.find(is_end)->members().usage_metadata->tool_use_prompt_token_count > 0);
}

TEST_CASE("search and URL context report their sources before the answer is complete")
{
    auto searching = writer_with_tool("googleSearch");
    ask(searching, "search for the news");
    const auto grounded = [](const auto& each) {
        return content_of(each) && content_of(each)->grounding_metadata.has_value();
    };
    const auto complete = [](const auto& each) {
        return content_of(each) && content_of(each)->generation_complete;
    };
    REQUIRE(searching.find(grounded));
    CHECK(searching.place(grounded) < searching.place(complete));
    const auto& grounding = *content_of(*searching.find(grounded))->grounding_metadata;
    CHECK(grounding.web_search_queries.size() == 1);
    CHECK(grounding.grounding_supports.at(0).segment->text == searching.written());
    CHECK_FALSE(grounding.search_entry_point->rendered_content.empty());

    auto reading = writer_with_tool("urlContext");
    ask(reading, "what does https://example.com/ say?");
    const auto read = [](const auto& each) {
        return content_of(each) && content_of(each)->url_context_metadata.has_value();
    };
    REQUIRE(reading.find(read));
    CHECK(content_of(*reading.find(read))->url_context_metadata->url_metadata.at(0).retrieved_url ==
          "https://example.com/");
}

TEST_CASE("transcription has the language, the words with their times, and the speaker")
{
    client c;
    c.say(
        R"({"setup":{"model":"models/gemini-3.5-transcribe-live","inputAudioTranscription":{"languageCodes":["de-DE"],"wordTimestamp":true,"diarization":true}}})");
    c.heard.clear();
    c.say(audio_message(bytes(speech_rate * 2))); // a second of silence first
    c.say(audio_message(speak("hello hello hello hello")));
    c.say(audio_message(speak("hello hello hello hello")));
    c.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
    const auto is_guess = [](const auto& each) {
        return content_of(each) && content_of(each)->interim_input_transcription.has_value();
    };
    const auto is_heard = [](const auto& each) {
        return content_of(each) && content_of(each)->input_transcription.has_value();
    };
    CHECK(c.count(is_guess) >= 1);
    REQUIRE(c.count(is_heard) == 1);
    CHECK(c.place(is_guess) < c.place(is_heard));
    const auto& heard = *content_of(*c.find(is_heard))->input_transcription;
    CHECK(heard.finished);
    CHECK(heard.language_code == "de-DE");
    CHECK(heard.speaker_label == "spk_1");
    REQUIRE(heard.words.size() == 4);
    CHECK(heard.words.front().start_offset == std::chrono::nanoseconds(1s));
    CHECK(heard.words.back().end_offset == heard.end_offset);
    c.wait();
    CHECK(c.written() == heard.text); // this model writes what it hears
}

TEST_CASE("other models report guesses only with times, and only on request")
{
    const auto guesses = [](std::string_view setup) {
        client c;
        c.connect(setup);
        c.say(audio_message(speak("hello hello hello hello hello hello")));
        c.say(audio_message(speak("hello hello hello hello hello hello")));
        int count = 0;
        for (const auto& each : c.heard)
            if (content_of(each) && content_of(each)->interim_input_transcription) {
                CHECK(content_of(each)->interim_input_transcription->end_offset);
                ++count;
            }
        return count;
    };
    CHECK(guesses("") == 0);
    CHECK(guesses(R"(,"realtimeInputConfig":{"interimTranscriptTimestampEnabled":true})") > 0);
}

TEST_CASE("Vertex AI reports voice activity, if the setup asks for it")
{
    client c;
    c.way.backend = backend::vertex_ai;
    c.connect(R"(,"explicitVadSignal":true)");
    c.say(audio_message(bytes(speech_rate))); // half a second
    c.say(audio_message(speak("hello")));
    c.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
    std::vector<voice_activity> told;
    std::vector<std::string> states;
    for (const auto& each : c.heard) {
        if (each.members().voice_activity) told.push_back(*each.members().voice_activity);
        if (content_of(each) && !content_of(each)->speech_state.empty())
            states.emplace_back(content_of(each)->speech_state.name());
    }
    REQUIRE(told.size() == 2);
    CHECK(told[0] == voice_activity{voice_activity_type::activity_start, 500ms});
    CHECK(told[1].type == voice_activity_type::activity_end);
    CHECK(*told[1].audio_offset > 500ms);
    CHECK(states == std::vector<std::string>{"SPEECH", "NON_SPEECH"});
}

TEST_CASE("extended thinking reports at each end of a turn whether more follows")
{
    client c;
    c.connect(R"(,"tools":[{"functionDeclarations":[{"name":"get_weather"}]}])", thinker);
    const auto status = [&] {
        const auto found = std::find_if(c.heard.rbegin(), c.heard.rend(),
            [](const auto& each) { return content_of(each) && content_of(each)->turn_complete; });
        return found == c.heard.rend() ? "" : content_of(*found)->interaction_status.name();
    };
    ask(c, "Hello");
    CHECK(status() == "IDLE");
    ask(c, "the weather?");
    CHECK(status() == "IN_PROGRESS");
    const auto* call = c.find([](const auto& each) { return !each.function_calls().empty(); });
    REQUIRE(call);
    const auto id = call->function_calls()[0].id;
    c.heard.clear();
    answer_call(c, id);
    c.wait();
    CHECK(status() == "IDLE");
    CHECK(c.transcript() == "Here is what I found: sunny.");
}

TEST_CASE("a non-blocking function is answered while the model talks")
{
    client c;
    c.connect(non_blocking);
    ask(c, "the weather?");
    const auto* call = c.find([](const auto& each) { return !each.function_calls().empty(); });
    REQUIRE(call);
    const auto id = call->function_calls()[0].id;
    CHECK(c.count(is_end) == 1); // it keeps talking
    CHECK_FALSE(c.transcript().empty());

    SECTION("a user who keeps talking does not make it abandon the call")
    {
        ask(c, "Hello");
        CHECK(c.count([](const auto& each) {
            return each.members().tool_call_cancellation.has_value();
        }) == 0);
        c.heard.clear();
        answer_call(c, id);
        c.wait();
        CHECK(c.transcript() == "Here is what I found: sunny.");
    }

    c.heard.clear();
    c.text("tell me a story");
    c.wait(1s);
    const auto story_goes_on = [&] {
        return c.transcript().find("perfect order") == std::string::npos;
    };
    REQUIRE(story_goes_on());

    SECTION("SILENT: it takes note, and keeps talking")
    {
        answer_call(c, id, R"(,"scheduling":"SILENT")");
        c.wait();
        CHECK(c.transcript().ends_with("perfect order."));
        CHECK(c.count(is_end) == 1);
    }
    SECTION("WHEN_IDLE: after the present answer")
    {
        answer_call(c, id, R"(,"scheduling":"WHEN_IDLE")");
        c.wait();
        CHECK(c.transcript().ends_with("perfect order.Here is what I found: sunny."));
        CHECK(c.count(is_cut) == 0);
    }
    SECTION("INTERRUPT: at once")
    {
        answer_call(c, id, R"(,"scheduling":"INTERRUPT")");
        c.wait();
        CHECK(c.count(is_cut) == 1);
        CHECK(story_goes_on());
        CHECK(c.transcript().ends_with("Here is what I found: sunny."));
    }
    SECTION("willContinue: the call stays open until the last response")
    {
        answer_call(c, id, R"(,"scheduling":"SILENT","willContinue":true)");
        answer_call(c, id, R"(,"scheduling":"SILENT","willContinue":true)");
        answer_call(c, id, R"(,"scheduling":"WHEN_IDLE","willContinue":false)");
        CHECK_FALSE(c.closed);
        c.wait();
        CHECK(c.transcript().ends_with("Here is what I found: sunny."));
    }
}

TEST_CASE("for a blocking function scheduling is ignored")
{
    client c;
    c.connect(
        R"(,"tools":[{"functionDeclarations":[{"name":"get_weather","behavior":"BLOCKING"}]}])");
    ask(c, "the weather?");
    REQUIRE(c.heard.size() == 1);
    const auto id = c.heard[0].function_calls()[0].id;
    c.heard.clear();
    answer_call(c, id, R"(,"scheduling":"SILENT")");
    c.wait();
    CHECK(c.transcript() == "Here is what I found: sunny.");
}

TEST_CASE("an avatar is shown as pieces of MP4 instead of bare audio")
{
    client c;
    c.say(
        R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["VIDEO"]},"avatarConfig":{"avatarName":"a"}}})");
    REQUIRE_FALSE(c.closed);
    ask(c, "Hello");
    std::vector<blob> pieces;
    for (const auto& each : c.heard)
        if (content_of(each) && content_of(each)->model_turn)
            for (const auto& part : content_of(each)->model_turn->parts)
                if (part.inline_data) pieces.push_back(*part.inline_data);
    REQUIRE(pieces.size() > 5);
    const auto box = [](const blob& piece) {
        std::string name;
        for (int i = 4; i < 8; ++i) name += static_cast<char>(piece.data[i]);
        return name;
    };
    CHECK(box(pieces[0]) == "ftyp");
    CHECK(box(pieces[1]) == "moof");
    CHECK(pieces[1].mime_type == R"(video/mp4; codecs="avc1.42c01f, mp4a.40.2")");
    ask(c, "Hello"); // a separate file each turn
    const auto& first = *std::find_if(c.heard.begin(), c.heard.end(),
        [](const auto& each) { return content_of(each) && content_of(each)->model_turn; });
    CHECK(box(*content_of(first)->model_turn->parts[0].inline_data) == "ftyp");
}

TEST_CASE("consent to a voice is signed for the next time")
{
    client c;
    c.say(
        R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"speechConfig":{"voiceConfig":{"replicatedVoiceConfig":{"mimeType":"audio/wav","voiceSampleAudio":"AAAA","consentAudio":"AAAA"}}}}}})");
    REQUIRE(c.heard.size() == 1);
    REQUIRE(c.heard[0].members().setup_complete);
    CHECK(c.heard[0].members().setup_complete->voice_consent_signature);
}

TEST_CASE("what does not happen by itself has a command")
{
    client c;
    c.connect();
    SECTION("/reason ends a turn for a reason")
    {
        ask(c, "/reason");
        CHECK(content_of(*c.find(is_end))->turn_complete_reason ==
              turn_complete_reason::need_more_input);
        ask(c, "/reason generated_audio_safety");
        CHECK(content_of(*c.find(is_end))->turn_complete_reason ==
              turn_complete_reason::generated_audio_safety);
    }
    SECTION("/wait leaves the turn open")
    {
        ask(c, "/wait");
        CHECK(c.count([](const auto& each) {
            return content_of(each) && content_of(each)->waiting_for_input;
        }) == 1);
        CHECK(c.count(is_end) == 0);
        ask(c, "Hello");
        CHECK(c.count(is_end) == 1);
    }
    SECTION("/vad reports the start and the end of speech")
    {
        ask(c, "/vad");
        REQUIRE(c.heard.size() == 2);
        CHECK(c.heard[0].members().voice_activity_detection_signal->vad_signal_type ==
              vad_signal_type::sos);
        CHECK(c.heard[1].members().voice_activity_detection_signal->vad_signal_type ==
              vad_signal_type::eos);
    }
    SECTION("/error reports an error inside a message")
    {
        ask(c, "/error");
        REQUIRE(c.heard.size() == 1);
        REQUIRE(c.heard[0].members().error);
        CHECK(c.heard[0].members().error->status == "UNAVAILABLE");
    }
    SECTION("/call asks for any function")
    {
        ask(c, R"(/call open_door id-7 {"room":"Hall"})");
        REQUIRE(c.heard.size() == 1);
        const auto& call = c.heard[0].function_calls()[0];
        CHECK(call.name == "open_door");
        CHECK(call.id == "id-7");
        CHECK(call.args.find_string("/room") == "Hall");
        ask(c, "/call open_door {");
        CHECK(c.transcript() == "These arguments are no JSON.");
    }
    SECTION("/raw sends its argument")
    {
        ask(c, R"(/raw {"interactionStatus":"IDLE","novelty":1})");
        REQUIRE(c.heard.size() == 1);
        CHECK(c.heard[0].raw() == R"({"interactionStatus":"IDLE","novelty":1})");
        const std::string much(2'000, 'a');
        ask(c, "/raw {\"novelty\":\"" + much + "\"}");
        CHECK(c.heard.at(0).raw().size() > much.size());
    }
    SECTION("/close ends the connection with a code")
    {
        ask(c, "/close 1008");
        REQUIRE(c.closed);
        CHECK(c.closed->first == 1008);
        CHECK(c.closed->second == "Operation is not implemented, or supported, or enabled.");
    }
    SECTION("/help lists them all")
    {
        ask(c, "/help");
        for (const char* each : {"/goaway", "/close", "/drop", "/call", "/partial", "/reason",
                 "/wait", "/vad", "/error", "/raw", "/slow", "/story"}) {
            INFO(each);
            CHECK(c.transcript().find(each) != std::string::npos);
        }
    }
}

TEST_CASE("/partial streams the arguments of a call, on Vertex AI")
{
    client v;
    v.way.backend = backend::vertex_ai;
    v.connect();
    ask(v, "/partial book_trip");
    REQUIRE(v.heard.size() == 3);
    const auto piece = [&](std::size_t i) { return v.heard[i].function_calls()[0]; };
    CHECK(piece(0).name == "book_trip");
    CHECK(piece(0).will_continue);
    CHECK(piece(1).id == piece(0).id);
    REQUIRE(piece(1).partial_args.size() == 2);
    CHECK(piece(1).partial_args[0].string_value == "Bos");
    CHECK(piece(1).partial_args[0].will_continue);
    CHECK_FALSE(piece(2).will_continue);
    CHECK(piece(2).partial_args.at(1).bool_value == true);
    v.heard.clear();
    v.say(
        R"({"toolResponse":{"functionResponses":[{"name":"book_trip","response":{"output":"done"}}]}})");
    v.wait();
    CHECK(v.transcript() == "Here is what I found: done.");

    client g;
    g.connect();
    ask(g, "/partial");
    CHECK(g.transcript() == "Only on Vertex AI do arguments come in pieces.");
}

} // namespace productions_test
