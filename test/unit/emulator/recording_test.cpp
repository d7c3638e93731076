// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/recording.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <string>
#include <vector>

namespace recording_test {

using namespace gemini::live;
using namespace gemini::live::emulator;
using namespace std::chrono_literals;

namespace {

/// The steps of a connection, in a form that can be compared.
std::vector<std::string> steps_of(const script& read, std::size_t connection)
{
    struct teller {
        std::string operator()(const expect_step& one) const
        {
            return (one.others_may_come_first ? "await " : "expect ") + one.kind;
        }
        std::string operator()(const send_step& one) const { return "send " + one.message; }
        std::string operator()(const wait_step& one) const
        {
            return "wait " + std::to_string(one.time.count());
        }
        std::string operator()(const close_step& one) const
        {
            return "close " + std::to_string(one.code) + " " + one.reason;
        }
        std::string operator()(const drop_step&) const { return "drop"; }
        std::string operator()(const stall_step&) const { return "stall"; }
        std::string operator()(const drain_step&) const { return "drain"; }
        std::string operator()(const repeat_step&) const { return "repeat"; }
    };
    const auto* part = read.part_of(connection);
    REQUIRE(part);
    std::vector<std::string> told;
    for (const auto& each : std::get<std::vector<step>>(*part))
        told.push_back(std::visit(teller(), each.what));
    return told;
}

std::string refusal_of(const std::string& text)
{
    try {
        static_cast<void>(read_recording(text, 1));
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "taken";
}

constexpr const char* conversation = R"(
{"at":10,"connection":1,"opened":true}
{"at":10,"connection":1,"sent":{"setup":{"model":"models/m"}}}
{"at":110,"connection":1,"received":{"setupComplete":{}}}
{"at":200,"connection":1,"sent":{"realtimeInput":{"text":"Hello"}}}
{"at":300,"connection":1,"sent":{"clientContent":{"turnComplete":true}}}
{"at":1300,"connection":1,"received":{"serverContent":{"turnComplete":true}}}
{"at":1400,"connection":1,"left":1000}
)";

} // namespace

TEST_CASE("a recording becomes the server's side of the conversation, with its pauses")
{
    const std::vector<std::string> expected{"await setup", "wait 100",
        R"(send {"setupComplete":{}})", "await realtimeInput.text", "await clientContent",
        "wait 1000", R"(send {"serverContent":{"turnComplete":true}})", "stall"};
    CHECK(steps_of(read_recording(conversation, 1), 1) == expected);
    CHECK(steps_of(read_recording(conversation, 0.5), 1).at(1) == "wait 50");
    CHECK(steps_of(read_recording(conversation, 0), 1).at(1) == R"(send {"setupComplete":{}})");
}

TEST_CASE("of audio and video only one message is awaited, and only where nothing else is")
{
    const auto read = read_recording(R"(
{"at":0,"connection":1,"opened":true}
{"at":100,"connection":1,"sent":{"realtimeInput":{"audio":{}}}}
{"at":200,"connection":1,"sent":{"realtimeInput":{"audio":{}}}}
{"at":300,"connection":1,"sent":{"realtimeInput":{"video":{}}}}
{"at":600,"connection":1,"received":{"a":1}}
{"at":700,"connection":1,"sent":{"realtimeInput":{"audio":{}}}}
{"at":800,"connection":1,"sent":{"realtimeInput":{"audioStreamEnd":true}}}
{"at":900,"connection":1,"received":{"b":1}}
)",
        1);
    CHECK(steps_of(read, 1) == std::vector<std::string>{"await realtimeInput.audio", "wait 500",
                                   R"(send {"a":1})", "await realtimeInput.audioStreamEnd",
                                   "wait 100", R"(send {"b":1})", "stall"});
}

TEST_CASE("media that was recorded by its size is sent as zeros of that size")
{
    const auto read = read_recording(
        R"({"at":0,"connection":1,"received":{"a":[{"data":{"bytes":4},"mimeType":"audio/pcm"},)"
        R"({"data":{"bytes":6}},{"data":{"bytes":"x"}}]}})",
        1);
    CHECK(steps_of(read, 1).front() ==
          R"(send {"a":[{"data":"AAAAAA==","mimeType":"audio/pcm"},{"data":"AAAAAAAA"},)"
          R"({"data":{"bytes":"x"}}]})");
}

TEST_CASE("ends of connections are played back, and attempts that never opened are not counted")
{
    const auto read = read_recording(R"(
{"at":0,"connection":1,"failed":"resolve_failed"}
{"at":1,"connection":2,"refused":503,"retry_after":2}
{"at":2,"connection":3,"opened":true}
{"at":3,"connection":3,"malformed":17}
{"at":4,"connection":3,"closed":1011,"reason":"Internal error."}
{"at":5,"connection":4,"opened":true}
{"at":6,"connection":5,"opened":true}
{"at":6,"connection":4,"lost":"connection_lost"}
{"at":7,"connection":5,"left":0}
)",
        0);
    const auto* refusal = std::get_if<refuse_upgrade>(read.part_of(1));
    REQUIRE(refusal);
    CHECK(refusal->status == 503);
    CHECK(refusal->headers.at(0) == std::pair<std::string, std::string>("retry-after", "2"));
    CHECK(steps_of(read, 2) == std::vector<std::string>{"send {", "close 1011 Internal error."});
    CHECK(steps_of(read, 3) == std::vector<std::string>{"drop"});
    CHECK(steps_of(read, 4) == std::vector<std::string>{"stall"});
    CHECK_FALSE(read.part_of(5));
}

TEST_CASE("an error in a recording is reported with its line")
{
    const std::pair<const char*, const char*> mistakes[]{
        {"\n{\"at\":1", "Line 2 of the recording: it is not JSON."},
        {"[]", "Line 1 of the recording: it is not a JSON object."},
        {R"({"connection":1})", "Line 1 of the recording: it has no time \"at\"."},
        {R"({"at":-1,"connection":1})", "Line 1 of the recording: it has no time \"at\"."},
        {R"({"at":1,"connection":0})",
            "Line 1 of the recording: it has no number of a connection."},
        {R"({"at":1,"connection":1,"refused":101})",
            "Line 1 of the recording: it has no HTTP status from 300 to 599."},
        {R"({"at":1,"connection":1,"said":{}})",
            "Line 1 of the recording: it says nothing that a recording says."},
        {"{\"at\":1,\"connection\":1,\"refused\":503}\n{\"at\":1,\"connection\":1,\"opened\":true}",
            "Line 2 of the recording: it speaks of a connection that was refused."},
    };
    for (const auto& [text, told] : mistakes) {
        INFO(text);
        CHECK(refusal_of(text) == told);
    }
}

TEST_CASE("a script can also wait for kinds of messages")
{
    const auto read = script::parse(R"({"await": "realtimeInput.text"})");
    const auto& steps = std::get<std::vector<step>>(*read.part_of(1));
    const auto& wanted = std::get<expect_step>(steps.at(0).what);
    const auto is_wanted = [&wanted](std::string_view message) {
        return matches(protocol::json_value::parse(message), wanted);
    };
    CHECK(is_wanted(R"({"realtimeInput":{"text":"any"}})"));
    CHECK_FALSE(is_wanted(R"({"realtimeInput":{"audio":{}}})"));
    CHECK_FALSE(is_wanted(R"({"clientContent":{}})"));
    CHECK_FALSE(is_wanted("[]"));
}

} // namespace recording_test
