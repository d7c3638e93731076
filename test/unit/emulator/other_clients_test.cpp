// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/speech.hpp"

#include "unit/emulator/virtual_client.hpp"

namespace other_clients_test {

using namespace test;

// What other clients send, and what they need in return. ./dev peers runs the real ones.

namespace {

bytes silence(double seconds) { return bytes(static_cast<std::size_t>(seconds * speech_rate) * 2); }

/// A square wave as loud as speech.
bytes tone(double seconds)
{
    auto pcm = silence(seconds);
    for (std::size_t i = 1; i < pcm.size(); i += 2)
        pcm[i] = i / 2 % 100 < 50 ? std::byte{0x20} : std::byte{0xe0};
    return pcm;
}

bytes operator+(bytes first, const bytes& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

void hear_in_pieces(client& c, const bytes& pcm, std::size_t piece)
{
    for (std::size_t at = 0; at < pcm.size(); at += piece)
        c.say(audio_message(std::span(pcm).subspan(at, std::min(piece, pcm.size() - at))));
}

std::string heard_by(const client& c)
{
    std::string all;
    for (const auto& each : c.heard) all += each.input_transcription();
    return all;
}

std::string user(std::string_view words)
{
    return fmt::format(R"({{"role":"user","parts":[{{"text":"{}"}}]}})", words);
}

std::string model_turn(std::string_view words)
{
    return fmt::format(R"({{"role":"model","parts":[{{"text":"{}"}}]}})", words);
}

std::string turns(std::string_view list, bool complete)
{
    return fmt::format(R"({{"clientContent":{{"turns":[{}],"turnComplete":{}}}}})", list, complete);
}

constexpr std::string_view native_2_5 = "gemini-2.5-flash-native-audio-preview-12-2025";
constexpr std::string_view weather =
    R"(,"tools":[{"functionDeclarations":[{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}]}])";

bool is_call(const server_message& each) { return each.members().tool_call.has_value(); }
bool is_generated(const server_message& each)
{
    return each.members().server_content && each.members().server_content->generation_complete;
}

} // namespace

TEST_CASE("one message of 3 s of speech and 0.8 s of silence is heard and answered")
{
    client c;
    c.connect();
    c.say(audio_message(tone(3) + silence(0.8)));
    CHECK(heard_by(c) == "(3.0 s of speech)");
    c.wait();
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("speech is heard however it is cut")
{
    const auto pcm = silence(0.5) + tone(1.2) + silence(1);
    client c;
    c.connect();
    SECTION("whole") { hear_in_pieces(c, pcm, pcm.size()); }
    SECTION("in pieces of 560 ms") { hear_in_pieces(c, pcm, 26'880); }
    SECTION("in pieces of 10 ms") { hear_in_pieces(c, pcm, 480); }
    SECTION("in pieces that cut samples in two") { hear_in_pieces(c, pcm, 333); }
    SECTION("the first of one sample")
    {
        c.say(audio_message(std::span(pcm).first(2)));
        hear_in_pieces(c, bytes(pcm.begin() + 2, pcm.end()), 4'800);
    }
    CHECK(heard_by(c) == "(1.2 s of speech)");
    c.wait();
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("a long silence before short speech does not drown it")
{
    client c;
    c.connect();
    c.say(audio_message(silence(20) + tone(0.2) + silence(0.8)));
    CHECK(heard_by(c) == "(0.2 s of speech)");
}

TEST_CASE("two utterances in one message are two turns")
{
    client c;
    c.connect();
    c.say(audio_message(tone(1) + silence(1) + tone(0.5) + silence(1)));
    CHECK(heard_by(c) == "(1.0 s of speech)(0.5 s of speech)");
    c.wait();
    CHECK(c.transcript().ends_with("I heard 0.5 seconds of speech. The emulator has ears, but it "
                                   "does not understand words: type them, and I shall answer."));
}

TEST_CASE("the end of the stream ends speech, after it or in the same message")
{
    client c;
    c.connect();
    SECTION("in a later message")
    {
        c.say(audio_message(tone(3) + silence(0.3)));
        c.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
    }
    SECTION("in the same message")
    {
        c.say(audio_message(tone(3) + silence(0.3), R"(,"audioStreamEnd":true)"));
    }
    SECTION("after a silence that ended it") // not a second turn
    {
        c.say(audio_message(tone(3) + silence(0.8)));
        c.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
    }
    CHECK(heard_by(c) == "(3.0 s of speech)");
    c.wait();
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("a very short utterance counts at the end of the stream")
{
    client c;
    c.connect();
    c.say(audio_message(tone(0.01), R"(,"audioStreamEnd":true)"));
    c.wait();
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("the user's last words are answered even if other turns follow them")
{
    client c;
    c.connect();
    SECTION("a placeholder") { c.say(turns(user("Who are you?") + "," + user("."), true)); }
    SECTION("a placeholder in a message of its own")
    {
        c.say(turns(user("Who are you?"), false));
        c.say(turns(user("."), true));
    }
    SECTION("a model's turn in a message of its own")
    {
        c.say(turns(user("Who are you?"), false));
        c.say(turns(model_turn("Answer the user."), true));
    }
    SECTION("a model's turn and a placeholder")
    {
        c.say(turns(user("Who are you?"), false));
        c.say(turns(model_turn("Answer the user.") + "," + user("."), true));
    }
    SECTION("nothing but the end of the turn")
    {
        c.say(turns(user("Who are you?"), false));
        c.say(R"({"clientContent":{"turnComplete":true}})");
    }
    SECTION("after a history")
    {
        c.say(turns(user("Hello") + "," + model_turn("Hello!"), false));
        c.say(turns(user("Who are you?"), false));
        c.say(turns(model_turn("Answer the user."), true));
    }
    c.wait();
    CHECK(c.transcript().find("I am the emulator") != std::string::npos);
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("what has been answered is not answered again")
{
    client c;
    c.connect();
    c.say(turns(user("Who are you?"), true));
    c.wait();
    c.heard.clear();
    c.say(turns(model_turn("Answer.") + "," + user("."), true));
    c.wait();
    CHECK(c.transcript().find("I am the emulator") == std::string::npos);
}

TEST_CASE("2.5 ends the turn with its call, before the response")
{
    client c;
    c.connect(weather, native_2_5);
    c.say(turns(user("What is the weather in Oslo?"), true));
    c.wait();
    const auto* const asked = c.find(is_call);
    REQUIRE(asked);
    CHECK(c.place(is_call) < c.place(is_generated));
    CHECK(c.place(is_generated) < c.place(is_end));
    REQUIRE(c.find(is_end));
    CHECK(c.find(is_end)->members().usage_metadata);
    const auto id = asked->members().tool_call->function_calls.at(0).id;
    c.heard.clear();
    c.say(fmt::format(
        R"({{"toolResponse":{{"functionResponses":[{{"id":"{}","response":{{"output":"rain"}}}}]}}}})",
        id));
    c.wait();
    CHECK(c.transcript().find("rain") != std::string::npos);
    CHECK(c.count(is_end) == 1);
}

TEST_CASE("3.1 ends the turn of a call with the answer")
{
    client c;
    c.connect(weather, "gemini-3.1-flash-live-preview");
    c.say(turns(user("What is the weather in Oslo?"), true));
    c.wait();
    CHECK(c.count(is_call) == 1);
    CHECK(c.count(is_end) == 0);
}

TEST_CASE("values in another case mean the same")
{
    client c;
    c.say(
        R"({"setup":{"model":"models/gemini-emulator-text","generationConfig":{"responseModalities":["text"]},)"
        R"("realtimeInputConfig":{"activityHandling":"no_interruption"}}})");
    c.text("Hello");
    c.wait(400ms);
    c.say(audio_message(tone(1) + silence(1)));
    CHECK(c.count(is_cut) == 0);
    c.wait();
    CHECK_FALSE(c.written().empty());
    CHECK(c.transcript().empty());
}

TEST_CASE("an alias stands for the model that it was defined for")
{
    client c;
    c.names.aliases = {{"gemini-live-2.5-flash-preview", "gemini-emulator-text"}};
    SECTION("on the Gemini API")
    {
        c.say(
            R"({"setup":{"model":"models/gemini-live-2.5-flash-preview","generationConfig":{"responseModalities":["TEXT"]}}})");
    }
    SECTION("on Vertex AI")
    {
        c.way.backend = backend::vertex_ai;
        c.way.version = "v1beta1";
        c.say(
            R"({"setup":{"model":"projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash-preview","generationConfig":{"responseModalities":["TEXT"]}}})");
    }
    CHECK_FALSE(c.closed);
    client other;
    other.names = c.names;
    other.say(R"({"setup":{"model":"models/gemini-live-2.0-flash"}})");
    REQUIRE(other.closed);
    CHECK(other.closed->first == 1008);
}

TEST_CASE("any model is accepted on request, and the known ones keep their behavior")
{
    client c;
    c.names.any = true;
    c.say(R"({"setup":{"model":"models/gemini-9-live"}})");
    c.text("Hello");
    c.wait();
    CHECK(c.count(is_end) == 1);
    client known;
    known.names.any = true;
    known.say(
        R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["TEXT"]}}})");
    CHECK(known.closed);
    client nameless;
    nameless.names.any = true;
    nameless.say(R"({"setup":{"model":"models/"}})");
    CHECK(nameless.closed);
}

TEST_CASE("3.1 never answers a setup with affective dialog or proactivity; the log says why")
{
    const std::string model = "gemini-3.1-flash-live-preview";
    const auto none = [&model](std::string_view path) {
        return fmt::format("setup.{}: {} has none", path, model);
    };
    for (const auto& [members, rule] :
        {std::pair(R"("generationConfig":{"enableAffectiveDialog":true})",
             none("generation_config.enable_affective_dialog")),
            std::pair(R"("proactivity":{"proactiveAudio":true})", none("proactivity"))}) {
        client c;
        c.say(fmt::format(R"({{"setup":{{"model":"models/{}",{}}}}})", model, members));
        CHECK(c.rule == rule);
        c.text("Hello?");
        c.wait();
        CHECK(c.heard.empty());
        CHECK_FALSE(c.closed);
        CHECK_FALSE(c.dropped);
    }
}

TEST_CASE("the log names member and rule of a refusal whose reason does not")
{
    struct row {
        std::string_view model, members;
        std::string rule;
    };
    for (const auto& each :
        {
            row{"gemini-3.8-live", R"("generationConfig":{"enableAffectiveDialog":true})",
                "setup.generation_config.enable_affective_dialog: gemini-3.8-live has none"},
            row{native_2_5, R"("generationConfig":{"enableAffectiveDialog":true})",
                "setup.generation_config.enable_affective_dialog: on v1alpha only"},
            row{"gemini-3.8-live", R"("generationConfig":{"responseModalities":["TEXT"]})",
                "setup.generation_config.response_modalities: gemini-3.8-live does not answer in "
                "TEXT"},
            row{"gemini-3.8-live", R"("generationConfig":{"responseMimeType":"text/plain"})",
                "setup.generation_config.response_mime_type: not for a live session"},
            row{"gemini-3.8-live", R"("proactivity":{"proactiveAudio":false})",
                "setup.proactivity.proactive_audio: gemini-3.8-live cannot be without it"},
            row{"gemini-3.8-live",
                R"("tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"a"},{"name":"a"}]}])",
                "setup.tools[1].function_declarations[1].name: a is declared twice"},
            row{"gemini-3.8-live", R"("generationConfig":{"thinkingConfig":{"thinkingBudget":-1}})",
                "setup.generation_config.thinking_config: gemini-3.8-live takes none"},
            row{"gemini-3.8-live-extended-thinking", R"("labels":{})",
                "setup.generation_config.thinking_config: gemini-3.8-live-extended-thinking needs "
                "thinking_level or thinking_budget"},
            row{"gemini-3.1-flash-live-preview",
                R"("tools":[{"functionDeclarations":[{"name":"a","behavior":"non_blocking"}]}])",
                "setup.tools[0].function_declarations[0].behavior: gemini-3.1-flash-live-preview "
                "has no NON_BLOCKING functions"},
        }) {
        client c;
        c.say(fmt::format(R"({{"setup":{{"model":"models/{}",{}}}}})", each.model, each.members));
        INFO(each.members);
        REQUIRE(c.closed);
        CHECK(c.closed->second == "Request contains an invalid argument.");
        CHECK(c.rule == each.rule);
    }
    client later;
    later.connect();
    later.say(R"({"realtimeInput":{"activityStart":{}}})");
    CHECK(later.rule ==
          "realtime_input.activity_start: only with automatic_activity_detection.disabled");
    client role;
    role.connect();
    role.say(
        R"({"clientContent":{"turns":[{"role":"user"},{"role":"system","parts":[{"text":"a"}]}]}})");
    CHECK(role.rule == "client_content.turns[1].role: user or model");
    client music;
    music.way.music = true;
    music.way.version = "v1alpha";
    music.say(R"({"setup":{"model":"models/lyria-realtime-exp"}})");
    music.say(R"({"musicGenerationConfig":{"bpm":900}})");
    CHECK(music.rule == "music_generation_config.bpm: from 60 to 200");
}

TEST_CASE("a reason too long for a close frame is logged in full")
{
    client c;
    c.connect();
    c.say(
        R"({"clientContent":{"turns":[{"parts":[{"functionResponse":{"parts":[{"inlineData":{"thisMemberIsUnknown":1}}]}}]}]}})");
    REQUIRE(c.closed);
    CHECK(c.closed->second.size() <= 123);
    CHECK(c.rule.ends_with("Cannot find field."));
}

} // namespace other_clients_test
