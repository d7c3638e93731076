// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/script.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <string>

namespace script_test {

using namespace gemini::live;
using namespace gemini::live::emulator;
using protocol::json_value;
using std::chrono_literals::operator""ms;

namespace {

const std::vector<step>& steps_of(const script& read, std::size_t connection)
{
    const auto* part = read.part_of(connection);
    REQUIRE(part);
    return std::get<std::vector<step>>(*part);
}

template <class T>
T the_step(const std::string& text)
{
    const auto read = script::parse(text);
    const auto& steps = steps_of(read, 1);
    REQUIRE(steps.size() == 1);
    return std::get<T>(steps.front().what);
}

/// The error that the user sees, without "Line 1 of the script: ".
std::string refusal_of(const std::string& text)
{
    try {
        static_cast<void>(script::parse(text));
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::invalid_argument);
        const std::string told = refused.what();
        const std::string head = "Line 1 of the script: ";
        return told.starts_with(head) ? told.substr(head.size()) : told;
    }
    return "taken";
}

bool contains(std::string_view message, std::string_view pattern)
{
    return emulator::contains(json_value::parse(message), json_value::parse(pattern));
}

} // namespace

TEST_CASE("each step of a script has exactly one action")
{
    CHECK_FALSE(the_step<expect_step>(R"({"expect": {"setup": {}}})").others_may_come_first);
    CHECK(the_step<expect_step>(R"({"await": {"setup": {}}})").others_may_come_first);
    CHECK_FALSE(the_step<expect_step>(R"({"expect": "setup"})").within);
    CHECK(the_step<expect_step>(R"({"expect": "setup", "within": 0.5})").within == 500ms);
    CHECK(the_step<expect_step>(R"({"await": {}, "within": 2})").within == 2000ms);
    CHECK(the_step<send_step>(R"({"send": {"setupComplete": {}}})").message ==
          R"({"setupComplete":{}})");
    CHECK(the_step<send_step>(R"({"send": "{\"broken\""})").message == "{\"broken\"");
    CHECK_FALSE(the_step<send_step>(R"({"send": ""})").in_text_frame);
    CHECK(the_step<send_step>(R"({"send_text": {}})").in_text_frame);
    CHECK(the_step<wait_step>(R"({"wait": 0.25})").time == 250ms);
    CHECK(the_step<close_step>(R"({"close": 1011})").reason.empty());
    const auto close = the_step<close_step>(R"({"close": 1011, "reason": "Busy."})");
    CHECK(close.code == 1011);
    CHECK(close.reason == "Busy.");
    CHECK_FALSE(the_step<drop_step>(R"({"drop": true})").after_messages);
    CHECK(the_step<drop_step>(R"({"drop": true, "after_messages": 3})").after_messages == 3);
    CHECK(the_step<drop_step>(R"({"drop": true, "after_bytes": 64})").after_bytes == 64);
    the_step<stall_step>(R"({"stall": true})");
    CHECK(the_step<drain_step>(R"({"drain": 16000})").bytes_per_second == 16000);
    const auto repeat = the_step<repeat_step>(
        R"({"repeat": 3, "steps": [{"expect": {}}, {"repeat": true, "steps": [{"wait": 1}]}]})");
    CHECK(repeat.times == 3);
    REQUIRE(repeat.steps.size() == 2);
    CHECK_FALSE(std::get<repeat_step>(repeat.steps[1].what).times);
}

TEST_CASE("a connection has its own part of the script, or the common one")
{
    const auto read = script::parse("# all others\n"
                                    "{\"wait\": 1}\n"
                                    "\r\n"
                                    "  {\"connection\": 2}\r\n"
                                    "{\"refuse\": 429, \"headers\": {\"retry-after\": \"1\"}}\n"
                                    "{\"connection\": 3}\n"
                                    "{\"stall\": true}\n"
                                    "{\"connection\": 4}");
    CHECK(steps_of(read, 1).front().line == 2);
    CHECK(steps_of(read, 3).front().line == 7);
    CHECK(steps_of(read, 4).empty());
    CHECK(read.part_of(1) == read.part_of(5));
    const auto& refusal = std::get<refuse_upgrade>(*read.part_of(2));
    CHECK(refusal.status == 429);
    CHECK(
        refusal.headers == std::vector<std::pair<std::string, std::string>>{{"retry-after", "1"}});

    CHECK(read.connections() == 4);
    CHECK(script::parse(R"({"wait": 1})").connections() == 1);
    CHECK(script::parse("").connections() == 0);
    CHECK_FALSE(script::parse("").part_of(1));
    CHECK_FALSE(script::parse(R"({"connection": 2})").part_of(1));
}

TEST_CASE("an error in a script is reported with line and member")
{
    const std::pair<const char*, const char*> mistakes[]{
        {R"([])", "it must be a JSON object."},
        {R"({"say": {}})", "it says nothing that a script can say: connection, refuse, expect, "
                           "await, send, send_text, wait, close, drop, stall, drain, repeat."},
        {R"({"send": {}, "wait": 1})",
            "it says both \"send\" and \"wait\"; one line says one thing."},
        {R"({"wait": 1, "for": 2})", "for is unknown beside \"wait\"."},
        {R"({"wait": "1s"})", "wait must be a number from 0 to 3600."},
        {R"({"await": {}, "within": "soon"})", "within must be a number from 0 to 3600."},
        {R"({"expect": "setup", "within": -1})", "within must be a number from 0 to 3600."},
        {R"({"wait": 1, "within": 2})", "within is unknown beside \"wait\"."},
        {R"({"wait": -1})", "wait must be a number from 0 to 3600."},
        {R"({"send": 1})", "send must be a JSON object, or a string that is sent as it stands."},
        {R"({"close": 1006})", "close is a code that no peer sends."},
        {R"({"close": "1011"})", "close must be a whole number from 1000 to 4999."},
        {R"({"drop": false})", "drop must be true."},
        {R"({"refuse": 101})", "refuse must be a whole number from 300 to 599."},
        {R"({"refuse": 503, "headers": {"a": "b\r\nc: d"}})",
            "headers must be names with strings of ASCII."},
        {R"({"repeat": 2})", "steps must be a list of steps."},
        {R"({"repeat": 2, "steps": []})", "steps must be a list of steps."},
        {R"({"repeat": 2, "steps": [{"wait": 1}, {"repeat": 2, "steps": [{"drain": 0}]}]})",
            "steps[1].steps[0].drain must be a number from 1 to 1000000000."},
        {R"({"repeat": 2, "steps": [{"refuse": 503}]})", "steps[0] must not have \"refuse\" here."},
        {R"({"connection": 0})", "connection must be a whole number from 1 to 1000000000."},
        {"{\"wait\": 1}\n{\"refuse\": 503}",
            "Line 2 of the script: refuse must be all that a connection gets."},
        {"{\"refuse\": 503}\n\n{\"wait\": 1}",
            "Line 3 of the script: it comes after a refusal, which ends the connection."},
        {"{\"connection\": 1}\n{\"connection\": 1}",
            "Line 2 of the script: connection has been told already."},
        {"{\"wait\": 1}\n{\"wait\": 1",
            "Line 2 of the script: Not JSON near byte 0: its last bracket is not at the end."},
    };
    for (const auto& [text, told] : mistakes) {
        INFO(text);
        CHECK(refusal_of(text) == told);
    }
}

TEST_CASE("a script is bounded")
{
    std::string steps;
    for (std::size_t i = 0; i < script::max_steps; ++i) steps += "{\"wait\": 0}\n";
    CHECK(refusal_of(steps) == "taken");
    CHECK(refusal_of(steps + "{\"wait\": 0}") ==
          "Line 10001 of the script: it is one step too many: 10000 are the most.");
    std::string repeats = R"({"wait": 0})";
    for (int i = 0; i < script::max_repeats_inside; ++i)
        repeats = R"({"repeat": 1, "steps": [)" + repeats + "]}";
    CHECK(refusal_of(repeats) == "taken");
    CHECK(refusal_of(R"({"repeat": 1, "steps": [)" + repeats + "]}")
              .ends_with("repeat stands inside of 8 others."));
    std::string row;
    for (int i = 0; i < 2 * script::max_repeats_inside; ++i)
        row += "{\"repeat\": 1, \"steps\": [{\"wait\": 0}]}\n";
    CHECK(refusal_of(row) == "taken");
    CHECK(refusal_of(std::string(script::max_size + 1, ' ')).starts_with("The script is too long"));
}

TEST_CASE("a message contains a pattern when all of the pattern is in it")
{
    constexpr auto message = R"({"a": {"b": 1, "c": [1, {"d": 2, "e": 3}]}, "f": "g", "h": null})";
    for (const char* pattern : {"{}", R"({"f": "g"})", R"({"a": {}})", R"({"a": {"b": 1.0}})",
             R"({"a": {"c": [1, {"e": 3}]}})", R"({"h": null, "i": null})"}) {
        INFO(pattern);
        CHECK(contains(message, pattern));
    }
    for (const char* pattern :
        {R"({"i": {}})", R"({"f": "G"})", R"({"f": null})", R"({"h": {}})", R"({"a": {"c": [1]}})",
            R"({"a": {"c": [{"d": 2}, 1]}})", R"({"a": []})", R"({"a": {"c": {}}})"}) {
        INFO(pattern);
        CHECK_FALSE(contains(message, pattern));
    }
}

} // namespace script_test
