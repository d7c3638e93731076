// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/json.hpp>

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace json_test {

using namespace gemini::live;
using namespace std::string_literals;
using protocol::json_value;
using protocol::json_writer;

namespace {

std::string refusal_of(const std::string& text)
{
    try {
        static_cast<void>(json(text));
    } catch (const error& refused) {
        REQUIRE(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "taken";
}

std::string nested(std::size_t levels)
{
    return std::string(levels, '[') + '0' + std::string(levels, ']');
}

} // namespace

TEST_CASE("any JSON value is kept unchanged")
{
    const std::string text = GENERATE(as<std::string>(), "{}", "[]", " [ 1 , 2 ] ", "0", "-1.5e-3",
        "true", "null", "\"\"", R"("\ud83d\ude42")", R"({"a":{"b":[null,false]}})",
        "123456789012345678901234567890");
    CHECK(json(text).text() == text);
}

TEST_CASE("invalid JSON is refused, with the position")
{
    CHECK(refusal_of("") == "Not JSON: it is empty.");
    CHECK(refusal_of("\"\xff\"") == "Not JSON: it is not UTF-8.");
    CHECK(refusal_of("\"a") == "Not JSON: a string does not end.");
    CHECK(refusal_of("{\"a\": [1, 2}") ==
          "Not JSON near byte 11: brackets, commas, colons or words are not where they belong.");
    CHECK(refusal_of("[1] [2]") == "Not JSON near byte 4: it goes on behind its end.");
    CHECK(refusal_of("[01]") == "Not JSON near byte 1: a number is malformed or too large.");
    CHECK(refusal_of("[1").starts_with("Not JSON near byte"));
}

TEST_CASE("nothing but JSON is accepted as JSON")
{
    const std::string text =
        GENERATE(as<std::string>(), " ", "{", "[1,]", "{\"a\":1,}", "{1:2}", "{'a':1}", "nul",
            "[truex]", "1 2", "true x", "null null", "\"a\" \"b\"", "\"\\x\"", "\"\\ud800\"",
            "[1e999]", "[1] 2", "[1.]", "[+1]", "\"\n\"", "{\"a\":1}}", "{} \0"s, "// c\n1");
    CHECK(refusal_of(text).starts_with("Not JSON"));
    CHECK_THROWS_AS(json_value::parse(text), error);
}

TEST_CASE("JSON is accepted up to 64 levels deep by every reader")
{
    CHECK(refusal_of(nested(64)) == "taken");
    CHECK_NOTHROW(json_value::parse(nested(64)));
    CHECK(refusal_of(nested(65)) ==
          "Not JSON near byte 64: objects and arrays are nested too deeply.");
    CHECK_THROWS_AS(json_value::parse(nested(65)), error);
    CHECK(refusal_of(nested(200'000)) != "taken");
    CHECK(refusal_of(std::string(200'000, '[')) != "taken");
}

TEST_CASE("a JSON pointer finds a value of the requested type")
{
    const json value(R"({"city":"Oslo","n":{"~/":[1,-2.5,true]},"":0,"null":null})");
    CHECK(value.find_string("/city") == "Oslo");
    CHECK(value.find_number("/n/~0~1/1") == -2.5);
    CHECK(value.find_number("/n/~0~1/0") == 1);
    CHECK(value.find_bool("/n/~0~1/2") == true);
    CHECK(value.find_number("/") == 0);
    CHECK(json("\"whole\"").find_string("") == "whole");
    const json large(R"({"n":123456789012345678901234567890,"\u0061":[[],{},"b"]})");
    CHECK(large.find_string("/a/2") == "b");
    CHECK(large.find_number("/n") == 123456789012345678901234567890.);
    CHECK(value.find_number("/city") == std::nullopt);
    CHECK(value.find_bool("/city") == std::nullopt);
    CHECK(value.find_string("/n") == std::nullopt);
    for (const auto* nowhere : {"city", "/town", "/city/x", "/n/~0~1/3", "/n/~0~1/-", "/n/~0~1/01",
             "/n/~0~1/x", "/null", "/null/x", "/n/~0~1/99999999999999999999"}) {
        CHECK(value.find_string(nowhere) == std::nullopt);
        CHECK(value.find_number(nowhere) == std::nullopt);
    }
}

TEST_CASE("a JSON value tells its type")
{
    const std::vector<std::pair<std::string, json_type>> values{{"null", json_type::null},
        {"true", json_type::boolean}, {" false", json_type::boolean}, {"-1", json_type::number},
        {"2.5e3", json_type::number}, {"123456789012345678901234567890", json_type::number},
        {"\"[\"", json_type::string}, {"\n\t[{}]", json_type::array},
        {"\r {\"a\":[]}", json_type::object}};
    for (const auto& [text, type] : values) {
        CAPTURE(text);
        const json value(text);
        CHECK(value.type() == type);
        CHECK(value.find_type("") == type);
        CHECK(value.is_null() == (type == json_type::null));
        CHECK(value.is_array() == (type == json_type::array));
        CHECK(value.is_object() == (type == json_type::object));
        CHECK(json("{\"a\":[0," + text + "]}").find_type("/a/1") == type);
    }
    CHECK_FALSE(json("[0]").find_type("/1"));
    CHECK_FALSE(json("{\"a\":0}").find_type("/b"));
}

TEST_CASE("a JSON pointer is made of names and indexes, whatever is in the names")
{
    CHECK(json::pointer("a/b", 3, "c") == "/a~1b/3/c");
    CHECK(json::pointer() == "");
    CHECK(json::pointer("") == "/");
    CHECK(json::pointer("~1"s, std::size_t{0}, std::string_view("é")) == "/~01/0/é");
    for (const auto* name : {"", "/", "~", "~0", "~1", "a~/b", "//", "0", "\""}) {
        CAPTURE(name);
        const auto value = json::object().add(
            "x", json::array().push(0).push(json::object().add("", 0).add(name, "here")));
        if (*name) CHECK(value.find_string(json::pointer("x", 1, name)) == "here");
    }
}

TEST_CASE("a number is read to the last bit, however many digits it has")
{
    for (const auto& [text, number] :
        {std::pair("0.95555555555555555555555555555555556", 0.9555555555555556),
            std::pair("-0.00012345678901234567890123", -0.00012345678901234567890123),
            std::pair("12345678901234567890123.5e-4", 1234567890123456789.01235),
            std::pair("0.30000000000000000000000000000000000004e-2", 0.003),
            std::pair("0.000000000000000000000000000000000000001e-400", 0.0),
            std::pair("1e-7", 1e-7)}) {
        INFO(text);
        CHECK(json(text).find_number("") == number);
        CHECK(json('[' + std::string(text) + " , 1]").find_number("/0") == number);
    }
}

TEST_CASE("quoted text is a JSON string")
{
    CHECK(json_quote("say \"hi\"\\\n\r\t\b\x1f/") == R"("say \"hi\"\\\n\r\t\u0008\u001f/")");
    CHECK(json_quote("\0\x7f\xc3\xa9"s) == "\"\\u0000\x7f\xc3\xa9\"");
    std::string all;
    for (char c = 0; c < 127; ++c) all += c;
    CHECK(json(json_quote(all)).find_string("") == all);
    CHECK_THROWS_AS(json_quote("\xc3"), error);
}

TEST_CASE("the writer omits empty members, and separates the rest")
{
    json_writer out;
    out.begin_object().key("gone").begin_object();
    out.key("too").begin_object().unless_default("x", 0).end_object_unless_empty();
    out.end_object_unless_empty().member("a", 1).key("gone").begin_object();
    out.member("x", std::optional<int>()).unless_default("y", ""s).unless_default("z", false);
    out.end_object_unless_empty().key("b").begin_array().integer(-1).begin_object();
    out.end_object().string("").end_array().key("c").begin_object();
    out.member("d", std::optional(true)).end_object_unless_empty().end_object();
    CHECK(out.text() == R"({"a":1,"b":[-1,{},""],"c":{"d":true}})");
}

TEST_CASE("the writer's numbers read back exactly")
{
    for (const double number :
        {0.0, -0.0, 1.0, 0.1, -2.5, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.125}) {
        const auto text = json_writer().number(number).take();
        INFO(text);
        CHECK(json(text).find_number("") == number);
    }
    CHECK(json_writer().number(2).text() == "2");
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(json_writer().integer(most).text() == "9223372036854775807");
    CHECK_THROWS_AS(json_writer().number(std::numeric_limits<double>::quiet_NaN()), error);
}

TEST_CASE("indentation changes only the space between values")
{
    CHECK(protocol::indented(R"( {"a" : [ ] ,"b":{ } , "c":[1,{"d":"{, \" :]"}]} )") == R"({
  "a": [],
  "b": {},
  "c": [
    1,
    {
      "d": "{, \" :]"
    }
  ]
}
)");
    CHECK(protocol::indented("1") == "1\n");
}

TEST_CASE("a JSON value is visited by its type")
{
    const auto value = json_value::parse(R"({"b":[1,"2",null,"x"],"a":{"t":true},"n":null})");
    REQUIRE(value.is_object());
    const auto members = value.members();
    REQUIRE(members.size() == 3);
    CHECK(members[0].first == "b");
    CHECK(members[1].first == "a");
    CHECK(members[2].second.kind() == json_value::type::null);
    const auto elements = value.find("b")->elements();
    REQUIRE(elements.size() == 4);
    CHECK(elements[0].number() == 1);
    CHECK(elements[0].integer() == 1);
    CHECK(elements[1].integer() == 2);
    CHECK(elements[1].number() == std::nullopt);
    CHECK(elements[3].integer() == std::nullopt);
    CHECK(value.find("a")->find("t")->boolean() == true);
    CHECK_FALSE(value.find("n"));
    CHECK_FALSE(value.find("z"));
    CHECK_FALSE(elements[0].find("z"));
    CHECK(elements[0].members().empty());
    CHECK(elements[0].elements().empty());
    CHECK(value.find("a")->text() == R"({"t":true})");
}

TEST_CASE("a part of a JSON value outlives the whole")
{
    auto part = json_value::parse(R"({"a":["deep"]})").find("a")->elements()[0];
    const auto copy = part;
    part = json_value::parse("0");
    CHECK(copy.string() == "deep");
}

TEST_CASE("JSON is written in one expression")
{
    const auto built = json::object()
                           .add("city", "Paris \"1\"")
                           .add("celsius", 21.5)
                           .add("days", json::array().push(1).push("two").push(nullptr).push(true))
                           .add("big", std::int64_t{9'007'199'254'740'993})
                           .add("no", false)
                           .add("nothing", nullptr)
                           .add("inside", json::object());
    CHECK(
        built.text() ==
        R"({"city":"Paris \"1\"","celsius":21.5,"days":[1,"two",null,true],"big":9007199254740993,"no":false,"nothing":null,"inside":{}})");
    CHECK(json(built.text()).text() == built.text());
    CHECK(json("{ \"a\" : 1 }\n").add("b", 2).text() == "{ \"a\" : 1 ,\"b\":2}");
    CHECK(json(" [ ] ").push(1).text() == " [ 1]");
}

TEST_CASE("JSON is written piece by piece, with integers of every size")
{
    const std::vector<int> items{1, 2, 3};
    auto value = json::object().add("n", items.size()).add("short", short{-1});
    value.add("most", std::numeric_limits<std::uint64_t>::max());
    value.add("text", "a").add("string", "b"s).add("yes", true).add("pi", 3.5f).add("long", -5LL);
    auto list = json::array();
    for (const auto each : items) list.push(each);
    list.push(items.size()).push("x").push(nullptr).push(json::object());
    value.add("list", list).add("nothing", nullptr);
    CHECK(value.text() ==
          R"({"n":3,"short":-1,"most":18446744073709551615,"text":"a","string":"b","yes":true,)"
          R"("pi":3.5,"long":-5,"list":[1,2,3,3,"x",null,{}],"nothing":null})");
    value = json::object();
    value.add("self", value);
    CHECK(value.text() == R"({"self":{}})");
    CHECK_THROWS_AS(value.add("bad", "\xff"), error);
    CHECK_THROWS_AS(value.push(1), error);
    CHECK(value.text() == R"({"self":{}})"); // unchanged
}

TEST_CASE("json refuses what would not be valid")
{
    CHECK_THROWS_AS(json("[]").add("a", 1), error);
    CHECK_THROWS_AS(json("{}").push(1), error);
    CHECK_THROWS_AS(json("\"}\"").add("a", 1), error);
    CHECK_THROWS_AS(json::object().add("\xff", 1), error);
    CHECK_THROWS_AS(json::object().add("a", "\xff"), error);
    CHECK_THROWS_AS(json::object().add("a", std::nan("")), error);
    json deep;
    for (int i = 1; i < json::max_depth; ++i) deep = json::object().add("a", deep);
    CHECK(json(deep.text()).text() == deep.text());
    CHECK_THROWS_AS(json::object().add("a", deep), error);
    CHECK_THROWS_AS(json(std::string(json::max_size + 1, ' ')), error);
    CHECK_THROWS_AS(json::array().push(std::string(json::max_size, 'x')), error);
}

TEST_CASE("JSON is read by pointer, and a missing required value is named")
{
    const json given(
        R"({"city": "Paris", "n": 3, "list": [1, {"x": null}], "ok": true, "half": 0.5})");
    CHECK(given.at<std::string>("/city") == "Paris");
    CHECK(given.at<std::int64_t>("/n") == 3);
    CHECK(given.at<double>("/n") == 3.0);
    CHECK(given.at<bool>("/ok"));
    CHECK(given.at<json>("/list/1").text() == R"({"x": null})");
    CHECK(given.find("/list/1/x")->text() == "null");
    CHECK(given.find("")->text() == given.text());
    CHECK_FALSE(given.find("/nowhere"));
    CHECK_FALSE(given.find_integer("/half"));
    CHECK(json("[2.0, 3e0]").find_integer("/0") == 2);
    CHECK(json("[2.0, 3e0]").find_integer("/1") == 3);
    CHECK(given.find_size("/list") == 2);
    CHECK(given.find_size("") == 5);
    CHECK_FALSE(given.find_size("/city"));
    CHECK(given.find_names("") == std::vector<std::string>{"city", "n", "list", "ok", "half"});
    try {
        static_cast<void>(given.at<std::string>("/n"));
        FAIL("taken");
    } catch (const error& missing) {
        CHECK(missing.value() == errc::invalid_argument);
        CHECK(std::string(missing.what()) == "There is no string at /n in the JSON.");
    }
}

TEST_CASE("a lone word is a string")
{
    for (const char* text : {"true", " false\n", "null"}) CHECK_NOTHROW(json(text));
    for (const char* text : {"falset", "truey", "nulls", "false1", "tru", "true false"})
        CHECK_THROWS_AS(json(text), error);
}

TEST_CASE("JSON values are equal however they are written")
{
    const std::string huge = "123456789012345678901234567890";
    CHECK(json(huge) == json(huge));
    CHECK_FALSE(json(huge) == json("1"));
    CHECK(json("[\"1\\\\\", -" + huge + "]") ==
          json("[\"1\\\\\",-123456789012345678901234567890.0]"));
    CHECK(json("18446744073709551615") == json("18446744073709551615 "));
    CHECK(json(R"({"a": 1, "b": [true, null]})") == json("{\"b\":[true,null],\"a\":1.0}"));
    CHECK(json(R"("\u00e9")") == json("\"é\""));
    CHECK_FALSE(json("[1,2]") == json("[2,1]"));
    CHECK_FALSE(json("9007199254740993") == json("9007199254740992"));
    CHECK_FALSE(json(R"({"a": null})") == json("{}"));
    CHECK_FALSE(json("\"1\"") == json("1"));
    CHECK(json(" { } ").empty());
    CHECK(json("[]").empty());
    CHECK_FALSE(json("[ [] ]").empty());
    CHECK_FALSE(json("\"{}\"").empty());
}

} // namespace json_test
