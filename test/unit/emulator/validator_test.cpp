// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/validator.hpp"
#include "emulator/rules/wire.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

#include <set>
#include <sstream>
#include <string>

namespace validator_test {

using namespace gemini::live::emulator;
using gemini::live::backend;
using gemini::live::protocol::json_value;

namespace {

std::string fault(std::string_view text, backend way = backend::gemini_api)
{
    return find_fault(json_value::parse(text), way).value_or("");
}

std::string in_part(std::string_view member)
{
    return fmt::format(R"({{"clientContent":{{"turns":[{{"parts":[{{{}}}]}}]}}}})", member);
}

std::string in_tool(std::string_view member)
{
    return fmt::format(R"({{"setup":{{"tools":[{{{}}}]}}}})", member);
}

std::string in_declaration(std::string_view member)
{
    return in_tool(fmt::format(R"("functionDeclarations":[{{"name":"f",{}}}])", member));
}

/// The types that the text of wire.hpp uses or names.
std::set<std::string> types_of(std::string_view text, bool used)
{
    std::set<std::string> types;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line[0] != ' ' && !used) types.insert(line);
        if (line.empty() || line[0] != ' ' || !used) continue;
        std::istringstream members(line);
        for (std::string member; std::getline(members, member, ',');) {
            std::istringstream words(member);
            std::string type;
            for (std::string word; words >> word;)
                if (word[0] != '@' && word[0] != '|') type = word;
            if (type.ends_with("[]") || type.ends_with("{}")) type.resize(type.size() - 2);
            if (!type.empty()) types.insert(type);
        }
    }
    return types;
}

} // namespace

TEST_CASE("every type that the schema uses is defined, and every defined type is used")
{
    auto known = types_of(wire_messages, false);
    known.merge(types_of(wire_enumerations, false));
    const auto used = types_of(wire_messages, true);
    const std::set<std::string> scalars{"any", "bool", "bytes", "double", "duration", "float",
        "int32", "int64", "string", "struct", "timestamp"};
    for (const auto& each : used) {
        INFO(each);
        CHECK(known.contains(each) != scalars.contains(each));
    }
    for (const auto& each : known) {
        INFO(each);
        CHECK((used.contains(each) || each == "message" || each == "musicMessage"));
    }
}

TEST_CASE("every kind of part is validated")
{
    for (const char* good :
        {R"("text":"a","thought":true,"thoughtSignature":"AAAA")",
            R"("fileData":{"mimeType":"image/png","fileUri":"gs://b/o"})",
            R"("functionCall":{"id":"1","name":"f","args":{"free":[1]}})",
            R"("functionResponse":{"id":"1","name":"f","response":{"output":1}})",
            R"("executableCode":{"language":"PYTHON","code":"1 + 1"})",
            R"("codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"})",
            R"("inlineData":{"mimeType":"video/mp4","data":"AAAA"},"videoMetadata":{"startOffset":"1.5s","endOffset":"3s","fps":2})",
            R"("inlineData":{"mimeType":"image/png","data":"AAAA"},"mediaResolution":{"level":"MEDIA_RESOLUTION_ULTRA_HIGH"})"}) {
        INFO(good);
        CHECK(fault(in_part(good)).empty());
        CHECK(fault(in_part(good), backend::vertex_ai).empty());
    }
    for (const char* bad :
        {R"("fileData":{"uri":"gs://b/o"})", R"("functionCall":{"name":"f","args":[1]})",
            R"("functionResponse":{"name":"f","response":"ok"})",
            R"("executableCode":{"language":"COBOL","code":""})",
            R"("codeExecutionResult":{"outcome":"OK"})",
            R"("text":"a","videoMetadata":{"startOffset":"1.5"})",
            R"("text":"a","videoMetadata":{"startOffset":"1.0123456789s"})",
            R"("text":"a","mediaResolution":"MEDIA_RESOLUTION_LOW")",
            R"("text":"a","thoughtSignature":"*")",
            R"("functionResponse":{"functionResponse":{}},"text":"a")"}) {
        INFO(bad);
        CHECK_FALSE(fault(in_part(bad)).empty());
    }
    CHECK(fault(in_part(R"("functionCall":{"partialArgs":[{"jsonPath":"$.a","boolValue":true}]})"),
        backend::vertex_ai)
              .empty());
    CHECK_FALSE(fault(in_part(R"("functionCall":{"partialArgs":[]})")).empty());
}

TEST_CASE("every tool is validated, and accepted only by its own backends")
{
    struct row {
        const char* tool;
        bool gemini, vertex;
    };
    for (const auto& each :
        {row{R"("googleSearch":{"searchTypes":{"imageSearch":{}}})", true, true},
            row{R"("googleSearch":{"timeRangeFilter":{"startTime":"2026-01-01T00:00:00Z"}})", true,
                true},
            row{R"("googleSearch":{"timeRangeFilter":{"startTime":"yesterday"}})", false, false},
            row{R"("googleSearch":{"excludeDomains":["a.example"]})", false, true},
            row{R"("googleSearch":{"blockingConfidence":"BLOCK_LOW_AND_ABOVE"})", false, true},
            row{R"("codeExecution":{})", true, true},
            row{R"("codeExecution":{"language":"PYTHON"})", false, false},
            row{R"("urlContext":{})", true, true},
            row{R"("googleMaps":{"enableWidget":true})", true, true},
            row{R"("googleMaps":{"authConfig":{"apiKeyConfig":{"apiKeyString":"k"}}})", true, true},
            row{R"("computerUse":{"environment":"ENVIRONMENT_BROWSER"})", true, true},
            row{R"("computerUse":{"environment":"BROWSER"})", false, false},
            row{R"("fileSearch":{"fileSearchStoreNames":["s"],"topK":3})", true, false},
            row{R"("mcpServers":[{"name":"m","streamableHttpTransport":{"url":"https://m.example","headers":{"a":"b"},"timeout":"5s"}}])",
                true, false},
            row{R"("mcpServers":[{"streamableHttpTransport":{"headers":{"a":1}}}])", false, false},
            row{R"("retrieval":{"vertexRagStore":{"ragResources":[{"ragCorpus":"c"}],"ragRetrievalConfig":{"topK":2}}})",
                false, true},
            row{R"("retrieval":{"vertexRagStore":{},"vertexAiSearch":{}})", false, false},
            row{R"("enterpriseWebSearch":{"excludeDomains":[]})", false, true},
            row{R"("exaAiSearch":{"apiKey":"k","customConfigs":{"free":1}})", false, true},
            row{R"("parallelAiSearch":{"apiKey":"k","enableDataRetention":false})", false, true},
            row{R"("crystalBall":{})", false, false}}) {
        INFO(each.tool);
        CHECK(fault(in_tool(each.tool)).empty() == each.gemini);
        CHECK(fault(in_tool(each.tool), backend::vertex_ai).empty() == each.vertex);
    }
}

TEST_CASE("parameters are an OpenAPI schema at any depth; a JSON schema is free")
{
    CHECK(fault(
        in_declaration(
            R"("parameters":{"type":"OBJECT","properties":{"a":{"type":"ARRAY","items":{"type":"STRING","enum":["x"],"nullable":true},"minItems":"1"},"b":{"anyOf":[{"type":"INTEGER","minimum":1.5},{"type":"NULL"}]}},"required":["a"]})"))
              .empty());
    CHECK(
        fault(in_declaration(R"("parametersJsonSchema":{"type":"object","$ref":"#/x"})")).empty());
    CHECK(
        fault(in_declaration(R"("parameters":{"properties":{"a":{"type":"text"}}})")) ==
        "Invalid value at 'setup.tools[0].function_declarations[0].parameters.properties[a].value."
        "type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), \"text\"");
    CHECK(fault(in_declaration(R"("parameters":{"items":{"items":{"additionalItems":true}}})")) ==
          "Invalid JSON payload received. Unknown name \"additionalItems\" at "
          "'setup.tools[0].function_declarations[0].parameters.items.items': Cannot find field.");
    CHECK_FALSE(fault(in_declaration(R"("parameters":{"properties":[]})")).empty());
}

TEST_CASE("a setup member of one backend only is checked, and so are enumerations")
{
    struct row {
        const char* setup;
        bool gemini, vertex;
    };
    for (const auto& each :
        {
            row{R"("labels":{"team":"voice"})", true, true},
            row{R"("labels":{"team":1})", false, false},
            row{R"("safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}])",
                true, true},
            row{R"("safetySettings":[{"category":"HARM_CATEGORY_BOREDOM"}])", false, false},
            row{R"("safetySettings":[{"method":"SEVERITY"}])", false, true},
            row{R"("generationConfig":{"modelSelectionConfig":{"featureSelectionPreference":"BALANCED"}})",
                true, false},
            row{R"("generationConfig":{"modelConfig":{"featureSelectionPreference":"BALANCED"}})",
                false, true},
            row{R"("generationConfig":{"speechConfig":{"voiceConfig":{"replicatedVoiceConfig":{"mimeType":"audio/wav","voiceSampleAudio":"AAAA","voiceConsentSignature":{"signature":"s"}}}}})",
                true, false},
            row{R"("generationConfig":{"speechConfig":{"voiceConfig":{"replicatedVoiceConfig":{"consentAudio":"AAAA"}}}})",
                true, false},
            row{R"("generationConfig":{"speechConfig":{"voiceConfig":{"voice":"v","prebuiltVoiceConfig":{}}}})",
                false, false},
            row{R"("avatarConfig":{"customizedAvatar":{"imageMimeType":"image/png","imageData":"AAAA"},"audioBitrateBps":1})",
                true, true},
            row{R"("inputAudioTranscription":{"languageHints":{"languageCodes":["fr-FR"]},"adaptationPhrases":["a"],"languageAuto":{}})",
                true, true},
            row{R"("inputAudioTranscription":{"mode":"CLEVER"})", false, false},
        }) {
        INFO(each.setup);
        const auto text = fmt::format(R"({{"setup":{{{}}}}})", each.setup);
        CHECK(fault(text).empty() == each.gemini);
        CHECK(fault(text, backend::vertex_ai).empty() == each.vertex);
    }
}

TEST_CASE("a music session has its own messages")
{
    const auto music = [](std::string_view text) {
        return find_music_fault(json_value::parse(text)).value_or("");
    };
    CHECK(music(R"({"setup":{"model":"models/lyria-realtime-exp"}})").empty());
    CHECK(music(R"({"clientContent":{"weightedPrompts":[{"text":"a","weight":0.5}]}})").empty());
    CHECK(music(R"({"musicGenerationConfig":{"bpm":120,"scale":"C_MAJOR_A_MINOR"}})").empty());
    CHECK(music(R"({"music_generation_config":{"mute_bass":true}})").empty());
    CHECK(music(R"({"playbackControl":"PLAY"})").empty());
    CHECK_FALSE(music(R"({"playbackControl":"LOUDER"})").empty());
    CHECK_FALSE(music(R"({"setup":{"model":"x","tools":[]}})").empty());
    CHECK_FALSE(music(R"({"realtimeInput":{"text":"a"}})").empty());
    CHECK_FALSE(fault(R"({"playbackControl":"PLAY"})").empty());
}

TEST_CASE("what the service accepts is accepted, in either spelling")
{
    CHECK(fault(
        R"({"setup":{"model":"models/x","generationConfig":{"responseModalities":["AUDIO"],"temperature":0.5,"seed":"7"}}})")
              .empty());
    CHECK(fault(
        R"({"setup":{"model":"models/x","generation_config":{"response_modalities":["AUDIO"]},"session_resumption":{}}})")
              .empty());
    CHECK(fault(
        R"({"client_content":{"turns":[{"role":"user","parts":[{"text":"hi"}]}],"turn_complete":true}})")
              .empty());
    CHECK(fault(R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"AAAA"}}})")
              .empty());
    CHECK(fault(
        R"({"toolResponse":{"functionResponses":[{"id":"1","name":"f","response":{"any":[1]}}]}})")
              .empty());
    CHECK(fault(
        R"({"setup":{"model":"x","tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"free":1}}]}]}})")
              .empty());
    CHECK(fault(R"({"setup":{"model":"x","systemInstruction":null}})").empty());
}

TEST_CASE("an unknown member is named with its path")
{
    CHECK(fault(R"({"setup":{"x":1}})") ==
          "Invalid JSON payload received. Unknown name \"x\" at 'setup': Cannot find field.");
    CHECK(fault(R"({"setup":{"generationConfig":{"warmth":1}}})") ==
          "Invalid JSON payload received. Unknown name \"warmth\" at 'setup.generation_config': "
          "Cannot find field.");
    CHECK(fault(R"({"clientContent":{"turns":[{"parts":[{}, {"txt":"a"}]}]}})") ==
          "Invalid JSON payload received. Unknown name \"txt\" at "
          "'client_content.turns[0].parts[1]': Cannot find field.");
    CHECK(fault(R"({"hello":1})") ==
          "Invalid JSON payload received. Unknown name \"hello\": Cannot find field.");
}

TEST_CASE("a value of the wrong type is named with the expected type")
{
    CHECK(fault(R"({"setup":{"generationConfig":{"temperature":"warm"}}})") ==
          "Invalid value at 'setup.generation_config.temperature' (TYPE_FLOAT), \"warm\"");
    CHECK(fault(R"({"setup":{"model":7}})") == "Invalid value at 'setup.model' (TYPE_STRING), 7");
    CHECK(fault(R"({"setup":{"generationConfig":{"seed":1.5}}})") ==
          "Invalid value at 'setup.generation_config.seed' (TYPE_INT32), 1.5");
    CHECK(fault(R"({"setup":{"generationConfig":{"seed":"9999999999"}}})").find("TYPE_INT32") !=
          std::string::npos);
    CHECK(fault(R"({"realtimeInput":{"audio":{"data":"*"}}})") ==
          "Invalid value at 'realtime_input.audio.data' (TYPE_BYTES), Base64 decoding failed for "
          "\"*\"");
    CHECK(fault(R"({"setup":{"generationConfig":{"responseModalities":["sound"]}}})") ==
          "Invalid value at 'setup.generation_config.response_modalities[0]' "
          "(type.googleapis.com/google.ai.generativelanguage.v1beta.GenerationConfig.Modality), "
          "\"sound\"");
    CHECK_FALSE(fault(R"({"setup":[]})").empty());
    CHECK_FALSE(fault("[]").empty());
}

TEST_CASE("values of enumerations are accepted in any case")
{
    CHECK(fault(R"({"setup":{"generationConfig":{"responseModalities":["audio"]}}})").empty());
    CHECK(fault(R"({"setup":{"generationConfig":{"thinkingConfig":{"thinkingLevel":"low"}}}})")
              .empty());
    CHECK(fault(
        in_declaration(R"("parameters":{"type":"object","properties":{"a":{"type":"String"}}})"))
              .empty());
    CHECK(fault(
        R"({"setup":{"realtimeInputConfig":{"activityHandling":"no_interruption","turnCoverage":"Turn_Includes_All_Input"}}})")
              .empty());
}

TEST_CASE("numbers may be strings, and integers may have a decimal point, as in proto3 JSON")
{
    CHECK(fault(R"({"setup":{"generationConfig":{"temperature":"0.5","seed":7.0,"topK":40}}})")
              .empty());
    CHECK(fault(R"({"setup":{"contextWindowCompression":{"triggerTokens":"25600"}}})").empty());
}

TEST_CASE("each backend has members that the other does not")
{
    for (const char* only_vertex : {R"({"setup":{"sessionResumption":{"transparent":true}}})",
             R"({"setup":{"explicitVadSignal":false}})",
             R"({"setup":{"tools":[{"retrieval":{}}]}})"}) {
        INFO(only_vertex);
        CHECK(fault(only_vertex, backend::vertex_ai).empty());
        CHECK(fault(only_vertex).find("Cannot find field") != std::string::npos);
    }
    const char* only_gemini = R"({"setup":{"tools":[{"fileSearch":{}}]}})";
    CHECK(fault(only_gemini).empty());
    CHECK_FALSE(fault(only_gemini, backend::vertex_ai).empty());
}

TEST_CASE("only one of several mutually exclusive members may be set")
{
    CHECK(fault(R"({"setup":{},"clientContent":{}})") ==
          "Invalid value (oneof), oneof field 'message_type' is already set. Cannot set "
          "'clientContent'");
    CHECK(fault(R"({"clientContent":{"turns":[{"parts":[{"text":"a","inlineData":{}}]}]}})") ==
          "Invalid value at 'client_content.turns[0].parts[0]' (oneof), oneof field 'data' is "
          "already set. Cannot set 'inlineData'");
    CHECK(fault(R"({"setup":{},"clientContent":null})").empty());
}

TEST_CASE("members are found along a path in either spelling")
{
    const auto value = json_value::parse(
        R"({"realtime_input_config":{"automaticActivityDetection":{"disabled":true}}})");
    CHECK(find_path(value, "realtimeInputConfig.automaticActivityDetection.disabled")->boolean() ==
          true);
    CHECK_FALSE(find_path(value, "realtimeInputConfig.nothing.disabled"));
}

} // namespace validator_test
