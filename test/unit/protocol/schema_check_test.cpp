// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace schema_check_test {

using namespace gemini::live;
using namespace std::string_literals;

namespace {

/// Each mismatch as "path: what"; "" if the value fits.
std::string told(const schema& type, const std::string& value)
{
    std::string all;
    for (const auto& [path, what] : type.check(json(value)))
        all += (all.empty() ? "" : "\n") + path + ": " + what;
    return all;
}

std::string told(const char* type, const std::string& value)
{
    return told(schema(json(type)), value);
}

struct row {
    const char* type; ///< JSON Schema, or the service's form.
    const char* value;
    const char* mismatches;
};

} // namespace

TEST_CASE("a value is checked against each keyword of a schema")
{
    const std::vector<row> rows{
        // type
        {R"({"type":"string"})", R"("")", ""},
        {R"({"type":"string"})", "5", ": a string is required, not 5"},
        {R"({"type":"number"})", "-2.5", ""},
        {R"({"type":"number"})", "123456789012345678901234567890", ""},
        {R"({"type":"number"})", R"("2")", R"(: a number is required, not "2")"},
        {R"({"type":"integer"})", "2.0", ""},
        {R"({"type":"integer"})", "2e0", ""},
        {R"({"type":"integer"})", "-9223372036854775808", ""},
        {R"({"type":"integer"})", "2.5", ": a whole number is required, not 2.5"},
        {R"({"type":"integer"})", R"("two")", R"(: a whole number is required, not "two")"},
        {R"({"type":"integer"})", "9223372036854775808",
            ": a whole number of 64 bits is required, not 9223372036854775808"},
        {R"({"type":"integer"})", "123456789012345678901234567890",
            ": a whole number of 64 bits is required, not 1.2345678901234568e+29"},
        {R"({"type":"boolean"})", "false", ""},
        {R"({"type":"boolean"})", "0", ": true or false is required, not 0"},
        {R"({"type":"array"})", "{}", ": an array is required, not an object"},
        {R"({"type":"object"})", "[1]", ": an object is required, not an array"},
        {R"({"type":"object"})", "null", ": an object is required, not null"},
        {R"({"type":"NULL"})", "null", ""},
        {R"({"type":"NULL"})", "1", ": null is required, not 1"},
        {R"({})", "null", ""},
        {R"({})", R"({"any":["thing"]})", ""},
        // nullable
        {R"({"type":["string","null"]})", "null", ""},
        {R"({"type":["string","null"]})", "true", ": a string or null is required, not true"},
        // enum
        {R"({"enum":["C","F"]})", R"("F")", ""},
        {R"({"enum":["C","F"]})", R"("K")", R"(: one of C, F is required, not "K")"},
        {R"({"enum":["C","F"]})", R"("c ")", R"(: one of C, F is required, not "c ")"},
        {R"({"enum":["C"]})", R"("")", R"(: C is required, not "")"},
        {R"({"enum":["","C"]})", R"("\n")", R"(: one of "", C is required, not "\n")"},
        {R"({"enum":["C","F",null]})", "null", ""},
        {R"({"enum":["C","F",null]})", R"("K")", R"(: one of C, F or null is required, not "K")"},
        {R"({"enum":["C","F"]})", "3", ": a string is required, not 3"},
        // bounds
        {R"({"type":"integer","minimum":1})", "1", ""},
        {R"({"type":"integer","minimum":1})", "0", ": at least 1 is required, not 0"},
        {R"({"type":"number","maximum":1.5})", "1.5", ""},
        {R"({"type":"number","maximum":1.5})", "1.51", ": at most 1.5 is required, not 1.51"},
        {R"({"type":"number","maximum":9007199254740992})", "9007199254740993",
            ": at most 9007199254740992 is required, not 9007199254740993"},
        {R"({"type":"integer","minimum":18446744073709551615})", "0",
            ": at least 18446744073709551615 is required, not 0"},
        {R"({"type":"string","minLength":2,"maxLength":3})", R"("éé")", ""},
        {R"({"type":"string","minLength":2,"maxLength":3})", R"("𝄞𝄞𝄞")", ""},
        {R"({"type":"string","minLength":2})", R"("é")",
            ": at least 2 characters are required, not 1"},
        {R"({"type":"string","maxLength":1})", R"("éé")",
            ": at most 1 character is required, not 2"},
        {R"({"type":"array","minItems":1})", "[0]", ""},
        {R"({"type":"array","minItems":"1"})", "[]", ": at least 1 element is required, not 0"},
        {R"({"type":"array","maxItems":2})", "[1,2,3]", ": at most 2 elements are required, not 3"},
        {R"({"type":"object","minProperties":1,"maxProperties":2})", R"({"a":1,"b":2})", ""},
        {R"({"type":"object","minProperties":1})", "{}", ": at least 1 member is required, not 0"},
        {R"({"type":"object","maxProperties":1})", R"({"a":1,"b":2})",
            ": at most 1 member is required, not 2"},
        // format
        {R"({"type":"integer","format":"int32"})", "-2147483648", ""},
        {R"({"type":"integer","format":"int32"})", "2147483648",
            ": a whole number of 32 bits is required, not 2147483648"},
        {R"({"type":"integer","format":"int32"})", "-2147483649",
            ": a whole number of 32 bits is required, not -2147483649"},
        {R"({"type":"integer","format":"int64"})", "2147483648", ""},
        {R"({"type":"number","format":"float"})", "3.4e38", ""},
        {R"({"type":"number","format":"float"})", "-3.5e38",
            ": a number of 32 bits is required, not -3.5e+38"},
        {R"({"type":"number","format":"double"})", "3.5e38", ""},
        {R"({"type":"string","format":"date-time"})", R"("2999-11-23T12:30:00.5+01:00")", ""},
        {R"({"type":"string","format":"date-time"})", R"("tomorrow")",
            R"(: a time like 2026-11-23T12:30:00Z is required, not "tomorrow")"},
        {R"({"type":"string","format":"email"})", R"("none")", ""},
        {R"({"type":"string","pattern":"^x$"})", R"("y")", ""},
        // properties, required, items
        {R"({"properties":{"a":{"type":"string"}},"required":["a"]})", R"({"a":"","b":0})", ""},
        {R"({"properties":{"b":{"type":"string"},"a":{"type":"string"},"c":{"type":"string"}},
             "required":["a","b"]})",
            R"({"c":1,"b":2})",
            "/b: a string is required, not 2\n/a: is required\n/c: a string is required, not 1"},
        {R"({"type":"object","properties":{"a":{"type":"string"}}})", "{}", ""},
        {R"({"type":"object","properties":{"a":{"type":"string"}}})", R"({"a":"","a":1})", ""},
        {R"({"type":"object","properties":{"a/b~":{"type":"array","items":{"type":"object",
             "properties":{"":{"type":"number"}},"required":[""]}}}})",
            R"({"a/b~":[{"":1},{"":"1"},{}]})",
            "/a~1b~0/1/: a number is required, not \"1\"\n/a~1b~0/2/: is required"},
        {R"({"type":"array","items":{"type":"integer"}})", R"([1,"2",3,null])",
            "/1: a whole number is required, not \"2\"\n/3: a whole number is required, not null"},
        // anyOf
        {R"({"type":["string","integer"]})", R"("x")", ""},
        {R"({"type":["string","integer"]})", "7", ""},
        {R"({"type":["string","integer"]})", "{}",
            ": a string or a whole number is required, not an object"},
        {R"({"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]})", "null", ""},
        {R"({"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]})", "[]",
            ": a string or a whole number or null is required, not an array"},
        {R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"integer"}}]})",
            R"([1,"2","3"])",
            "/1: a whole number is required, not \"2\"\n/2: a whole number is required, not \"3\""},
        {R"({"properties":{"shape":{"anyOf":[
               {"type":"object","properties":{"kind":{"enum":["circle"]},"radius":{"type":"number"}},
                "required":["kind","radius"]},
               {"type":"object","properties":{"kind":{"enum":["square"]},"side":{"type":"number"}},
                "required":["kind","side"]}]}}})",
            R"({"shape":{"kind":"square"}})",
            "/shape: fits no alternative: /shape/kind: circle is required, not \"square\"; "
            "/shape/side: is required"},
    };
    for (const auto& [type, value, mismatches] : rows) {
        CAPTURE(type);
        CAPTURE(value);
        CHECK(told(type, value) == mismatches);
    }
}

TEST_CASE("members that were given by with() are checked as well")
{
    const auto numbers = schema::integer().with("enum", json("[1,2]"));
    CHECK(told(numbers, "2.0") == "");
    CHECK(told(numbers, "3") == ": one of 1, 2 is required, not 3");
    const auto pairs =
        schema(json("{}")).with("enum", json(R"([[1,{"a":null,"b":true}],{"a":"x"},false])"));
    CHECK(told(pairs, R"([1.0,{"b":true,"a":null}])") == "");
    CHECK(told(pairs, R"({"a":"x"})") == "");
    CHECK(told(pairs, "false") == "");
    for (const auto* other :
        {R"([1,{"a":null,"b":false}])", R"([1,{"a":null}])", "[1]", R"([1,{"a":null,"c":true}])",
            R"({"a":"y"})", R"({"a":"x","b":1})", "true", "0", "{}"}) {
        CAPTURE(other);
        CHECK(told(pairs, other)
                  .starts_with(
                      R"(: one of [1,{"a":null,"b":true}], {"a":"x"}, false is required, not )"));
    }
    const auto closed = schema::object()
                            .property("a", schema::string())
                            .with("additionalProperties", json("false"));
    CHECK(told(closed, R"({"a":""})") == "");
    CHECK(told(schema::object().property("x", closed), R"({"x":{"b/":1,"a":2}})") ==
          "/x/a: a string is required, not 2\n/x: has an unknown member \"b/\"");
    CHECK(told(schema::object().required("b"), "{}") == "/b: is required");
    CHECK(told(schema::object().required("b"), R"({"b":null})") == "");
    CHECK(told(schema::array(schema::string()).with("minItems", json("\"2\"")), "[\"\"]") ==
          ": at least 2 elements are required, not 1");
    try {
        static_cast<void>(schema::string().with("minLength", json("\"x\"")).check(json("\"\"")));
        FAIL("accepted");
    } catch (const error& refused) {
        CHECK(refused.value() == errc::invalid_argument);
        CHECK(std::string(refused.what()).find("/minLength") != std::string::npos);
    }
}

TEST_CASE("what is said about a hostile value is short")
{
    const auto list = schema::array(schema::integer());
    auto texts = "[" + ("\"" + std::string(1000, 'x') + "\",");
    for (int i = 0; i < 7; ++i) texts += texts.substr(1);
    texts.back() = ']';
    const auto found = list.check(json(texts));
    REQUIRE(found.size() == 16);
    CHECK(found[15].path == "/15");
    CHECK(found[15].what == "a whole number is required, not \"" + std::string(60, 'x') + "…\"");
    std::string umlauts;
    for (int i = 0; i < 40; ++i) umlauts += "é";
    CHECK(told(schema::string().one_of("é"), '"' + umlauts + '"') ==
          ": é is required, not \"" + umlauts.substr(0, 60) + "…\"");
    auto many = schema::string();
    for (int i = 0; i < 200; ++i) many = many.one_of(std::to_string(1000 + i));
    CHECK(told(many, "\"\"").size() < 600);
    const auto closed = schema::object().with("additionalProperties", json("false"));
    CHECK(told(closed, "{\"" + std::string(100'000, 'n') + "\":1}").size() < 100);
}

TEST_CASE("a value is too large to be checked when that would take long")
{
    const auto list = schema::array(schema::integer());
    const auto numbers = [](std::size_t count) {
        std::string text = "[";
        text.reserve(2 * count + 1);
        for (std::size_t i = 0; i < count; ++i) text += "0,";
        text.back() = ']';
        return text;
    };
    CHECK(told(list, numbers(200'000)) == "");
    CHECK(told(list, numbers(300'000)) == ": is too large to be checked");
    CHECK(told(schema(json("{}")), numbers(900'000)) == "");
    CHECK(told(schema(json("{}")), numbers(8'000'000)) == ": is too large to be checked");
    CHECK(told(schema::array(list), '[' + numbers(150'000) + ',' + numbers(150'000) + ']') ==
          ": is too large to be checked");
    CHECK(told("{\"type\":\"array\"}", numbers(300'000)) == ": is too large to be checked");
    CHECK(told(schema::string(), '"' + std::string(10'000'000, 'x') + '"') == "");
    std::string members = "{\"n\":\"x\"";
    for (int i = 0; i < 260'000; ++i) members += ",\"\":0";
    members += '}';
    CHECK(told(schema::object(), members) == "");
    CHECK(told(schema::object().property("n", schema::number()), members) ==
          ": is too large to be checked");
    const auto deep = std::string(64, '[') + std::string(64, ']');
    CHECK(told(list, deep) == "/0: a whole number is required, not an array");
}

} // namespace schema_check_test
