// SPDX-License-Identifier: Apache-2.0
#include "base/access.hpp"
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/mend.hpp"

#include "support/catch.hpp"
#include "support/spoiling.hpp"

#include <gemini/live/error.hpp>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace reading_test {

// A defect in a minor member never costs the message.
using namespace gemini::live;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
using test::spoiling::json_value;

namespace {

server_message decode(std::string_view text)
{
    return protocol::decode_server_message(base::padded_buffer(text));
}

/// "goAway.timeLeft is not …; …"
std::string omitted_from(const server_message& message)
{
    std::string all;
    for (const auto& each : message.members().omitted)
        all += (all.empty() ? "" : "; ") + each.path + ' ' + each.reason;
    return all;
}

std::string as_text(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Text, audio, a call, a handle, a goAway and the end of a turn. `content` goes into
/// serverContent, `beside` next to it.
std::string busy_message(std::string_view content, std::string_view beside)
{
    return R"({"serverContent":{)" + std::string(content) +
           R"("modelTurn":{"parts":[{"text":"Hi"},{"inlineData":{"mimeType":"audio/pcm","data":"AAEC"}}]},)"
           R"("outputTranscription":{"text":"Hello"},"turnComplete":true},)" +
           std::string(beside) +
           R"("toolCall":{"functionCalls":[{"id":"a","name":"look","args":{"at":"me"}}]},)"
           R"("sessionResumptionUpdate":{"newHandle":"h","resumable":true},)"
           R"("goAway":{"timeLeft":"50s"}})";
}

void check_busy(const server_message& message)
{
    CHECK(message.text() == "Hi");
    CHECK(as_text(message.audio()) == "\0\1\2"sv);
    CHECK(message.output_transcription() == "Hello");
    CHECK(message.turn_complete());
    REQUIRE(message.function_calls().size() == 1);
    CHECK(message.function_calls()[0].args.find_string("/at") == "me");
    REQUIRE(message.members().session_resumption_update);
    CHECK(message.members().session_resumption_update->new_handle == "h");
    CHECK(message.members().session_resumption_update->resumable);
    REQUIRE(message.members().go_away);
    CHECK(message.members().go_away->time_left == 50s);
}

std::optional<std::chrono::nanoseconds> time_left(std::string_view value)
{
    const auto message = decode(R"({"goAway":{"timeLeft":)" + std::string(value) + "}}");
    if (!message.members().go_away) return std::nullopt;
    return message.members().go_away->time_left;
}

std::string nested(std::size_t levels)
{
    return std::string(levels, '[') + std::string(levels, ']');
}

std::string sound(std::string_view base64)
{
    return R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":")" +
           std::string(base64) + R"("}}]},"turnComplete":true}})";
}

} // namespace

TEST_CASE("one unreadable member is left out and named; words, sound, calls, turnComplete, handle "
          "and goAway arrive")
{
    struct row {
        std::string_view content;
        std::string_view beside;
        std::string_view told;
    };
    const auto each = GENERATE(row{R"("groundingMetadata":"none",)", "",
                                   "serverContent.groundingMetadata is not an object"},
        row{R"("groundingMetadata":{"groundingSupports":[{"confidenceScores":[0.5,"high"]}]},)", "",
            "serverContent.groundingMetadata.groundingSupports[0].confidenceScores[1] is not a "
            "number"},
        row{R"("interrupted":"perhaps",)", "", "serverContent.interrupted is not a boolean"},
        row{R"("inputTranscription":7,)", "", "serverContent.inputTranscription is not an object"},
        row{R"("inputTranscription":{"text":["a"]},)", "",
            "serverContent.inputTranscription.text is not a string"},
        row{R"("speechState":{},)", "", "serverContent.speechState is not a string"},
        row{"", R"("usageMetadata":{"totalTokenCount":"many"},)",
            "usageMetadata.totalTokenCount is not an integer"},
        row{"", R"("usageMetadata":{"totalTokenCount":4294967296},)",
            "usageMetadata.totalTokenCount is too large"},
        row{"", R"("usageMetadata":{"totalTokenCount":1e999},)",
            "usageMetadata.totalTokenCount is not an integer"},
        row{"", R"("usageMetadata":[],)", "usageMetadata is not an object"},
        row{"", R"("usageMetadata":{"promptTokensDetails":{"modality":"TEXT","tokenCount":"x"}},)",
            "usageMetadata.promptTokensDetails.tokenCount is not an integer"},
        row{"", R"("voiceActivity":{"audioOffset":"soon"},)",
            "voiceActivity.audioOffset is not a duration such as \"9.5s\""},
        row{"", R"("toolCallCancellation":{"ids":["b",{},"c"]},)",
            "toolCallCancellation.ids[1] is not a string"},
        row{"", R"("filteredPrompt":"a","error":{"code":{}},)",
            "filteredPrompt is not an object; error.code is not an integer"});
    const auto message = decode(busy_message(each.content, each.beside));
    check_busy(message);
    CHECK(omitted_from(message) == each.told);
}

TEST_CASE("unknown members and null cost nothing, whatever they contain")
{
    const auto message = decode(busy_message(R"("mood":1e999,"interrupted":null,)",
        R"("novelty":)" + nested(200'000) + R"(,"usageMetadata":null,"half":"\udc00",)" +
            R"("\ud800":1,)"));
    check_busy(message);
    CHECK(message.members().omitted.empty());
    CHECK(message.members().unknown == std::vector<std::string>{"novelty", "half", "\xef\xbf\xbd"});
    const auto parts = decode(
        R"({"serverContent":{"modelTurn":{"parts":[null,{"text":"Hi"},null]},"audioChunks":[null]}})");
    CHECK(parts.text() == "Hi");
    CHECK(parts.members().omitted.empty());
}

TEST_CASE("half a surrogate pair becomes U+FFFD, and whole pairs stay")
{
    const auto message = decode(
        R"({"serverContent":{"outputTranscription":{"text":"bye \ud83d"},"inputTranscription":)"
        R"({"text":"\udc00\ud83d\ud83d\ude00\\ud83d"}},"toolCall":{"functionCalls":[{"id":"a",)"
        R"("name":"f","args":{"\ud83d":"\ud83dx"}}]}})");
    CHECK(message.output_transcription() == "bye \xef\xbf\xbd");
    CHECK(message.input_transcription() == "\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\\ud83d");
    CHECK(message.function_calls()[0].args.find_string("/\xef\xbf\xbd") == "\xef\xbf\xbdx");
    CHECK_NOTHROW(json(std::string(message.raw())));
    CHECK(message.members().omitted.empty());
}

TEST_CASE("invalid UTF-8 becomes U+FFFD")
{
    const auto message =
        decode("\xef\xbb\xbf{\"serverContent\":{\"outputTranscription\":{\"text\":\"caf\xc3 "
               "\xe2\x82 \xff\xed\xa0\x80 \xc3\xa9\"},\"turnComplete\":true}}");
    CHECK(message.output_transcription() ==
          "caf\xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xa9");
    CHECK(message.turn_complete());
    CHECK_NOTHROW(json(std::string(message.raw())));
    CHECK(message.members().omitted.empty());
}

TEST_CASE("numbers are read as proto3 JSON writes them")
{
    const auto message = decode(
        R"({"serverContent":{"groundingMetadata":{"groundingSupports":[{"confidenceScores":)"
        R"(["NaN","Infinity","-Infinity","0.9","1e-1",NaN,0.5],"groundingChunkIndices":)"
        R"([1.0,"2","3.0","4e0"],"renderedParts":[2.5]}]}},"usageMetadata":{"totalTokenCount":"17","promptTokenCount":)"
        R"(1.0,"thoughtsTokenCount":"1e999"},"sessionResumptionUpdate":)"
        R"({"lastConsumedClientMessageIndex":"9223372036854775808"}})");
    const auto& support =
        message.members().server_content->grounding_metadata->grounding_supports.at(0);
    const auto& scores = support.confidence_scores;
    REQUIRE(scores.size() == 7);
    CHECK(std::isnan(scores[0]));
    CHECK(scores[1] == std::numeric_limits<double>::infinity());
    CHECK(scores[2] == -std::numeric_limits<double>::infinity());
    CHECK(scores[3] == 0.9);
    CHECK(scores[4] == 0.1);
    CHECK(std::isnan(scores[5]));
    CHECK(scores[6] == 0.5);
    CHECK(support.grounding_chunk_indices == std::vector{1, 2, 3, 4});
    CHECK(message.members().usage_metadata->total_token_count == 17);
    CHECK(message.members().usage_metadata->prompt_token_count == 1);
    CHECK(message.members().usage_metadata->thoughts_token_count == 0);
    CHECK_FALSE(message.members().session_resumption_update->last_consumed_client_message_index);
    CHECK(message.members().omitted.size() == 3);
    const json again(protocol::encode_server_message(message.members()));
    CHECK(again.find("/serverContent/groundingMetadata/groundingSupports/0/confidenceScores") ==
          json(R"(["NaN","Infinity","-Infinity",0.9,0.1,"NaN",0.5])"));
}

TEST_CASE("a goAway counts, whatever its timeLeft")
{
    CHECK(time_left(R"("50s")") == 50s);
    CHECK(time_left(R"("50")") == 50s);
    CHECK(time_left("50") == 50s);
    CHECK(time_left("1.5") == 1500ms);
    CHECK(time_left("5e1") == 50s);
    CHECK(time_left(R"(" 50 s ")") == 50s);
    CHECK(time_left(R"({"seconds":50})") == 50s);
    CHECK(time_left(R"({"seconds":"50","nanos":500000000})") == 50'500ms);
    CHECK(time_left(R"("9.12345678901234s")") == 9'123'456'789ns);
    CHECK(time_left(R"("0s")") == 0s);
    constexpr auto careful = 10s;
    // A Duration is a message: proto3 JSON writes "0s" for zero, so an absent one means "not said".
    CHECK(time_left("null") == 0s);
    const auto bare = decode(R"({"goAway":{}})");
    REQUIRE(bare.members().go_away);
    CHECK(bare.members().go_away->time_left == 0s);
    CHECK(bare.members().omitted.empty());
    for (const auto* unreadable : {R"("soon")", R"("")", R"("s")", R"("5m")", R"("1e3s")", "true",
             "[]", "{}", R"({"minutes":5})", R"("99999999999999s")", "1e30", "1e999", "NaN",
             R"({"seconds":1e30})", R"({"seconds":50,"nanos":"few"})", R"("5.s")"}) {
        INFO(unreadable);
        CHECK(time_left(unreadable) == careful);
        CHECK_FALSE(decode(R"({"goAway":{"timeLeft":)" + std::string(unreadable) + "}}")
                        .members()
                        .omitted.empty());
    }
    for (const auto* what : {"true", R"("soon")", "50", "[]", "[7]"}) {
        const auto message = decode(R"({"goAway":)" + std::string(what) + "}");
        REQUIRE(message.members().go_away);
        CHECK(message.members().go_away->time_left == careful);
    }
}

TEST_CASE("a setupComplete counts, whatever it contains")
{
    for (const auto* what : {"{}", "true", "[]", R"("yes")", R"({"sessionId":7})"}) {
        INFO(what);
        CHECK(decode(R"({"setupComplete":)" + std::string(what) + "}").members().setup_complete);
    }
}

TEST_CASE("a handle counts although `resumable` is unreadable")
{
    const auto update = [](std::string_view rest) {
        return *decode(R"({"sessionResumptionUpdate":{)" + std::string(rest) + "}}")
                    .members()
                    .session_resumption_update;
    };
    CHECK(update(R"("newHandle":"h","resumable":"certainly")").resumable);
    CHECK(update(R"("newHandle":"h","resumable":"true")").resumable);
    CHECK_FALSE(update(R"("newHandle":"h","resumable":false)").resumable);
    CHECK_FALSE(update(R"("newHandle":"h")").resumable);
    CHECK_FALSE(update(R"("newHandle":7,"resumable":"certainly")").resumable);
}

TEST_CASE("base64 is read with line breaks, spare bits, missing padding and in either alphabet")
{
    struct row {
        std::string_view base64;
        std::string_view bytes;
    };
    const auto each = GENERATE(row{R"(AAEC\r\nAwQF\n)", "\0\1\2\3\4\5"sv},
        row{R"( AA E C )", "\0\1\2"sv}, row{"//9=", "\xff\xff"sv}, row{"//8", "\xff\xff"sv},
        row{"__8=", "\xff\xff"sv}, row{"-_+/", "\xfb\xff\xbf"sv}, row{"/w====", "\xff"sv},
        row{"/x==", "\xff"sv}, row{R"(\/w==)", "\xff"sv}, row{R"(AAEC\n/w==)", "\0\1\2\xff"sv});
    const auto message = decode(sound(each.base64));
    CHECK(as_text(message.audio()) == each.bytes);
    CHECK(message.members().omitted.empty());
    CHECK(message.turn_complete());
}

TEST_CASE("invalid base64 is left out, and its message is delivered")
{
    for (const auto* text : {"c2VjcmV0!", "AAAAA", "A", "=", "AA=A"}) {
        INFO(text);
        const auto message = decode(sound(text));
        CHECK(message.turn_complete());
        CHECK(message.audio().empty());
        if (text != "="sv) {
            CHECK(omitted_from(message) ==
                  "serverContent.modelTurn.parts[0].inlineData.data is not base64");
        }
    }
}

TEST_CASE("media types are compared by RFC 9110")
{
    for (const auto* type :
        {"Audio/PCM; rate=16000", "AUDIO/L16;Rate=\\\"24000\\\"", " audio/pcm "}) {
        INFO(type);
        auto message =
            decode(R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":")" +
                   std::string(type) + R"(","data":"AAEC"}}]}}})");
        CHECK(message.audio().size() == 3);
        access::drop_audio(message);
        CHECK_FALSE(message.members().server_content->model_turn);
    }
    realtime_input_members sent;
    sent.audio = blob("Audio/PCM; rate=16000", bytes(2));
    CHECK_NOTHROW(protocol::encode_realtime_input(realtime_input(sent), backend::gemini_api));
}

TEST_CASE("audio in a model's turn is heard though its media type is absent, and that is reported")
{
    const auto turn = [](std::string_view blob) {
        return decode(R"({"serverContent":{"modelTurn":{"parts":[{"inlineData":)" +
                      std::string(blob) + R"(}]},"turnComplete":true}})");
    };
    struct row {
        std::string_view blob;
        std::string_view told;
    };
    const auto each = GENERATE(row{R"({"mimeType":{},"data":"AAEC"})", "is not a string"},
        row{R"({"data":"AAEC","mimeType":7})", "is not a string"},
        row{R"({"data":"AAEC"})", "is missing: taken for sound"},
        row{R"({"mimeType":null,"data":"AAEC"})", "is missing: taken for sound"},
        row{R"({"mimeType":"","data":"AAEC"})", "is missing: taken for sound"});
    INFO(each.blob);
    const auto message = turn(each.blob);
    CHECK(as_text(message.audio()) == "\0\1\2"sv);
    CHECK(message.members().server_content->model_turn->parts.at(0).inline_data->mime_type ==
          "audio/pcm;rate=24000");
    CHECK(message.turn_complete());
    CHECK(omitted_from(message) ==
          "serverContent.modelTurn.parts[0].inlineData.mimeType " + std::string(each.told));
    for (const auto* empty : {"{}", R"({"data":""})", R"({"mimeType":"audio/pcm"})"}) {
        CHECK(turn(empty).audio().empty());
        CHECK(turn(empty).members().omitted.empty());
    }
}

TEST_CASE("a number in place of an id is read as text, so that the call can be answered")
{
    const auto message = decode(
        R"({"toolCall":{"functionCalls":[{"id":7,"name":"f","args":{}},{"id": 12345678901234567890123 ,)"
        R"("name":"g"},{"id":true,"name":"h"}]},"toolCallCancellation":{"ids":["a",7, 8 ]},)"
        R"("setupComplete":{"sessionId":9}})");
    const auto calls = message.function_calls();
    REQUIRE(calls.size() == 3);
    CHECK(calls[0].id == "7");
    CHECK(calls[1].id == "12345678901234567890123");
    CHECK(calls[2].id.empty());
    CHECK(message.members().tool_call_cancellation->ids == std::vector<std::string>{"a", "7", "8"});
    CHECK(message.members().setup_complete->session_id == "9");
    CHECK(omitted_from(message) ==
          "toolCall.functionCalls[0].id is not a string: its digits are taken; "
          "toolCall.functionCalls[1].id is not a string: its digits are taken; "
          "toolCall.functionCalls[2].id is not a string; "
          "toolCallCancellation.ids[1] is not a string: its digits are taken; "
          "toolCallCancellation.ids[2] is not a string: its digits are taken; "
          "setupComplete.sessionId is not a string: its digits are taken");
}

TEST_CASE("an object is accepted in place of a list, and a list in place of an object")
{
    const auto message =
        decode(R"({"serverContent":[{"modelTurn":{"parts":{"text":"Hi"}}},{"turnComplete":true}],)"
               R"("toolCall":{"functionCalls":{"id":"a","name":"f","args":{}}},)"
               R"("toolCallCancellation":{"ids":"b"},"goAway":[{"timeLeft":"5s"}]})");
    CHECK(message.text() == "Hi");
    CHECK(message.turn_complete());
    CHECK(message.function_calls().size() == 1);
    CHECK(message.members().tool_call_cancellation->ids == std::vector<std::string>{"b"});
    CHECK(message.members().go_away->time_left == 5s);
    CHECK(message.members().omitted.empty());
    const auto mixed = decode(R"({"serverContent":[7,{"turnComplete":true}],"toolCall":[[]]})");
    CHECK(mixed.turn_complete());
    CHECK(omitted_from(mixed) == "serverContent[0] is not an object; toolCall[0] is not an object");
}

TEST_CASE("an unreadable element of a list is left out; parts and sources keep their places")
{
    const auto message = decode(
        R"({"serverContent":{"modelTurn":{"parts":[7,{"text":"a"},"x",{"text":{}},{"text":"b"}]},)"
        R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}},7,null,{"web":{"uri":"v"}}]}}})");
    CHECK(message.text() == "ab");
    const auto& parts = message.members().server_content->model_turn->parts;
    REQUIRE(parts.size() == 5); // segment.partIndex and renderedParts count them
    CHECK(parts[0] == part());
    CHECK(parts[4].text == "b");
    CHECK(omitted_from(message) ==
          "serverContent.modelTurn.parts[0] is not an object; "
          "serverContent.modelTurn.parts[2] is not an object; "
          "serverContent.modelTurn.parts[3].text is not a string; "
          "serverContent.groundingMetadata.groundingChunks[1] is not an object");
    const auto& chunks = message.members().server_content->grounding_metadata->grounding_chunks;
    REQUIRE(chunks.size() == 4);
    CHECK(chunks[3].web->uri == "v");
}

TEST_CASE("a source's score stays with it where another source or score is unreadable")
{
    const auto support = [](std::string_view members) {
        return decode(R"({"serverContent":{"groundingMetadata":{"groundingSupports":[{)" +
                      std::string(members) + "}]}}}")
            .members()
            .server_content->grounding_metadata->grounding_supports.at(0);
    };
    const auto without_second = std::vector{0, 2};
    const auto scores_of_both = std::vector{0.5, 0.7};
    for (const auto* members :
        {R"("groundingChunkIndices":[0,"x",2],"confidenceScores":[0.5,0.6,0.7])",
            R"("confidenceScores":[0.5,0.6,0.7],"groundingChunkIndices":[0,null,2])",
            R"("confidenceScores":[0.5,{},0.7],"groundingChunkIndices":[0,1.5,2])"}) {
        INFO(members);
        CHECK(support(members).grounding_chunk_indices == without_second);
        CHECK(support(members).confidence_scores == scores_of_both);
    }
    const auto unknown =
        support(R"("groundingChunkIndices":[0,1,2,3],"confidenceScores":[0.5,"high",null,0.8])");
    CHECK(unknown.grounding_chunk_indices == std::vector{0, 1, 2, 3});
    REQUIRE(unknown.confidence_scores.size() == 4);
    CHECK(std::isnan(unknown.confidence_scores[1]));
    CHECK(std::isnan(unknown.confidence_scores[2]));
    CHECK(unknown.confidence_scores[3] == 0.8);
    const auto alone = support(R"("groundingChunkIndices":["x",1],"renderedParts":[0,"x",null,2])");
    CHECK(alone.grounding_chunk_indices == std::vector{1});
    CHECK(alone.confidence_scores.empty());
    CHECK(alone.rendered_parts == std::vector{0, 2});
}

TEST_CASE("a call is delivered with the readable part of its arguments")
{
    const auto message = decode(R"({"toolCall":{"functionCalls":[{"id":"a","name":"f","args":[1]},)"
                                R"({"id":"b","name":"f","args":{"n":1e999,"deep":)" +
                                nested(100) + R"(,"after":true}},{"id":"c","name":7}]}})");
    const auto calls = message.function_calls();
    REQUIRE(calls.size() == 3);
    CHECK(calls[0].args.empty());
    CHECK(calls[1].args.find_string("/n") == "1e999");
    CHECK(calls[1].args.find_bool("/after") == true);
    CHECK_NOTHROW(json(calls[1].args.text()));
    CHECK(calls[2].id == "c");
    CHECK(omitted_from(message) == "toolCall.functionCalls[0].args is not an object; "
                                   "toolCall.functionCalls[1].args is nested too deeply; "
                                   "toolCall.functionCalls[2].name is not a string");
}

TEST_CASE("words, numbers and strings that JSON does not have cost only their member")
{
    const auto message = decode(
        "{\"serverContent\":{\"turnComplete\":true,\"interrupted\":tru,\"outputTranscription\":"
        "{\"text\":\"a\tb\\x\"},\"modelTurn\":{\"parts\":[{\"inlineData\":{\"mimeType\":"
        "\"audio/pcm\",\"data\":\"AAEC\nAwQF\"}}]}},\"mood\":nul,\"usageMetadata\":"
        "{\"totalTokenCount\":007,\"promptTokenCount\":.5}}");
    CHECK(message.turn_complete());
    CHECK(message.output_transcription() == "a\tb\\x");
    CHECK(as_text(message.audio()) == "\0\1\2\3\4\5"sv);
    CHECK(message.members().usage_metadata->total_token_count == 7);
    CHECK(omitted_from(message) == "serverContent.interrupted is not a boolean; "
                                   "usageMetadata.promptTokenCount is not an integer");
}

TEST_CASE("no value of a repeated member is lost")
{
    const auto message = decode(
        R"({"serverContent":{"turnComplete":true},"serverContent":{"outputTranscription":)"
        R"({"text":"Hi","text":7},"turnComplete":"x"},"goAway":{"timeLeft":"5s"},"goAway":{}})");
    CHECK(message.output_transcription() == "Hi");
    CHECK(message.turn_complete());
    CHECK(message.members().go_away->time_left == 5s);
}

TEST_CASE("omissions do not quote the message, and are few")
{
    std::string many = R"({"serverContent":{"modelTurn":{"parts":[)";
    for (int i = 0; i < 5'000; ++i) many += R"("secret",)";
    many +=
        R"({"text":"Hi"}]},"turnComplete":"secret"},"goAway":"secret","sessionResumptionUpdate":)"
        R"({"newHandle":"h","resumable":"secret"}})";
    const auto message = decode(many);
    CHECK(message.text() == "Hi");
    CHECK(message.members().omitted.size() == 19);
    CHECK(message.members().go_away->time_left == 10s);
    CHECK(message.members().session_resumption_update->resumable);
    CHECK(omitted_from(message).find("secret") == std::string::npos);
    CHECK(omitted_from(message).find("serverContent.turnComplete is not a boolean") !=
          std::string::npos);
}

TEST_CASE("a member that may have been the end of a turn, or a call, is recognized by its path")
{
    for (const auto* path :
        {"serverContent", "serverContent.turnComplete", "toolCall", "serverContent[0].turnComplete",
            "toolCall.functionCalls", "toolCall.functionCalls[2]", "error"})
        CHECK(protocol::may_end_turn(path));
    for (const auto* path : {"serverContent.modelTurn", "toolCall.functionCalls[2].args",
             "error.code", "goAway", "serverContent.turnCompleteReason"})
        CHECK_FALSE(protocol::may_end_turn(path));
}

TEST_CASE("what is repaired is JSON, and nothing else is changed")
{
    const auto mended = [](std::string_view text) {
        const auto made = protocol::mend_json(text);
        return made ? made->text : "nothing";
    };
    for (const auto* text : {"{}", " [ ] ", R"({"a":[1,-2.5e-3,"x\n\u00e9",{},[],true,null]})",
             "0e999", "1e-999", "0.0000e5", "[123456789012345678901234567890]"})
        CHECK(mended(text) == text);
    CHECK(mended("[1e999,-1E+999,NaN,-Infinity]") == R"(["1e999","-1E+999","NaN","-Infinity"])");
    CHECK(mended('[' + std::string(400, '9') + ']') == "[\"" + std::string(400, '9') + "\"]");
    CHECK(mended('[' + std::string(400, '9') + "e-300]") == '[' + std::string(400, '9') + "e-300]");
    CHECK(mended("[0." + std::string(400, '0') + "1]") == "[0." + std::string(400, '0') + "1]");
    CHECK(mended(nested(66)) == std::string(64, '[') + "null" + std::string(64, ']'));
    CHECK(mended(R"([01,tru,truex,+1,.5,1.,--1,1e,2e+,a\b])") ==
          R"(["01","tru","truex","+1",".5","1.","--1","1e","2e+","a\\b"])");
    CHECK(mended("[\"a\nb\\x\\u12g4\\\"\"]") == R"(["a\u000ab\\x\\u12g4\""])");
    for (const auto* text : {"", "{", "}", "{}}", "{} {}", "[1,]", "{\"a\":1,}", "{\"a\" 1}",
             "{a:1}", "[1 2]", "[1}", "[,1]", "\"", "\"\\", "{\"a\"}", "[\"a\" \"b\"]", "tru:"})
        CHECK(mended(text) == "nothing");
}

TEST_CASE("a golden message with one member spoiled differs from the whole one in that member only")
{
    std::ifstream in(GOLDEN_SERVER_MESSAGES, std::ios::binary);
    REQUIRE(in);
    const auto vectors = json_value::parse(std::string(std::istreambuf_iterator<char>(in), {}));
    std::vector<json_value> messages;
    const auto cases = vectors.find("cases")->elements();
    for (const auto& each : cases) {
        const auto frames =
            each.find("frames") ? each.find("frames")->elements() : std::vector{each};
        for (const auto& frame : frames)
            if (auto message = frame.find("json"); message && message->is_object())
                messages.push_back(*message);
    }
    REQUIRE(messages.size() > 50);
    std::size_t count = 0;
    for (const auto& message : messages) {
        const auto whole = test::spoiling::read(message.text());
        REQUIRE(whole);
        if (!whole->members().omitted.empty()) continue;
        for (const auto& where : test::spoiling::all_paths(message)) {
            const auto value = test::spoiling::value_at(message, where);
            for (const auto& form : test::spoiling::spoilt_forms(value)) {
                ++count;
                const auto wrong = test::spoiling::complaint(message, where, form);
                if (!wrong.empty()) FAIL_CHECK(wrong);
            }
        }
    }
    CHECK(count > 5'000);
}

} // namespace reading_test
