// SPDX-License-Identifier: Apache-2.0
#include "viewer/message_facts.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace message_facts_test {

using namespace gemini::live;
using namespace gemini::live::viewer;
using std::chrono::milliseconds;

namespace {

message_facts sent(std::string_view text)
{
    return facts_of_sent(protocol::json_value::parse(text));
}
message_facts received(std::string_view text)
{
    return facts_of_received(protocol::json_value::parse(text));
}

} // namespace

TEST_CASE("a message is named after its members")
{
    CHECK(sent(R"({"realtimeInput":{"text":"Hi"}})").kind == "realtimeInput.text");
    CHECK(
        received(
            R"({"serverContent":{"modelTurn":{"parts":[]},"turnComplete":true},"usageMetadata":{}})")
            .kind == "serverContent.modelTurn+turnComplete");
    CHECK(received(R"({"usageMetadata":{}})").kind == "usageMetadata");
    CHECK(received(R"({})").kind == "{}");
}

TEST_CASE("typed words are what the user says, and history of the model is not")
{
    const auto facts =
        sent(R"({"clientContent":{"turns":[{"role":"model","parts":[{"text":"Before"}]},
        {"role":"user","parts":[{"text":"Now"}]}],"turnComplete":true}})");
    REQUIRE(facts.said.size() == 1);
    CHECK(facts.said[0].text == "Now");
    CHECK(facts.asks);
    CHECK_FALSE(sent(R"({"clientContent":{"turns":[]}})").asks);
}

TEST_CASE(
    "the user's sound has a length and levels, or only a length if only its size was recorded")
{
    const auto whole =
        sent(R"({"realtimeInput":{"audio":{"data":"AEAAQABA","mimeType":"audio/pcm;rate=100"}}})");
    REQUIRE(whole.heard);
    CHECK(whole.heard->duration == milliseconds(30));
    CHECK(whole.heard->levels == "bb"); // half of the full scale
    CHECK(whole.heard->recorded);
    CHECK(whole.only_sound);
    const auto size = sent(
        R"({"realtimeInput":{"mediaChunks":[{"data":{"bytes":3200},"mimeType":"audio/pcm"}]}})");
    REQUIRE(size.heard);
    CHECK(size.heard->duration == milliseconds(100));
    CHECK(size.heard->levels.empty());
    CHECK_FALSE(size.heard->recorded);
    CHECK_FALSE(
        sent(R"({"realtimeInput":{"video":{"data":{"bytes":9},"mimeType":"image/png"}}})").heard);
}

TEST_CASE("the model's sound, words and calls are read")
{
    const auto facts = received(R"({"serverContent":{"modelTurn":{"parts":[
        {"text":"Hm.","thought":true},
        {"inlineData":{"mimeType":"audio/pcm;rate=24000","data":{"bytes":4800}}}]},
        "outputTranscription":{"text":"Yes."},"inputTranscription":{"text":"Well?"}},
        "toolCall":{"functionCalls":[{"id":"a","name":"f","args":{"x":1}}]}})");
    CHECK(facts.outputs);
    CHECK_FALSE(facts.only_sound);
    REQUIRE(facts.heard);
    CHECK(facts.heard->duration == milliseconds(100));
    CHECK_FALSE(facts.heard->recorded);
    REQUIRE(facts.said.size() == 3);
    CHECK(facts.said[0].source == word_source::heard);
    CHECK(facts.said[1].source == word_source::thought);
    CHECK(facts.said[2].source == word_source::spoken);
    CHECK(facts.omitted.empty()); // sizes in place of media
    REQUIRE(facts.calls.size() == 1);
    CHECK(facts.calls[0].args == R"({"x":1})");
}

TEST_CASE("stereo music of 48 kHz has its own length")
{
    const auto music = received(R"({"serverContent":{"audioChunks":[
        {"mimeType":"audio/l16;rate=48000;channels=2","data":{"bytes":192000}}]}})");
    REQUIRE(music.heard);
    CHECK(music.heard->duration == milliseconds(1000));
}

TEST_CASE("members that are unknown or unreadable are told")
{
    const auto facts = received(R"({"news":{},"goAway":{"timeLeft":"soon"}})");
    CHECK(facts.unknown == std::vector<std::string>{"news"});
    REQUIRE(facts.omitted.size() == 1);
    CHECK(facts.omitted[0].path == "goAway.timeLeft");
}

TEST_CASE("a message that cannot be read at all says why")
{
    const auto facts = received("[]");
    CHECK(facts.error);
    CHECK_FALSE(facts.summary.empty());
}

TEST_CASE("a long summary is cut between characters")
{
    std::string text;
    for (int i = 0; i < 200; ++i) text += "ü";
    const auto facts = sent(R"({"realtimeInput":{"text":")" + text + R"("}})");
    CHECK(facts.summary.size() < 170);
    CHECK(facts.summary.find("ü…") != std::string::npos);
    CHECK(facts.said[0].text == text);
}

} // namespace message_facts_test
