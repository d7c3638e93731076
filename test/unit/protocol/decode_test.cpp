// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"

#include "protocol/encode.hpp"
#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace decode_test {

using namespace gemini::live;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

server_message decode(std::string_view text)
{
    return protocol::decode_server_message(base::padded_buffer(text));
}

/// Returns what the library reports about a malformed message, or about its malformed member.
std::string refusal_of(std::string_view text)
{
    try {
        const auto message = decode(text);
        const auto& omitted = message.members().omitted;
        if (!omitted.empty()) return protocol::malformed_by(omitted.front()).what();
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::malformed_message);
        REQUIRE(refused.phase() == phase::open);
        return refused.what();
    }
    return "taken";
}

std::string as_text(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string audio_part(std::string_view base64, std::string_view type = "audio/pcm;rate=24000")
{
    return R"({"inlineData":{"mimeType":")" + std::string(type) + R"(","data":")" +
           std::string(base64) + R"("}})";
}

std::string with_parts(std::string_view parts)
{
    return R"({"serverContent":{"modelTurn":{"parts":[)" + std::string(parts) + "]}}}";
}

std::string nested(std::size_t levels)
{
    return std::string(levels, '[') + std::string(levels, ']');
}

} // namespace

TEST_CASE("setupComplete is read as the service writes it, and without its white space")
{
    for (const auto* text : {"{\n  \"setupComplete\": {}\n}\n", R"({"setupComplete":{}})"}) {
        const auto message = decode(text);
        REQUIRE(message.members().setup_complete);
        CHECK(message.members().setup_complete->session_id.empty());
        CHECK_FALSE(message.members().server_content);
        CHECK(message.raw() == text);
    }
    CHECK(
        decode(R"({"setupComplete":{"sessionId":"b1f3"}})").members().setup_complete->session_id ==
        "b1f3");
}

TEST_CASE("text parts are joined into one text, and thoughts are kept apart")
{
    const auto message = decode(
        with_parts(R"({"text":"Weighing","thought":true},{"text":"Yes"},{"text":", we can"})"));
    CHECK(message.text() == "Yes, we can");
    CHECK(message.thought_text() == "Weighing");
    CHECK(message.audio().empty());
    CHECK(message.members().server_content->model_turn->parts.size() == 3);
    CHECK(decode(R"({"serverContent":{"modelTurn":{}}})").text().empty());
    CHECK(decode(R"({"serverContent":{"modelTurn":{"role":"model"}}})")
              .members()
              .server_content->model_turn->role == "model");
}

TEST_CASE("audio is bytes, however its base64 is spelled")
{
    struct row {
        std::string_view base64;
        std::string_view bytes;
    };
    const auto each = GENERATE(row{"AAABAAIA//8=", "\0\0\1\0\2\0\xff\xff"sv},
        row{"-__-_w==", "\xfb\xff\xfe\xff"sv}, row{"+//+/w", "\xfb\xff\xfe\xff"sv},
        row{R"(\/\/8=)", "\xff\xff"sv}, row{"", ""sv});
    CHECK(as_text(decode(with_parts(audio_part(each.base64))).audio()) == each.bytes);
}

TEST_CASE("what follows base64 must be JSON")
{
    CHECK(refusal_of(with_parts(R"({"inlineData":{"data":"AAAA":2}})")) ==
          "The server sent a malformed message: serverContent.modelTurn.parts[0].inlineData is not "
          "valid JSON.");
    CHECK(refusal_of(with_parts(R"({"inlineData":{"data":"AAAA":2,"no" 3,}})")) ==
          "The server sent a malformed message: serverContent.modelTurn.parts[0].inlineData is not "
          "valid JSON.");
}

TEST_CASE("several audio parts of one message are joined")
{
    const auto message = decode(with_parts(audio_part("AAE=") + ',' + R"({"text":"Hi"},)" +
                                           audio_part("") + ',' + audio_part("AgM=", "audio/pcm")));
    CHECK(as_text(message.audio()) == "\0\1\2\3"s);
    CHECK(message.text() == "Hi");
    CHECK(decode(with_parts(R"({"inlineData":{"mimeType":"audio/pcm"}})")).audio().empty());
}

TEST_CASE("a picture is not audio")
{
    const auto message = decode(with_parts(audio_part("AAAA", "image/png")));
    CHECK(message.audio().empty());
    CHECK(message.members().server_content->model_turn->parts[0].inline_data->data.size() == 3);
}

TEST_CASE("audio and raw text stay valid when the message moves")
{
    const auto text = with_parts(audio_part(std::string(4000, 'A')));
    auto first = decode(text);
    const auto audio = first.audio();
    const auto raw = first.raw();
    std::vector<server_message> elsewhere;
    elsewhere.push_back(std::move(first));
    CHECK(elsewhere[0].audio().data() == audio.data());
    CHECK(elsewhere[0].raw().data() == raw.data());
    CHECK(elsewhere[0].raw() == text);
}

TEST_CASE("the flags and words of serverContent are read")
{
    const auto message = decode(R"({"serverContent":{"generationComplete":true,"turnComplete":true,
        "interrupted":true,"waitingForInput":true,"turnCompleteReason":"SOLAR_FLARE",
        "interactionStatus":"IDLE","inputTranscription":{"text":"a","finished":true},
        "outputTranscription":{"text":"\u00e9 \ud83d\ude42 \u0000"}}})");
    const auto& content = *message.members().server_content;
    CHECK(content.generation_complete);
    CHECK(content.waiting_for_input);
    CHECK(content.turn_complete_reason == "SOLAR_FLARE");
    CHECK(content.interaction_status == "IDLE");
    CHECK(content.input_transcription->finished);
    CHECK(message.interrupted());
    CHECK(message.turn_complete());
    CHECK(message.input_transcription() == "a");
    CHECK(message.output_transcription() == "\xc3\xa9 \xf0\x9f\x99\x82 \0"sv);
    CHECK_FALSE(decode(R"({"serverContent":{"turnComplete":false}})").turn_complete());
}

TEST_CASE("a turn that completes while the interaction continues is not over")
{
    const auto message =
        decode(R"({"serverContent":{"turnComplete":true,"interactionStatus":"IN_PROGRESS"}})");
    CHECK_FALSE(message.turn_complete());
    CHECK(message.members().server_content->turn_complete);
}

TEST_CASE("members that some messages carry beside serverContent are read as if inside")
{
    const auto message = decode(R"({"interactionStatus":"IN_PROGRESS",
        "outputTranscription":{"text":"out"},"serverContent":{"turnComplete":true},
        "inputTranscription":{"text":"in"}})");
    CHECK(message.output_transcription() == "out");
    CHECK(message.input_transcription() == "in");
    CHECK(message.members().server_content->interaction_status == "IN_PROGRESS");
    CHECK(message.members().server_content->turn_complete);
    CHECK(message.members().unknown.empty());
}

TEST_CASE("tool calls keep their arguments as they came")
{
    const auto message = decode(R"({"toolCall":{"functionCalls":[
        {"name":"f","args":{"x":[1, 2, {"y":null}], "s":"}\"]"}  , "id":"a"},
        {"args":{},"id":"b","name":"g"},
        {"name":"h"}]}})");
    const auto calls = message.function_calls();
    REQUIRE(calls.size() == 3);
    CHECK(calls[0].id == "a");
    CHECK(calls[0].name == "f");
    CHECK(calls[0].args.text() == R"({"x":[1, 2, {"y":null}], "s":"}\"]"})");
    CHECK(calls[0].args.find_number("/x/1") == 2);
    CHECK(calls[1].args.text() == "{}");
    CHECK(calls[2].args.text() == "{}");
    CHECK(calls[2].id.empty());
    CHECK(decode(R"({"toolCallCancellation":{"ids":["a","b"]}})")
              .members()
              .tool_call_cancellation->ids == std::vector<std::string>{"a", "b"});
    CHECK(decode(R"({"toolCallCancellation":{}})").members().tool_call_cancellation->ids.empty());
}

TEST_CASE("a duration is exact to the nanosecond")
{
    struct row {
        std::string_view text;
        std::chrono::nanoseconds means;
    };
    const auto each = GENERATE(row{"50s", 50s}, row{"9.846s", 9846ms}, row{"0s", 0s},
        row{"29.999999999s", 29'999'999'999ns}, row{"-1.5s", -1500ms}, row{"-0.5s", -500ms},
        row{"0.000000001s", 1ns}, row{"9000000000s", 9000000000s});
    const auto message = decode(R"({"goAway":{"timeLeft":")" + std::string(each.text) + "\"}}");
    CHECK(message.members().go_away->time_left == each.means);
    const auto again = decode(protocol::encode_server_message(message.members()));
    CHECK(again.members().go_away->time_left == each.means);
}

TEST_CASE("an invalid duration is left out")
{
    const std::string text = GENERATE("\"\"", "\"s\"", "\"5.s\"", "\".5s\"", "\"5m\"",
        "\"99999999999999s\"", "\"1e3s\"", "{}", "true");
    CHECK(refusal_of(R"({"goAway":{"timeLeft":)" + text + "}}") ==
          "The server sent a malformed message: goAway.timeLeft is not a duration such as "
          "\"9.5s\".");
}

TEST_CASE("integers of 64 bits come as numbers or as text")
{
    for (const auto* index : {R"("17")", "17"}) {
        const auto message = decode(
            R"({"sessionResumptionUpdate":{"newHandle":"h","resumable":true,"lastConsumedClientMessageIndex":)"s +
            index + "}}");
        const auto& update = *message.members().session_resumption_update;
        CHECK(update.new_handle == "h");
        CHECK(update.resumable);
        CHECK(update.last_consumed_client_message_index == 17);
    }
    const auto empty = decode(R"({"sessionResumptionUpdate":{}})");
    CHECK_FALSE(empty.members().session_resumption_update->resumable);
    CHECK_FALSE(empty.members().session_resumption_update->last_consumed_client_message_index);
    const auto most = decode(
        R"({"sessionResumptionUpdate":{"lastConsumedClientMessageIndex":"9223372036854775807"}})");
    CHECK(most.members().session_resumption_update->last_consumed_client_message_index ==
          9223372036854775807);
}

TEST_CASE("numbers with many digits are exact")
{
    const auto message = decode(R"({"serverContent":{"groundingMetadata":{"groundingSupports":[
        {"confidenceScores":[0.95555555555555555555555555555555556, 1]}]}}})");
    const auto& supports = message.members().server_content->grounding_metadata->grounding_supports;
    CHECK(supports.at(0).confidence_scores == std::vector{0.9555555555555556, 1.0});
}

TEST_CASE("usage is read by the names of both backends")
{
    const auto gemini = decode(R"({"usageMetadata":{"promptTokenCount":515,"responseTokenCount":38,
        "totalTokenCount":553,"cachedContentTokenCount":3,"toolUsePromptTokenCount":2,
        "thoughtsTokenCount":4,"promptTokensDetails":[{"modality":"TEXT","tokenCount":15}]}})");
    const auto& usage = *gemini.members().usage_metadata;
    CHECK(usage.prompt_token_count == 515);
    CHECK(usage.response_token_count == 38);
    CHECK(usage.total_token_count == 553);
    CHECK(usage.cached_content_token_count == 3);
    CHECK(usage.tool_use_prompt_token_count == 2);
    CHECK(usage.thoughts_token_count == 4);
    const auto vertex = decode(R"({"usageMetadata":{"candidatesTokenCount":17}})");
    CHECK(vertex.members().usage_metadata->response_token_count == 17);
    CHECK(vertex.members().usage_metadata->prompt_token_count == 0);
}

TEST_CASE("several members in one message are all read, in any order")
{
    const auto message = decode(R"({"usageMetadata":{"totalTokenCount":1},
        "sessionResumptionUpdate":{"newHandle":"h"},"serverContent":{"turnComplete":true},
        "error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}})");
    CHECK(message.members().usage_metadata);
    CHECK(message.members().session_resumption_update);
    CHECK(message.turn_complete());
    CHECK(message.members().error->code == 400);
    CHECK(message.members().error->message == "m");
    CHECK(message.members().error->status == "INVALID_ARGUMENT");
}

TEST_CASE("null means absent")
{
    const auto message = decode(R"({"setupComplete":null,"toolCall":null,"novelty":null,
        "serverContent":{"modelTurn":null,"mood":null,"turnComplete":true}})");
    CHECK_FALSE(message.members().setup_complete);
    CHECK_FALSE(message.members().tool_call);
    CHECK_FALSE(message.members().server_content->model_turn);
    CHECK(message.members().unknown.empty());
    CHECK(message.turn_complete());
    CHECK(decode("{}").members().unknown.empty());
}

TEST_CASE("unknown members are named and kept, nested ones are skipped")
{
    const auto text = R"({"quantumUpdate":{"a":[1,"]}",{"b":null}]},"serverContent":
        {"mood":{"happy":true},"turnComplete":true},"x":-1.5e3,"\u00fc":"y","t":true})"s;
    const auto message = decode(text);
    CHECK(message.members().unknown ==
          std::vector<std::string>{"quantumUpdate", "x", "\xc3\xbc", "t"});
    CHECK(message.turn_complete());
    CHECK(message.raw() == text);
    CHECK(decode(with_parts(R"({"holographicData":{"x":1}},{"text":"ok"})")).text() == "ok");
}

TEST_CASE("a malformed message is reported with the path inside it")
{
    struct row {
        std::string text;
        const char* told;
    };
    const auto each =
        GENERATE(row{with_parts(audio_part("AAAA") + ',' + audio_part("c2VjcmV0!")),
                     "serverContent.modelTurn.parts[1].inlineData.data is not base64"},
            row{with_parts(audio_part("AAAAA")),
                "serverContent.modelTurn.parts[0].inlineData.data is not base64"},
            row{with_parts(R"({"inlineData":{"data":12}})"),
                "serverContent.modelTurn.parts[0].inlineData.data is not a string"},
            row{with_parts(R"({"text":["secret"]})"),
                "serverContent.modelTurn.parts[0].text is not a string"},
            row{with_parts("7"), "serverContent.modelTurn.parts[0] is not an object"},
            row{R"({"serverContent":{"turnComplete":"secret"}})",
                "serverContent.turnComplete is not a boolean"},
            row{R"({"serverContent":{"modelTurn":{"parts":"x"}}})",
                "serverContent.modelTurn.parts is not an array"},
            row{R"({"serverContent":[]})", "serverContent is not an object"},
            row{R"({"toolCall":{"functionCalls":[{"args":[1]}]}})",
                "toolCall.functionCalls[0].args is not an object"},
            row{R"({"usageMetadata":{"totalTokenCount":"12x"}})",
                "usageMetadata.totalTokenCount is not an integer"},
            row{R"({"usageMetadata":{"totalTokenCount":1.5}})",
                "usageMetadata.totalTokenCount is not an integer"},
            row{R"({"error":{"code":4294967296}})", "error.code is too large"},
            row{R"({"toolCallCancellation":{"ids":["a",{}]}})",
                "toolCallCancellation.ids[1] is not a string"},
            row{R"({"serverContent":{"novelty":[1,}}})", "serverContent is not valid JSON"});
    CHECK(refusal_of(each.text) == "The server sent a malformed message: "s + each.told + '.');
}

TEST_CASE("anything but one JSON object in UTF-8 is refused")
{
    const std::string text = GENERATE(as<std::string>(), "", " ", "[1,2]", "1", "\"text\"", "null",
        "{", "}", "{}}", "{} {}", "{},", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":1 \"b\":2}",
        "{\"a\":[1}", "{\"a\":[1,2}}", "\xff\xfe", "{\xff:1}", "\xef\xbb\xbf[]",
        "{\"serverContent\":{\"turnComp");
    CHECK(refusal_of(text).starts_with("The server sent a malformed message: "));
    CHECK(refusal_of(text + '\0').starts_with("The server sent a malformed message: "));
}

TEST_CASE("a message cut anywhere is refused, whatever follows it in memory")
{
    const auto whole =
        R"({"serverContent":{"modelTurn":{"parts":[{"text":"Hi"},)"s + audio_part("AAAA") +
        R"(]},"turnComplete":true},"usageMetadata":{"totalTokenCount":1},"x":{"y":[1]}})";
    REQUIRE(decode(whole).turn_complete());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        base::padded_buffer remains(std::string_view(whole).substr(0, size));
        const std::string tempting = "}}}}}}}}";
        std::memcpy(remains.data() + size, tempting.data(), tempting.size());
        INFO(remains.view());
        REQUIRE_THROWS_AS(protocol::decode_server_message(std::move(remains)), error);
    }
}

TEST_CASE("nesting is read up to 64 levels, wherever it appears, and left out beyond")
{
    CHECK(decode("{\"x\":" + nested(63) + "}").members().unknown.size() == 1);
    CHECK(decode("{\"x\":" + nested(64) + "}").members().unknown.size() == 1);
    const auto call = [](std::size_t levels) {
        return R"({"toolCall":{"functionCalls":[{"args":{"x":)" + nested(levels) + "}}]}}";
    };
    CHECK(decode(call(59)).function_calls().size() == 1);
    CHECK(refusal_of(call(60)) == "The server sent a malformed message: "
                                  "toolCall.functionCalls[0].args is nested too deeply.");
    CHECK(refusal_of(with_parts(nested(200'000))) != "taken");
    CHECK(refusal_of("{\"x\":" + std::string(200'000, '[') + "}") != "taken");
}

TEST_CASE("a message of many unknown members and one of many megabytes are read")
{
    std::string many = "{";
    for (int i = 0; i < 20'000; ++i) many += "\"m" + std::to_string(i) + "\":[{}],";
    many += "\"goAway\":{}}";
    const auto message = decode(many);
    CHECK(message.members().unknown.size() == 64); // the rest is in raw()
    CHECK(message.members().go_away);
    CHECK(decode(with_parts(audio_part(std::string(4'000'000, 'A')))).audio().size() == 3'000'000);
    CHECK(decode("{}").raw() == "{}"); // after a large one
}

TEST_CASE("threads decode side by side")
{
    std::vector<std::thread> threads;
    std::vector<std::size_t> sizes(4);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        threads.emplace_back([i, &sizes] {
            for (std::size_t round = 1; round <= 200; ++round) {
                const auto text = with_parts(audio_part(std::string(4 * round, 'A')));
                sizes[i] += decode(text).audio().size();
            }
        });
    }
    for (auto& each : threads) each.join();
    for (const auto size : sizes) CHECK(size == 3 * 201 * 100);
}

} // namespace decode_test
