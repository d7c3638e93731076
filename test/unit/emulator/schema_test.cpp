// SPDX-License-Identifier: Apache-2.0
#include "emulator/schema.hpp"

#include "support/catch.hpp"

using namespace gemini::live::emulation;
using gemini::live::protocol::json_value;

namespace {

std::string fault(std::string_view text, flavour way = flavour::gemini_api)
{
    return find_fault(json_value::parse(text), way).value_or("");
}

} // namespace

TEST_CASE("what the service knows is taken, in either spelling")
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

TEST_CASE("an unknown member is named with the place where it stands")
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

TEST_CASE("a value of the wrong type is named with the type that was wanted")
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
    CHECK(fault(R"({"setup":{"generationConfig":{"responseModalities":["audio"]}}})") ==
          "Invalid value at 'setup.generation_config.response_modalities[0]' "
          "(type.googleapis.com/google.ai.generativelanguage.v1beta.GenerationConfig.Modality), "
          "\"audio\"");
    CHECK_FALSE(fault(R"({"setup":[]})").empty());
    CHECK_FALSE(fault("[]").empty());
}

TEST_CASE("numbers may be text, and whole numbers may have a point, as in proto3 JSON")
{
    CHECK(fault(R"({"setup":{"generationConfig":{"temperature":"0.5","seed":7.0,"topK":40}}})")
              .empty());
    CHECK(fault(R"({"setup":{"contextWindowCompression":{"triggerTokens":"25600"}}})").empty());
}

TEST_CASE("each flavour knows members that the other does not")
{
    for (const char* only_vertex : {R"({"setup":{"sessionResumption":{"transparent":true}}})",
             R"({"setup":{"explicitVadSignal":false}})",
             R"({"setup":{"tools":[{"retrieval":{}}]}})"}) {
        INFO(only_vertex);
        CHECK(fault(only_vertex, flavour::vertex_ai).empty());
        CHECK(fault(only_vertex).find("Cannot find field") != std::string::npos);
    }
    const char* only_gemini = R"({"setup":{"tools":[{"fileSearch":{}}]}})";
    CHECK(fault(only_gemini).empty());
    CHECK_FALSE(fault(only_gemini, flavour::vertex_ai).empty());
}

TEST_CASE("of members that exclude each other only one may be set")
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
