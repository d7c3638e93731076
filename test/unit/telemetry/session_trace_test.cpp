// SPDX-License-Identifier: Apache-2.0
#include "telemetry/session_trace.hpp"

#include <gemini/live/version.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

namespace session_trace_test {

// Spans as OTLP/JSON.
using namespace gemini::live;
using namespace gemini::live::telemetry;
using gemini::live::base::time_point;
using namespace std::chrono_literals;

namespace {

constexpr time_point t0 = time_point() + 1h;

session_trace make(backend backend = backend::gemini_api)
{
    const std::chrono::system_clock::time_point wall(std::chrono::seconds(1'700'000'000));
    return {backend, "gemini-3.8-live", t0, wall, {0x0123456789abcdef, 0x1}};
}

turn_record record()
{
    turn_record made;
    made.number = 3;
    made.origin = turn_origin::speech;
    made.speech_end = speech_end_sign::activity_end;
    made.began = t0 + 2s;
    made.first_byte = 250ms;
    made.lasted = 1500ms;
    return made;
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// The values of a member, in order.
std::vector<std::string> values(const std::string& text, const std::string& name)
{
    std::vector<std::string> all;
    const auto before = '"' + name + R"(":")";
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
        const auto begin = at + before.size();
        all.push_back(text.substr(begin, text.find('"', begin) - begin));
    }
    return all;
}

} // namespace

TEST_CASE("a turn is a span with the names of the conventions")
{
    auto trace = make();
    auto made = record();
    usage_metadata usage;
    usage.prompt_token_count = 100;
    usage.response_token_count = 40;
    usage.thoughts_token_count = 2;
    made.usage = usage;
    const auto json = trace.turn(made);
    const auto ids = values(json, "spanId");
    const auto parents = values(json, "parentSpanId");
    REQUIRE(ids.size() == 1);
    REQUIRE(parents.size() == 1);
    const std::string version = gemini::live::version();
    CHECK(
        json ==
        R"({"resourceSpans":[{"resource":{"attributes":[)"
        R"({"key":"telemetry.sdk.language","value":{"stringValue":"cpp"}},)"
        R"({"key":"telemetry.sdk.name","value":{"stringValue":"gemini-live"}},)"
        R"({"key":"telemetry.sdk.version","value":{"stringValue":")" +
            version +
            R"("}}]},)"
            R"("scopeSpans":[{"scope":{"name":"gemini-live","version":")" +
            version +
            R"(",)"
            R"("attributes":[{"key":"gemini_live.conventions","value":{"stringValue":)"
            R"("semantic-conventions-genai 0.1.0"}}]},"spans":[{)"
            R"("traceId":"0123456789abcdef0000000000000001","spanId":")" +
            ids[0] + R"(","parentSpanId":")" + parents[0] +
            R"(",)"
            R"("name":"generate_content gemini-3.8-live","kind":3,)"
            R"("startTimeUnixNano":"1700000002000000000","endTimeUnixNano":"1700000003500000000",)"
            R"("attributes":[)"
            R"({"key":"gen_ai.operation.name","value":{"stringValue":"generate_content"}},)"
            R"({"key":"gen_ai.provider.name","value":{"stringValue":"gcp.gemini"}},)"
            R"({"key":"gen_ai.request.model","value":{"stringValue":"gemini-3.8-live"}},)"
            R"({"key":"gen_ai.conversation.id","value":{"stringValue":"0123456789abcdef0000000000000001"}},)"
            R"({"key":"gen_ai.usage.input_tokens","value":{"intValue":"100"}},)"
            R"({"key":"gen_ai.usage.output_tokens","value":{"intValue":"42"}},)"
            R"({"key":"gen_ai.usage.reasoning.output_tokens","value":{"intValue":"2"}},)"
            R"({"key":"gen_ai.response.time_to_first_chunk","value":{"doubleValue":0.25}},)"
            R"({"key":"gemini_live.turn.number","value":{"intValue":"3"}},)"
            R"({"key":"gemini_live.turn.origin","value":{"stringValue":"speech"}},)"
            R"({"key":"gemini_live.turn.end","value":{"stringValue":"complete"}},)"
            R"({"key":"gemini_live.turn.speech_end","value":{"stringValue":"activity_end"}}],)"
            R"("status":{}}]}]}]})");
}

TEST_CASE("calls are below their turn, and turns below their session")
{
    auto trace = make(backend::vertex_ai);
    auto made = record();
    made.calls = {{"c-1", "weather", call_ending::answered, t0 + 3s, 100ms},
        {"c-2", "the \"other\"", call_ending::forgotten, t0 + 3s, 200ms}};
    const auto turn = trace.turn(made);
    const auto end = trace.session(t0 + 60s);
    const auto ids = values(turn, "spanId");
    const auto parents = values(turn, "parentSpanId");
    REQUIRE(ids.size() == 3);
    REQUIRE(parents.size() == 3);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 3);
    for (const auto& id : ids) CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(parents[1] == ids[0]);
    CHECK(parents[2] == ids[0]);
    CHECK(values(end, "spanId") == std::vector{parents[0]});
    CHECK(values(end, "parentSpanId").empty());
    CHECK(values(end, "traceId")[0] == values(turn, "traceId")[0]);
    CHECK(has(turn,
        R"("name":"execute_tool weather","kind":1,"startTimeUnixNano":"1700000003000000000","endTimeUnixNano":"1700000003100000000")"));
    CHECK(has(turn, R"({"key":"gen_ai.tool.call.id","value":{"stringValue":"c-1"}})"));
    CHECK(has(turn, R"({"key":"gen_ai.tool.name","value":{"stringValue":"the \"other\""}})"));
    CHECK(has(
        turn, R"({"key":"error.type","value":{"stringValue":"forgotten"}}],"status":{"code":2}})"));
    CHECK(has(turn, "gcp.vertex_ai"));
    CHECK(has(end, R"("endTimeUnixNano":"1700000060000000000")"));
}

TEST_CASE("a turn that fails has an error, one that the user ends has none")
{
    for (const auto end :
        {turn_end::cut, turn_end::error, turn_end::unreadable, turn_end::stalled}) {
        auto made = record();
        made.end = end;
        CHECK(has(make().turn(made),
            std::string(R"({"key":"error.type","value":{"stringValue":")") + to_string(end)));
    }
    for (const auto end : {turn_end::interrupted, turn_end::closed, turn_end::tool_call,
             turn_end::empty, turn_end::unfinished}) {
        auto made = record();
        made.end = end;
        CHECK(has(make().turn(made), R"("status":{})"));
    }
}

} // namespace session_trace_test
