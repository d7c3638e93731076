// SPDX-License-Identifier: Apache-2.0
#include "viewer/page.hpp"

#include "protocol/json_reader.hpp"
#include "reading.hpp"
#include "support/catch.hpp"
#include "viewer/page_template.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace page_test {

using namespace gemini::live;
using namespace gemini::live::viewer;

namespace {

std::string page_of(const std::vector<std::string_view>& texts, std::string_view name = "call")
{
    conversation_reader reader;
    for (std::size_t i = 0; i < texts.size(); ++i) reader.read(i + 1, texts[i]);
    std::string page;
    write_page(
        [&](std::string_view piece) { page += piece; }, std::move(reader).take(), texts, name);
    return page;
}

/// What stands between the template's two halves.
std::string data_of(const std::string& page)
{
    REQUIRE(page.starts_with(page_head));
    REQUIRE(page.ends_with(page_tail));
    return page.substr(page_head.size(), page.size() - page_head.size() - page_tail.size());
}

std::size_t count(std::string_view text, std::string_view part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

} // namespace

TEST_CASE("nothing that was said can end the element that it stands in, or begin one")
{
    const std::string_view evil =
        R"({"at":1,"connection":1,"received":{"serverContent":{"outputTranscription":)"
        R"({"text":"</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)>"}}}})";
    const auto page =
        page_of({evil, "</script><script>alert(2)</script>"}, "</title><script>a</script>");
    const auto data = data_of(page);
    CHECK(count(data, "<") == 4); // one element with the data, one with the lines
    CHECK(count(data, "<script ") == 2);
    CHECK(count(data, "</script>\n") == 2);
    CHECK(data.find("alert(1)") != std::string::npos);
}

TEST_CASE("an embedded line is the same JSON")
{
    const std::string_view line = "{\"at\":1,\r\"connection\":1,\"sent\":{\"a\":\"<b> \\\\<\"}}";
    const auto embedded = embedded_line(line_kind::sent, line);
    CHECK(embedded.find_first_of("<\r\n") == std::string::npos);
    CHECK(protocol::json_value::parse(embedded) == protocol::json_value::parse(line));
}

TEST_CASE("a line that cannot be read is a string in the page, whatever its bytes")
{
    const auto embedded = embedded_line(line_kind::unreadable, "no \"JSON\" \xff\x01<");
    CHECK(protocol::json_value::parse(embedded).string() == "no \"JSON\" \xef\xbf\xbd\x01<");
    const auto cut = embedded_line(line_kind::unreadable, std::string(1 << 20, 'x'));
    CHECK(cut.size() < 5000);
}

TEST_CASE("the data of a page is JSON with a column for each property of the lines")
{
    const auto data = data_of(page_of({R"({"at":5,"connection":1,"opened":true})", "?"}, "\xff"));
    const auto begin = data.find('>') + 1;
    const auto all = protocol::json_value::parse(
        std::string_view(data).substr(begin, data.find("</script>") - begin));
    const auto lines = all.find("lines");
    REQUIRE(lines);
    for (const auto* column : {"number", "kind", "at", "connection", "name", "summary", "marks"})
        CHECK(lines->find(column)->elements().size() == 2);
    CHECK(all.find("unreadable")->integer() == 1);
    CHECK(all.find("name")->string() == "\xef\xbf\xbd");
}

TEST_CASE("a long recording stands in several elements, each with the index of its first line")
{
    const std::string line =
        R"({"at":1,"connection":1,"sent":{"x":")" + std::string(1 << 20, 'x') + "\"}}";
    const auto data = data_of(page_of(std::vector<std::string_view>(9, line)));
    CHECK(count(data, "class=\"lines\"") == 3);
    CHECK(count(data, "data-first=\"0\"") == 1);
    CHECK(count(data, "data-first=\"4\"") == 1);
    CHECK(count(data, "data-first=\"8\"") == 1);
}

TEST_CASE("the page asks for nothing from elsewhere")
{
    const auto page = page_of({R"({"at":5,"connection":1,"opened":true})"});
    CHECK(page.find("http:") == std::string::npos);
    CHECK(page.find("https:") == std::string::npos);
    CHECK(page.find("default-src 'none'") != std::string::npos);
    CHECK(page.find("innerHTML") == std::string::npos);
}

} // namespace page_test
