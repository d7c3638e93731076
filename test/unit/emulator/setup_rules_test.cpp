// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/setup_rules.hpp"

#include "emulator/rules/validator.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

namespace setup_rules_test {

using namespace gemini::live;
using namespace gemini::live::emulator;
using gemini::live::protocol::json_value;

namespace {

constexpr std::string_view live_3_8 = "models/gemini-3.8-live";
constexpr std::string_view thinker = "models/gemini-3.8-live-extended-thinking";
constexpr std::string_view live_3_1 = "models/gemini-3.1-flash-live-preview";
constexpr std::string_view transcriber = "models/gemini-3.5-transcribe-live";
constexpr std::string_view translator = "models/gemini-3.5-live-translate-preview";
constexpr std::string_view native_2_5 = "models/gemini-2.5-flash-native-audio-preview-12-2025";

std::variant<accepted_setup, refusal> set_up(
    std::string_view model, std::string_view members, std::string_view version = "v1beta")
{
    const bool must_think =
        model == thinker && !members.empty() && members.npos == members.find("thinkingConfig");
    const auto text = fmt::format(R"({{"setup":{{"model":"{}"{}{}{}}}}})", model,
        members.empty() ? "" : ",", members,
        must_think ? R"(,"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}})" : "");
    const auto message = json_value::parse(text);
    route way;
    way.version = version;
    if (version == "v1beta1") way.backend = backend::vertex_ai;
    INFO(text);
    CHECK(find_fault(message, way.backend).value_or("") == "");
    return read_setup(*message.find("setup"), way);
}

struct row {
    std::string_view model;
    std::string_view members;
    bool taken;
    std::string_view version = "v1beta";
};

void check(const std::vector<row>& rows)
{
    for (const auto& each : rows) {
        INFO(each.model << ' ' << each.members << ' ' << each.version);
        const auto read = set_up(each.model, each.members, each.version);
        const auto* const why = std::get_if<refusal>(&read);
        CHECK((why == nullptr) == each.taken);
        if (!why) continue;
        CHECK(why->code == 1007);
        CHECK(why->reason == "Request contains an invalid argument.");
    }
}

/// The rule whose violation makes the model stay silent.
std::string silence(std::string_view model, std::string_view members)
{
    const auto read = set_up(model, members, "v1alpha");
    REQUIRE(std::holds_alternative<accepted_setup>(read));
    return std::get<accepted_setup>(read).silenced_by;
}

std::string function(std::string_view members)
{
    return fmt::format(R"("tools":[{{"functionDeclarations":[{{"name":"f"{}{}}}]}}])",
        members.empty() ? "" : ",", members);
}

} // namespace

TEST_CASE("a session has one modality, which its model must support")
{
    const auto modality = [](std::string_view names, std::string_view more = "") {
        return fmt::format(R"("generationConfig":{{"responseModalities":[{}]}}{})", names, more);
    };
    const auto audio = modality(R"("AUDIO")"), text = modality(R"("TEXT")"),
               both = modality(R"("AUDIO","TEXT")"), image = modality(R"("IMAGE")"),
               video = modality(R"("VIDEO")"),
               avatar = modality(R"("VIDEO")", R"(,"avatarConfig":{"avatarName":"a"})"),
               faceless = modality(R"("AUDIO")", R"(,"avatarConfig":{"avatarName":"a"})");
    check({{live_3_8, audio, true}, {live_3_8, text, false}, {live_3_8, both, false},
        {live_3_8, image, false}, {live_3_8, video, false}, {live_3_8, avatar, true},
        {live_3_8, avatar, true, "v1beta1"}, {live_3_8, faceless, false}, {live_3_1, avatar, false},
        {native_2_5, text, false}, {transcriber, text, true}, {transcriber, "", true},
        {transcriber, audio, false}, {"models/gemini-emulator-text", text, true},
        {"tunedModels/mine", audio, true}});
}

TEST_CASE("fields of GenerationConfig for other methods are refused")
{
    check({{live_3_8, R"("generationConfig":{"temperature":0,"seed":0})", true},
        {live_3_8, R"("generationConfig":{"stopSequences":["x"]})", false},
        {live_3_8, R"("generationConfig":{"responseMimeType":"text/plain"})", false},
        {live_3_8, R"("generationConfig":{"responseSchema":{"type":"OBJECT"}})", false},
        {live_3_8, R"("generationConfig":{"logprobs":1})", false},
        {live_3_8, R"("generationConfig":{"audioTimestamp":true})", false, "v1beta1"},
        {live_3_8,
            R"("generationConfig":{"speechConfig":{"multiSpeakerVoiceConfig":{"speakerVoiceConfigs":[]}}})",
            false}});
}

TEST_CASE("each model has its thinking levels, and a level excludes a budget")
{
    const auto level = [](std::string_view name) {
        return fmt::format(
            R"("generationConfig":{{"thinkingConfig":{{"thinkingLevel":"{}"}}}})", name);
    };
    const auto low = level("LOW"), minimal = level("MINIMAL");
    check({{live_3_8, low, false}, {thinker, low, true}, {thinker, minimal, false},
        {live_3_1, minimal, true}, {native_2_5, low, false},
        {live_3_8, R"("generationConfig":{"thinkingConfig":{"thinkingBudget":0}})", false},
        {live_3_8, R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})", false},
        {thinker, "", false},
        {thinker, R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})", false},
        {thinker, R"("generationConfig":{"thinkingConfig":{"thinkingBudget":100}})", true},
        {native_2_5, R"("generationConfig":{"thinkingConfig":{"thinkingBudget":-1}})", true},
        {thinker,
            R"("generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW","thinkingBudget":5}})",
            false}});
}

TEST_CASE("affective dialog requires a 2.5 model, on v1alpha or Vertex AI")
{
    constexpr std::string_view affective = R"("generationConfig":{"enableAffectiveDialog":true})";
    check({{native_2_5, affective, true, "v1alpha"}, {native_2_5, affective, false},
        {native_2_5, affective, false, "v1"},
        {"publishers/google/models/gemini-live-2.5-flash-native-audio", affective, true, "v1beta1"},
        {live_3_8, affective, false}, {live_3_8, affective, false, "v1alpha"}});
    CHECK_FALSE(silence(live_3_1, affective).empty());
    constexpr std::string_view off = R"("generationConfig":{"enableAffectiveDialog":false})";
    check({{live_3_8, off, true}, {live_3_1, off, true, "v1alpha"}, {native_2_5, off, true}});
}

TEST_CASE("proactive audio: on request on 2.5, always on 3.8, never on others")
{
    constexpr std::string_view on = R"("proactivity":{"proactiveAudio":true})";
    constexpr std::string_view off = R"("proactivity":{"proactiveAudio":false})";
    constexpr std::string_view video = R"("proactivity":{"proactiveVideo":true})";
    constexpr std::string_view all =
        R"("proactivity":{"proactiveAudio":true,"proactiveVideo":true})";
    check({{native_2_5, on, true, "v1alpha"}, {native_2_5, on, false},
        {native_2_5, off, true, "v1alpha"}, {native_2_5, off, true},
        {native_2_5, video, false, "v1alpha"}, {native_2_5, all, true, "v1alpha"},
        {live_3_8, on, true}, {live_3_8, off, false}, {thinker, off, false},
        {live_3_8, video, true}, {translator, on, false}, {live_3_1, off, true}});
    CHECK_FALSE(silence(live_3_1, on).empty());
    CHECK_FALSE(silence(live_3_1, video).empty());
    CHECK(silence(live_3_1, off).empty());
}

TEST_CASE("translation requires the translating model and a language")
{
    constexpr std::string_view good =
        R"("generationConfig":{"translationConfig":{"targetLanguageCode":"es"}})";
    constexpr std::string_view bad =
        R"("generationConfig":{"translationConfig":{"echoTargetLanguage":true}})";
    check({{translator, good, true}, {translator, bad, false}, {live_3_8, good, false}});
}

TEST_CASE("SMART transcription excludes times and speakers; source text requires SMART")
{
    const auto input = [](std::string_view members) {
        return fmt::format(R"("inputAudioTranscription":{{{}}})", members);
    };
    std::string words = R"("customVocabulary":[)";
    for (int i = 0; i < 1000; ++i) words += R"("w",)";
    const auto most = input(words + R"("x"])");
    words.pop_back();
    const auto enough = input(words + "]");
    const auto smart = input(R"("mode":"SMART")"),
               source = input(R"("mode":"SMART","sourceText":"a")"),
               source_alone = input(R"("sourceText":"a")"),
               times = input(R"("mode":"SMART","wordTimestamp":true)"),
               speakers = input(R"("mode":"SMART","diarization":true)"),
               plain = input(R"("wordTimestamp":true,"diarization":true,"mode":"VERBATIM")");
    check({{transcriber, smart, true}, {transcriber, source, true},
        {transcriber, source_alone, false}, {transcriber, times, false},
        {transcriber, speakers, false}, {transcriber, plain, true}, {transcriber, enough, true},
        {transcriber, most, false}});
}

TEST_CASE("a function has a name, one schema, and a behavior that the model supports")
{
    const auto plain = function(""),
               schemas = function(R"("parameters":{},"parametersJsonSchema":{})"),
               responses = function(R"("response":{},"responseJsonSchema":{})"),
               blocking = function(R"("behavior":"BLOCKING")"),
               non_blocking = function(R"("behavior":"NON_BLOCKING")");
    check({{live_3_8, plain, true}, {live_3_8, schemas, false}, {live_3_8, responses, false},
        {live_3_8, blocking, true}, {live_3_8, non_blocking, true}, {thinker, plain, true},
        {thinker, blocking, false}, {thinker, non_blocking, true}, {live_3_1, plain, true},
        {live_3_1, blocking, true}, {live_3_1, non_blocking, false},
        {native_2_5, non_blocking, true},
        {live_3_8, R"("tools":[{"functionDeclarations":[{"description":"nameless"}]}])", false},
        {live_3_8, R"("tools":[{"functionDeclarations":[{"name":"7up"}]}])", false},
        {live_3_8, R"("tools":[{"functionDeclarations":[{"name":"f"},{"name":"f"}]}])", false}});
}

TEST_CASE("a function blocks as its declaration, or else its model, says")
{
    const auto wait = [](std::string_view model, std::string_view members) {
        return std::get<accepted_setup>(set_up(model, members)).tools.functions.at(0).wait;
    };
    CHECK(wait(live_3_8, function("")) == waiting::silent);
    CHECK(wait(live_3_8, function(R"("behavior":"BLOCKING")")) == waiting::blocked);
    CHECK(wait(live_3_8, function(R"("behavior":"NON_BLOCKING")")) == waiting::talks_on);
    CHECK(wait(thinker, function("")) == waiting::talks_on);
    CHECK(wait(live_3_1, function("")) == waiting::blocked);
    CHECK(wait(native_2_5, function("")) == waiting::blocked);
    CHECK(wait(native_2_5, function(R"("behavior":"NON_BLOCKING")")) == waiting::talks_on);
}

TEST_CASE("an instruction is text; safety settings and replicated voices are complete")
{
    check({{live_3_8, R"("systemInstruction":{"parts":[{"text":"a"},{"text":"b"}]})", true},
        {live_3_8,
            R"("systemInstruction":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]})",
            false},
        {live_3_8,
            R"("safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}])",
            true},
        {live_3_8, R"("safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT"}])", false},
        {live_3_8,
            R"("generationConfig":{"speechConfig":{"voiceConfig":{"replicatedVoiceConfig":{"mimeType":"audio/wav","voiceSampleAudio":"AAAA"}}}})",
            true},
        {live_3_8,
            R"("generationConfig":{"speechConfig":{"voiceConfig":{"replicatedVoiceConfig":{"mimeType":"audio/wav"}}}})",
            false}});
}

TEST_CASE("a model must be named, and be served")
{
    route way;
    way.version = "v1beta";
    const auto read = read_setup(json_value::parse("{}"), way);
    REQUIRE(std::holds_alternative<refusal>(read));
    CHECK(std::get<refusal>(read).code == 1007);
    for (const char* name :
        {"models/gemini-2.0-flash-live-001", "models/lyria-realtime-exp", "x"}) {
        const auto unknown = set_up(name, "");
        REQUIRE(std::holds_alternative<refusal>(unknown));
        CHECK(std::get<refusal>(unknown).code == 1008);
        CHECK(std::get<refusal>(unknown).reason.starts_with(
            std::string(name) + " is not found for API version v1beta"));
    }
}

} // namespace setup_rules_test
