// SPDX-License-Identifier: Apache-2.0
#include "mcp/tool_messages.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string>

namespace tool_messages_test {

namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
using gemini::live::protocol::json_value;

namespace {

json_value parsed(const std::string& text) { return json_value::parse(text); }

mcp::call_result result_of(const std::string& text) { return mcp::read_call_result(parsed(text)); }

std::string text_of(const live::function_response_part& part)
{
    std::string text(part.inline_data->data.size(), '\0');
    std::transform(part.inline_data->data.begin(), part.inline_data->data.end(), text.begin(),
        [](std::byte each) { return static_cast<char>(each); });
    return text;
}

} // namespace

TEST_CASE("a server is greeted with the newest version, and answers with one that is known")
{
    CHECK(live::json(mcp::initialize_params()).at<std::string>("/protocolVersion") == "2025-11-25");
    CHECK(
        live::json(mcp::initialize_params()).at<std::string>("/clientInfo/name") == "gemini-live");
    const auto* const version = GENERATE("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05");
    const auto info = mcp::read_server_info(
        parsed(std::string(R"({"protocolVersion":")") + version +
               R"(","capabilities":{"tools":{}},"serverInfo":{"name":"x","version":"1"},)"
               R"("instructions":"Be nice."})"));
    CHECK(info.protocol_version == version);
    CHECK(info.name == "x");
    CHECK(info.version == "1");
    CHECK(info.instructions == "Be nice.");
    CHECK(info.has_tools);
}

TEST_CASE("a server of an unknown version is refused, and one without tools is not")
{
    const auto code_of = [](const std::string& text) {
        try {
            static_cast<void>(mcp::read_server_info(parsed(text)));
        } catch (const live::error& refused) {
            return refused.value();
        }
        return live::errc::closed;
    };
    CHECK(code_of(R"({"protocolVersion":"2026-07-28","capabilities":{}})") == live::errc::rejected);
    CHECK(code_of(R"({"capabilities":{}})") == live::errc::malformed_message);
    CHECK(code_of("7") == live::errc::malformed_message);
    const auto info = mcp::read_server_info(parsed(R"({"protocolVersion":"2025-11-25"})"));
    CHECK_FALSE(info.has_tools);
    CHECK(info.name.empty());
}

TEST_CASE("a tool that cannot be understood is refused by name, and the others stay")
{
    const auto page = mcp::read_tool_page(parsed(R"({"tools":[
        {"name":"a","title":"A","description":"d","inputSchema":{"type":"object"},
         "outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true},"icons":[]},
        {"name":"b"},{"name":"c","inputSchema":true},{"inputSchema":{"type":"object"}},7,
        {"name":"d","inputSchema":{"type":"object"}}],"nextCursor":"more"})"));
    REQUIRE(page.list.tools.size() == 2);
    const auto& first = page.list.tools[0];
    CHECK(first.name == "a");
    CHECK(first.title == "A");
    CHECK(first.description == "d");
    CHECK(first.input_schema == live::json(R"({"type":"object"})"));
    CHECK(first.output_schema);
    CHECK(first.annotations->find_bool("/readOnlyHint") == true);
    CHECK(page.list.tools[1].name == "d");
    CHECK(page.next_cursor == "more");
    REQUIRE(page.list.refused.size() == 4);
    CHECK(page.list.refused[0].name == "b");
    CHECK(page.list.refused[0].why == "Its inputSchema is not an object.");
    CHECK(page.list.refused[2].why == "It has no name.");
    CHECK_THROWS_AS(mcp::read_tool_page(parsed("{}")), live::error);
    CHECK_THROWS_AS(mcp::read_tool_page(parsed(R"({"tools":{}})")), live::error);
}

TEST_CASE("a call carries its arguments as they are, and a token if progress is wanted")
{
    CHECK(mcp::call_params("x", live::json(R"({"a":1})"), std::nullopt) ==
          R"({"name":"x","arguments":{"a":1}})");
    CHECK(mcp::call_params("x", {}, 7) ==
          R"({"name":"x","arguments":{},"_meta":{"progressToken":7}})");
    CHECK(mcp::list_params("").empty());
    CHECK(mcp::list_params("next") == R"({"cursor":"next"})");
}

TEST_CASE("the content of a result becomes a response")
{
    struct row {
        const char* result;
        const char* response;
        bool is_error;
    };
    const auto row = GENERATE(values<struct row>({
        {R"({"content":[{"type":"text","text":"hi"}]})", R"({"output":"hi"})", false},
        {R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})",
            R"({"output":"a\nb"})", false},
        {R"({"content":[]})", R"({"output":""})", false},
        {R"({})", R"({"output":""})", false},
        {R"({"content":[{"type":"text","text":"no"}],"isError":true})", R"({"error":"no"})", true},
        {R"({"content":[{"type":"text","text":"{}"}],"structuredContent":{"a":[1]}})",
            R"({"output":{"a":[1]}})", false},
        {R"({"content":[],"structuredContent":[1,2]})", R"({"output":[1,2]})", false},
        {R"({"content":[{"type":"text","text":"no"}],"structuredContent":{},"isError":true})",
            R"({"error":"no"})", true},
        {R"({"content":[{"type":"resource","resource":{"uri":"file:///a","text":"hello"}}]})",
            R"({"output":"file:///a:\nhello"})", false},
        {R"({"content":[{"type":"resource_link","uri":"file:///a","name":"A","description":"d"}]})",
            R"({"output":"file:///a (A): d"})", false},
        {R"({"content":[{"type":"hologram","x":1}]})",
            R"({"output":"{\"type\":\"hologram\",\"x\":1}"})", false},
        {R"({"content":[{"type":"image","data":"?","mimeType":"image/png"}]})",
            R"x({"output":"(image/png that cannot be read: it is not base64)"})x", false},
    }));
    CAPTURE(row.result);
    const auto result = result_of(row.result);
    CHECK(result.response == live::json(row.response));
    CHECK(result.is_error == row.is_error);
    CHECK(result.parts.empty());
}

TEST_CASE("pictures, sound and embedded files become parts, beside the text")
{
    const auto result = result_of(R"({"content":[
        {"type":"text","text":"see"},{"type":"image","data":"aGVsbG8=","mimeType":"image/png"},
        {"type":"audio","data":"aGk=","mimeType":"audio/wav"},
        {"type":"resource","resource":{"uri":"file:///a.pdf","blob":"YQ","mimeType":"application/pdf"}},
        {"type":"image","data":"YQ=="}]})");
    CHECK(result.response == live::json(R"({"output":"see"})"));
    REQUIRE(result.parts.size() == 4);
    CHECK(result.parts[0].inline_data->mime_type == "image/png");
    CHECK(text_of(result.parts[0]) == "hello");
    CHECK(result.parts[1].inline_data->mime_type == "audio/wav");
    CHECK(result.parts[2].inline_data->display_name == "file:///a.pdf");
    CHECK(text_of(result.parts[2]) == "a");
    CHECK(result.parts[3].inline_data->mime_type == "application/octet-stream");
    const auto picture =
        result_of(R"({"content":[{"type":"image","data":"YQ==","mimeType":"image/png"}]})");
    CHECK(picture.response == live::json(R"({"output":"Attached: image/png"})"));
}

TEST_CASE("what is not a result is refused")
{
    for (const auto* const text : {"7", "[]", R"({"content":{}})", R"({"content":"x"})"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(result_of(text), live::error);
    }
    CHECK(result_of(R"({"content":[1,null,{"type":7}]})").response.find_string("/output"));
}

TEST_CASE("progress is a number, with or without a total")
{
    const auto read = mcp::read_progress(
        parsed(R"({"progressToken":3,"progress":1.5,"total":10,"message":"half"})"));
    REQUIRE(read);
    CHECK(read->token == 3);
    CHECK(read->progress == mcp::progress{1.5, 10.0, "half"});
    CHECK_FALSE(mcp::read_progress(parsed(R"({"progressToken":3,"progress":1})"))->progress.total);
    for (const auto* const text : {"{}", R"({"progressToken":"x","progress":1})",
             R"({"progressToken":3})", R"({"progressToken":3,"progress":"1"})", "7"})
        CHECK_FALSE(mcp::read_progress(parsed(text)));
}

} // namespace tool_messages_test
