// SPDX-License-Identifier: Apache-2.0
#include "unit/emulator/virtual_client.hpp"

namespace rules_test {

using namespace test;

// What the service refuses after the setup, one row for each rule.

namespace {

constexpr std::string_view invalid = "Request contains an invalid argument.";

/// Sends the messages; the last one is refused with these words, or accepted if they are empty.
void check_talk(client& c, const std::vector<std::string>& messages, std::string_view reason)
{
    for (const auto& each : messages) {
        INFO(each);
        CHECK_FALSE(c.closed);
        c.say(each);
    }
    INFO(messages.back());
    REQUIRE(c.closed.has_value() == !reason.empty());
    if (reason.empty()) return;
    CHECK(c.closed->first == 1007);
    CHECK(c.closed->second == reason);
}

std::string response(std::string_view members)
{
    return fmt::format(R"({{"toolResponse":{{"functionResponses":[{{{}}}]}}}})", members);
}

} // namespace

TEST_CASE("a setup comes first, once, and in time")
{
    client early;
    early.say(R"({"realtimeInput":{"text":"Hello"}})");
    REQUIRE(early.closed);
    CHECK(early.closed->second == invalid);

    client twice;
    twice.connect();
    twice.say(R"({"setup":{"model":"models/gemini-3.8-live"}})");
    REQUIRE(twice.closed);
    CHECK(twice.closed->second == invalid);

    client never;
    never.dial();
    never.wait();
    REQUIRE(never.closed);
    CHECK(never.closed->first == 1011);
    CHECK(never.closed->second == "Deadline expired before operation could complete.");

    client nothing;
    nothing.connect();
    nothing.say("{}");
    REQUIRE(nothing.closed);
    CHECK(nothing.closed->second == invalid);
}

TEST_CASE("activity marks need detection off, the end of the stream needs it on")
{
    struct row {
        const char* message;
        bool with_detection, without;
    };
    for (const auto& each : {row{R"({"realtimeInput":{"activityStart":{}}})", false, true},
             row{R"({"realtimeInput":{"activityEnd":{}}})", false, true},
             row{R"({"realtimeInput":{"audioStreamEnd":true}})", true, false},
             row{R"({"realtimeInput":{"audioStreamEnd":false}})", true, true},
             row{R"({"realtimeInput":{}})", true, true}}) {
        client on;
        on.connect();
        check_talk(on, {each.message}, each.with_detection ? "" : invalid);
        client off;
        off.connect(R"(,"realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}})");
        check_talk(off, {each.message}, each.without ? "" : invalid);
    }
}

TEST_CASE("audio is audio and video is pictures")
{
    for (const auto& [message, taken] :
        {std::pair(R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"AAAA"}}})", true),
            std::pair(
                R"({"realtimeInput":{"audio":{"mimeType":"image/jpeg","data":"AAAA"}}})", false),
            std::pair(
                R"({"realtimeInput":{"video":{"mimeType":"image/webp","data":"AAAA"}}})", true),
            std::pair(
                R"({"realtimeInput":{"video":{"mimeType":"audio/pcm","data":"AAAA"}}})", false),
            std::pair(
                R"({"realtimeInput":{"mediaChunks":[{"mimeType":"image/png","data":"AAAA"}]}})",
                true)}) {
        client c;
        c.connect();
        check_talk(c, {message}, taken ? "" : invalid);
    }
}

TEST_CASE("a turn's role is user or model")
{
    client c;
    c.connect("", "gemini-2.5-flash-native-audio-latest"); // where an omitted role means user
    check_talk(c,
        {R"({"clientContent":{"turns":[{"parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]}})",
            R"({"clientContent":{"turns":[{"role":"assistant","parts":[{"text":"c"}]}]}})"},
        invalid);
}

TEST_CASE("client content is history, once, if the setup says so; 3.1 also accepts it later")
{
    constexpr std::string_view history =
        R"(,"historyConfig":{"initialHistoryInClientContent":true})";
    const std::string turn =
        R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"a"}]}],"turnComplete":true}})";
    client without;
    without.connect("", "gemini-3.1-flash-live-preview");
    check_talk(without, {turn, turn}, "");
    client once;
    once.connect(history, "gemini-3.1-flash-live-preview");
    once.say(turn);
    once.wait();
    CHECK(once.count(is_end) == 0);
    check_talk(once, {R"({"realtimeInput":{"text":"b"}})", turn}, "");
    client always;
    always.connect(history);
    check_talk(always, {turn, turn}, "");
}

TEST_CASE("a function response needs a call, its id, and content")
{
    const std::string ask = R"({"realtimeInput":{"text":"/call f a"}})";
    struct row {
        std::string message;
        std::string_view reason;
    };
    for (const auto& each :
        {row{response(R"("id":"a","name":"f","response":{"output":1})"), ""},
            row{response(R"("name":"f","response":{"output":1})"), invalid},
            row{response(R"("id":"b","name":"f","response":{"output":1})"), invalid},
            row{response(R"("id":"a","name":"f")"), invalid},
            row{R"({"toolResponse":{"functionResponses":[]}})", invalid},
            row{R"({"toolResponse":{}})", invalid},
            row{response(
                    R"("id":"a","name":"f","response":{},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA","displayName":"p"}}])"),
                ""}}) {
        client c;
        c.connect();
        c.say(ask);
        c.wait();
        check_talk(c, {each.message}, each.reason);
    }
}

TEST_CASE("a response that crosses a cancellation is accepted")
{
    client c;
    c.connect();
    c.text("/call f a");
    c.wait();
    c.text("never mind");
    REQUIRE(
        c.find([](const auto& each) { return each.members().tool_call_cancellation.has_value(); }));
    check_talk(c, {response(R"("id":"a","name":"f","response":{})")}, "");
}

TEST_CASE("on Vertex AI a function response needs no id, but the call's name")
{
    client c;
    c.way.backend = backend::vertex_ai;
    c.connect();
    c.text("/call f");
    c.wait();
    check_talk(c,
        {response(R"("name":"f","response":{})"), response(R"("name":"g","response":{})")},
        invalid);
}

TEST_CASE("extended thinking refuses any scheduling")
{
    for (const char* scheduling : {"SILENT", "WHEN_IDLE", "INTERRUPT", "SCHEDULING_UNSPECIFIED"}) {
        const auto answer = response(
            fmt::format(R"("id":"a","name":"f","response":{{}},"scheduling":"{}")", scheduling));
        client strict;
        strict.connect("", "gemini-3.8-live-extended-thinking");
        strict.text("/call f a");
        strict.wait();
        check_talk(
            strict, {answer}, "Function response scheduling is not supported for this model.");
        client lenient;
        lenient.connect();
        lenient.text("/call f a");
        lenient.wait();
        check_talk(lenient, {answer}, "");
    }
}

TEST_CASE("a context update requires 3.8, and follows the setup's rules")
{
    const std::string instruction =
        R"({"contextUpdate":{"systemInstruction":{"parts":[{"text":"French, please"}]}}})";
    struct row {
        std::string message;
        std::string_view model;
        std::string_view reason;
    };
    for (const auto& each :
        {row{instruction, "gemini-3.8-live", ""},
            row{instruction, "gemini-3.8-live-extended-thinking", ""},
            row{instruction, "gemini-3.1-flash-live-preview", invalid},
            row{R"({"contextUpdate":{"systemInstruction":{"parts":[{"fileData":{"fileUri":"u"}}]}}})",
                "gemini-3.8-live", invalid},
            row{R"({"contextUpdate":{"tools":{"tools":[{"functionDeclarations":[{"name":"f","behavior":"BLOCKING"}]}]}}})",
                "gemini-3.8-live-extended-thinking", invalid},
            row{R"({"contextUpdate":{}})", "gemini-3.8-live", ""}}) {
        client c;
        c.connect("", each.model);
        check_talk(c, {each.message}, each.reason);
    }
}

TEST_CASE("a context update replaces the tools, clears them, or keeps them")
{
    client c;
    c.connect(R"(,"tools":[{"functionDeclarations":[{"name":"get_weather"}]}])");
    const auto calls = [&] {
        c.heard.clear();
        c.text("the weather?");
        c.wait();
        return c.count([](const auto& each) { return !each.function_calls().empty(); });
    };
    CHECK(calls() == 1);
    c.say(R"({"contextUpdate":{"systemInstruction":{"parts":[{"text":"Be brief."}]}}})");
    CHECK(calls() == 1);
    c.say(
        R"({"contextUpdate":{"tools":{"tools":[{"functionDeclarations":[{"name":"set_alarm"}]}]}}})");
    CHECK(calls() == 0);
    c.say(
        R"({"contextUpdate":{"tools":{"tools":[{"functionDeclarations":[{"name":"get_weather"}]}]}}})");
    CHECK(calls() == 1);
    c.say(R"({"contextUpdate":{"tools":{"tools":[]}}})");
    CHECK(calls() == 0);
}

} // namespace rules_test
