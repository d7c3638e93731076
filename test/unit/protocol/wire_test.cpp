// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/fields.hpp"
#include "support/client_codec.hpp"

#include <gemini/live/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

namespace wire_test {

using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

const protocol::addressing vertex{backend::vertex_ai, "p", "us-central1"};

setup plain()
{
    setup minimal{.model = "m"};
    minimal.session_resumption.reset();
    return minimal;
}

/// The refusal of a setup that one backend does not accept; "taken" otherwise.
template <class Change>
std::string told(Change change, const protocol::addressing& to)
{
    setup given = plain();
    change(given);
    try {
        static_cast<void>(protocol::encode_setup(given, {}, to));
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "taken";
}

std::string members_of(const setup& given, const protocol::addressing& to = {})
{
    std::string text(protocol::encode_setup(given, {}, to).view());
    const auto begin = text.find(',') + 1;
    return text.substr(begin, text.size() - begin - 2);
}

} // namespace

TEST_CASE("a member of one backend is refused for the other, by name and with a reason")
{
    const auto vad = [](setup& s) { s.explicit_vad_signal = false; };
    CHECK(told(vad, vertex) == "taken");
    CHECK(told(vad, {}) == "setup.explicitVadSignal cannot be sent: Vertex AI takes it only.");
    const auto transparent = [](setup& s) { s.session_resumption.emplace().transparent = true; };
    CHECK(told(transparent, vertex) == "taken");
    CHECK(told(transparent, {}) == "setup.sessionResumption.transparent cannot be sent: Vertex AI "
                                   "takes it only; the Gemini API resumes by the handle alone.");
    const auto files = [](setup& s) { s.tools.emplace_back(file_search{}); };
    CHECK(told(files, {}) == "taken");
    CHECK(told(files, vertex) ==
          "setup.tools[0].fileSearch cannot be sent: the Gemini API takes it only; use retrieval "
          "there.");
    function_response more("a", "f", json());
    more.will_continue = true;
    CHECK_NOTHROW(protocol::encode_tool_response(std::span(&more, 1), backend::gemini_api));
    CHECK_THROWS_AS(protocol::encode_tool_response(std::span(&more, 1), backend::vertex_ai), error);
}

TEST_CASE("on Vertex AI some members have other names, and audio must be requested")
{
    setup given = plain();
    given.model_selection_config.emplace().feature_selection_preference =
        feature_selection_preference::balanced;
    CHECK(
        members_of(given) ==
        R"("generationConfig":{"modelSelectionConfig":{"featureSelectionPreference":"BALANCED"}})");
    CHECK(
        members_of(given, vertex) ==
        R"("generationConfig":{"responseModalities":["AUDIO"],"modelConfig":{"featureSelectionPreference":"BALANCED"}})");
    server_message_members all;
    all.usage_metadata.emplace().response_token_count = 3;
    CHECK(protocol::encode_server_message(all, backend::vertex_ai)
              .find(R"("candidatesTokenCount": 3)") != std::string::npos);
}

TEST_CASE("empty and absent differ where the wire distinguishes them")
{
    setup given = plain();
    given.context_window_compression.emplace().sliding_window.emplace();
    given.translation_config.emplace().echo_target_language = false;
    given.thinking_config.emplace().thinking_budget = 0;
    CHECK(
        members_of(given) ==
        R"("generationConfig":{"thinkingConfig":{"thinkingBudget":0},"translationConfig":{"echoTargetLanguage":false}},"contextWindowCompression":{"slidingWindow":{}})");
    context_update keep(content("From now on speak French."));
    context_update clear(std::vector<tool>{});
    CHECK(protocol::encode_context_update(keep, backend::gemini_api).view().find("tools") ==
          std::string_view::npos);
    CHECK(protocol::encode_context_update(clear, backend::gemini_api).view() ==
          R"({"contextUpdate":{"tools":{"tools":[]}}})");
}

TEST_CASE("64-bit integers are strings, milliseconds are numbers")
{
    setup given = plain();
    given.context_window_compression.emplace().trigger_tokens = 25'600;
    given.realtime_input_config.emplace().automatic_activity_detection.emplace().silence_duration =
        100ms;
    CHECK(
        members_of(given) ==
        R"("realtimeInputConfig":{"automaticActivityDetection":{"silenceDurationMs":100}},"contextWindowCompression":{"triggerTokens":"25600"})");
}

TEST_CASE("both forms of parameters at once are refused, with the function's name")
{
    const auto both = [](setup& s) {
        s.functions.push_back(
            {.name = "add", .parameters = schema::object(), .parameters_json_schema = json()});
    };
    CHECK(told(both, {}) == "The function add has both parameters and parameters_json_schema: give "
                            "one of them.");
}

TEST_CASE("a client's message is read in either spelling, and strictly")
{
    const auto read = test::decode_client_message(
        R"({"realtime_input": {"audio": {"data": "-__-", "mime_type": "audio/pcm;rate=16000"}}})");
    REQUIRE(read.realtime_input);
    CHECK(read.realtime_input->audio->data ==
          bytes{std::byte{0xfb}, std::byte{0xff}, std::byte{0xfe}});
    const auto complaint = [](std::string_view text) {
        try {
            static_cast<void>(test::decode_client_message(text));
        } catch (const error& refused) {
            return std::string(refused.what());
        }
        return std::string("taken");
    };
    CHECK(complaint(R"({"setup": {"modle": "m"}})") ==
          "The client sent a malformed message: setup has an unknown member \"modle\".");
    CHECK(complaint(R"({"setup": {"generationConfig": {"seed": "x"}}})") ==
          "The client sent a malformed message: setup.generationConfig.seed is not an integer.");
    CHECK(complaint(R"({"setup": {"generationConfig": {"responseModalities": [{}]}}})") ==
          "The client sent a malformed message: setup.generationConfig.responseModalities[0] is "
          "not a string.");
    CHECK(complaint(R"({"setup": {"tools": [{"functionDeclarations": [{"name": "add",
        "parameters": {"items": "NUMBER"}}]}]}})") ==
          "The client sent a malformed message: "
          "setup.tools[0].functionDeclarations[0].parameters is not a schema.");
    CHECK(complaint("{} {}") == "The client sent a malformed message: it goes on behind its end.");
}

TEST_CASE("an empty list of tools differs from an absent one")
{
    const auto tools = [](std::string_view text) {
        return test::decode_client_message(text).context_update->tools;
    };
    CHECK_FALSE(tools(R"({"contextUpdate": {}})"));
    CHECK(tools(R"({"contextUpdate": {"tools": {}}})") == std::vector<tool>());
    CHECK(tools(R"({"contextUpdate": {"tools": {"tools": []}}})") == std::vector<tool>());
}

TEST_CASE("numbers are read however they are spelled")
{
    const auto message = protocol::decode_server_message(base::padded_buffer(
        R"({"usageMetadata":{"promptTokenCount":"12","totalTokenCount":15.0,"thoughtsTokenCount":3e0,
            "trafficType":9}})"));
    const auto& usage = *message.members().usage_metadata;
    CHECK(usage.prompt_token_count == 12);
    CHECK(usage.total_token_count == 15);
    CHECK(usage.thoughts_token_count == 3);
    CHECK(usage.traffic_type.name() == "9");
    for (const auto* number : {"1.5", "1e300"}) {
        const auto other = protocol::decode_server_message(base::padded_buffer(
            R"({"usageMetadata":{"promptTokenCount":)" + std::string(number) + "}}"));
        CHECK(other.members().omitted ==
              std::vector{omitted_member{"usageMetadata.promptTokenCount", "is not an integer"}});
    }
}

TEST_CASE("enumerations keep unknown values")
{
    const auto message = protocol::decode_server_message(base::padded_buffer(
        R"({"serverContent":{"turnCompleteReason":"SOLAR_FLARE","interactionStatus":"IDLE"}})"));
    const auto& content = *message.members().server_content;
    CHECK(content.turn_complete_reason.name() == "SOLAR_FLARE");
    CHECK_FALSE(content.turn_complete_reason.known());
    CHECK(content.interaction_status == interaction_status::idle);
    CHECK(content.interaction_status.known() == interaction_status::idle);
    CHECK(content.speech_state.empty());
    setup given = plain();
    given.media_resolution = open_enum<media_resolution>("MEDIA_RESOLUTION_TINY");
    CHECK(members_of(given) == R"("generationConfig":{"mediaResolution":"MEDIA_RESOLUTION_TINY"})");
}

TEST_CASE("no type has two members of one name")
{
    const auto distinct = [](const auto& all) {
        std::set<std::string_view> names;
        std::size_t count = 0;
        protocol::for_each_field(all, [&](const auto& one) {
            names.insert(one.name);
            ++count;
        });
        return names.size() == count;
    };
    CHECK(distinct(protocol::fields<setup>));
    CHECK(distinct(protocol::fields<part>));
    CHECK(distinct(protocol::fields<server_content>));
    CHECK(distinct(protocol::fields<server_message_members>));
    CHECK(distinct(protocol::fields<usage_metadata>));
}

} // namespace wire_test
