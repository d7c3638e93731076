// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <string_view>

namespace schema_test {

using namespace gemini::live;

TEST_CASE("a schema is built in one expression and keeps the order of its properties")
{
    const auto built = schema::object("Where and how")
                           .property("city", schema::string("Where"))
                           .property("unit", schema::string().one_of("C").one_of("F").nullable())
                           .property("days", schema::array(schema::integer()))
                           .required("city")
                           .required("days");
    CHECK(
        built.text().text() ==
        R"({"type":"OBJECT","description":"Where and how","properties":{"city":{"type":"STRING","description":"Where"},"unit":{"type":"STRING","enum":["C","F"],"nullable":true},"days":{"type":"ARRAY","items":{"type":"INTEGER"}}},"required":["city","days"]})");
    CHECK(schema::number().with("minimum", json("0")).with("minimum", json("1")).text().text() ==
          R"({"type":"NUMBER","minimum":1})");
    CHECK(schema::boolean().text().text() == R"({"type":"BOOLEAN"})");
}

TEST_CASE("a JSON Schema's types are capitalized at every depth")
{
    const schema given(json(R"({"type": "object", "properties": {"type": {"type": "integer"},
        "list": {"type": "array", "items": {"type": ["string", "null"]}}},
        "example": {"type": "object"}})"));
    CHECK(
        given.text().text() ==
        R"({"type":"OBJECT","properties":{"type":{"type":"INTEGER"},"list":{"type":"ARRAY","items":{"type":"STRING","nullable":true}}},"example":{"type":"object"}})");
}

TEST_CASE("JSON Schema keywords with an OpenAPI equivalent are converted")
{
    const auto told = [](const char* text) { return schema(json(text)).text().text(); };
    CHECK(told(R"({"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}],
              "description": "all"})") ==
          R"({"type":"ARRAY","items":{"type":"STRING"},"description":"all","nullable":true})");
    CHECK(told(R"({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}],"nullable":true})");
    CHECK(told(R"({"type": ["string", "integer"], "title": "T"})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]})");
    CHECK(told(R"({"type": ["null", "string"], "nullable": true})") ==
          R"({"type":"STRING","nullable":true})");
    CHECK(told(R"({"type": "object", "additionalProperties": false, "default": null})") ==
          R"({"type":"OBJECT"})");
    CHECK(told(R"({"type": "TYPE_UNSPECIFIED", "description": "any"})") ==
          told(R"({"description": "any"})"));
    CHECK(told(R"({"type": ["string", "any"]})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"NUMBER"},{"type":"BOOLEAN"}]})");
    CHECK(told(R"({"type": "integer", "maximum": 123456789012345678901234567890})") ==
          R"({"type":"INTEGER","maximum":1.2345678901234568e+29})");
}

TEST_CASE("an invalid schema is refused")
{
    CHECK_THROWS_AS(schema(json("3")), error);
    CHECK_THROWS_AS(schema(json(R"({"items": []})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": "null"})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": ["null"]})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": ["string", 1]})")), error);
    CHECK_THROWS_AS(schema(json(R"({"anyOf": [{"type": "null"}]})")), error);
    CHECK_THROWS_AS(schema::object().property("\xff", schema::string()), error);
}

namespace {

std::string told(const std::string& text) { return schema(json(text)).text().text(); }

std::string refusal_of(const std::string& text)
{
    try {
        static_cast<void>(schema(json(text)));
    } catch (const error& refused) {
        CHECK(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return "taken";
}

} // namespace

TEST_CASE("annotations of a JSON Schema are left out at every depth")
{
    CHECK(told(R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:x",
              "$comment": "c", "title": "Args", "type": "object", "examples": [{"a": 1}],
              "readOnly": true, "writeOnly": false, "deprecated": true, "x-order": 3,
              "properties": {"title": {"title": "Title", "type": "string", "examples": ["b"],
                  "x-hint": {"y": 1}, "$comment": "d"}}})") ==
          R"({"type":"OBJECT","properties":{"title":{"type":"STRING"}}})");
}

TEST_CASE("references in a JSON Schema are resolved, with the keywords beside them")
{
    CHECK(told(R"({"type": "object", "properties": {"a": {"$ref": "#/$defs/city"},
              "b": {"$ref": "#/$defs/city", "description": "Where"},
              "c": {"type": "array", "items": {"$ref": "#/definitions/a~1b"}}},
              "$defs": {"city": {"type": "string", "title": "City"}},
              "definitions": {"a/b": {"$ref": "#/$defs/city"}}})") ==
          R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},)"
          R"("b":{"description":"Where","type":"STRING"},)"
          R"("c":{"type":"ARRAY","items":{"type":"STRING"}}}})");
    CHECK(told(R"({"$ref": "#/$defs/args", "$defs": {"args": {"type": "object",
              "properties": {"n": {"type": "integer"}}}}})") ==
          R"({"type":"OBJECT","properties":{"n":{"type":"INTEGER"}}})");
}

TEST_CASE("a type that JSON Schema does not have is refused by path")
{
    CHECK(refusal_of(R"({"properties": {"day": {"type": "date"}}})")
              .find("/properties/day/type is \"date\", which is no type") != std::string::npos);
    CHECK(refusal_of(R"({"type": ["string", "file"]})").find("/type is \"file\"") !=
          std::string::npos);
}

TEST_CASE("any two keywords in a member's schema are converted or refused by path")
{
    CHECK(refusal_of(R"({"properties": {"a": {"type": "string",
              "anyOf": [{"type": "integer"}, {"type": "boolean"}]}}})") ==
          "The schema cannot be sent: /properties/a has alternatives of which none can fit.");
    constexpr std::array keywords{R"("type":"string")", R"("type":"integer")",
        R"("type":["string","null"])", R"("type":["integer","boolean"])", R"("type":"object")",
        R"("type":"array")", R"("type":"wish")", R"("type":[])", R"("nullable":true)",
        R"("enum":["x",1])", R"("enum":[])", R"("enum":[null])", R"("enum":[{}])",
        R"("const":true)", R"("const":null)", R"("minimum":3)", R"("minimum":"3")",
        R"("exclusiveMaximum":"3")", R"("exclusiveMinimum":true)", R"("maxLength":-1)",
        R"("maxItems":2)", R"("format":"date")", R"("pattern":"^x")",
        R"("properties":{"b":{"type":"string"}})", R"("properties":{"b":false})",
        R"("properties":[])", R"("required":["b"])", R"("required":[1])", R"("required":true)",
        R"("items":{"type":"integer"})", R"("items":false)", R"("items":[{"type":"string"}])",
        R"("items":[])", R"("items":3)", R"("prefixItems":[{"type":"string"}])",
        R"("additionalItems":false)", R"("additionalProperties":{"type":"wish"})",
        R"("anyOf":[{"type":"integer"},{"type":"boolean"}])",
        R"("oneOf":[{"type":"string"},{"type":"null"}])", R"("oneOf":[{"type":"integer"}])",
        R"("anyOf":[{"enum":["x"]},{"enum":["y"]}])", R"("anyOf":[{"required":["b"]}])",
        R"("anyOf":[{"anyOf":[{"type":"string"},{"type":"integer"}]},{"maxLength":2}])",
        R"("anyOf":[false])", R"("anyOf":[])", R"("anyOf":7)", R"("allOf":[{"type":"integer"}])",
        R"("allOf":[{"enum":["y"]}])", R"("allOf":[false])", R"("allOf":[])",
        R"("allOf":[{"items":{"type":"boolean"}}])",
        R"("allOf":[{"properties":{"b":{"type":"integer"}}}])",
        R"("allOf":[{"anyOf":[{"type":"array"},{"type":"string"}]}])", R"("$ref":"#/$defs/text")",
        R"("$ref":"#named")", R"("$ref":"#nowhere")", R"("$ref":"elsewhere")",
        R"("not":{"type":"string"})"};
    std::size_t refused = 0;
    for (const auto* one : keywords) {
        for (const auto* other : keywords) {
            const auto text = std::string(R"({"type":"object","properties":{"a":{)") + one + ',' +
                              other + R"(}},"$defs":{"text":{"type":"string"},)" +
                              R"("bad":{"$anchor":"named","minLength":"x"}}})";
            const auto why = refusal_of(text);
            if (why == "taken") continue;
            ++refused;
            INFO(text);
            INFO(why);
            const std::string_view sentence(why);
            constexpr std::string_view begin = "The schema cannot be sent: ";
            REQUIRE(sentence.starts_with(begin));
            CHECK(sentence.substr(begin.size()).starts_with("/properties/a"));
        }
    }
    CHECK(refused > 500);
}

TEST_CASE("recursion in a JSON Schema and dangling references are refused by path")
{
    const auto tree = refusal_of(R"({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}}})");
    CHECK(tree.find("/$defs/node/properties/children/items/$ref") != std::string::npos);
    CHECK(tree.find("recursive") != std::string::npos);
    CHECK(refusal_of(R"({"type": "object", "properties": {"self": {"$ref": "#"}}})")
              .find("recursive") != std::string::npos);
    CHECK(refusal_of(R"({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}})")
              .find("/properties/a/$ref names \"#/$defs/none\", which is not there") !=
          std::string::npos);
    CHECK(refusal_of(R"({"type": "object", "properties": {"a": {"$ref": "other.json#/b"}}})")
              .find("/properties/a/$ref") != std::string::npos);
}

TEST_CASE("const, numeric enumerations and exclusive bounds become what the service accepts")
{
    CHECK(told(R"({"const": "on"})") == R"({"type":"STRING","enum":["on"]})");
    CHECK(told(R"({"type": "string", "enum": ["a", "b", null]})") ==
          R"({"type":"STRING","enum":["a","b"],"nullable":true})");
    CHECK(told(R"({"type": "integer", "enum": [3, 1, 2]})") ==
          R"({"type":"INTEGER","minimum":1,"maximum":3,"description":"One of 3, 1, 2."})");
    CHECK(told(R"({"type": "string", "enum": [1, 2]})") == R"({"type":"STRING","enum":["1","2"]})");
    CHECK(told(R"({"const": 7})") ==
          R"({"type":"INTEGER","minimum":7,"maximum":7,"description":"Always 7."})");
    CHECK(told(R"({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10})") ==
          R"({"type":"INTEGER","minimum":1,"maximum":9})");
    CHECK(told(R"({"type": "number", "exclusiveMinimum": 0})") ==
          R"({"type":"NUMBER","minimum":0,"description":"More than 0."})");
    CHECK(told(R"({"type": "integer", "minimum": 0, "exclusiveMinimum": true})") ==
          R"({"type":"INTEGER","minimum":1})");
}

TEST_CASE("oneOf, allOf and a type beside anyOf become one schema of the service")
{
    CHECK(told(R"({"oneOf": [{"type": "string"}, {"type": "number"}]})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]})");
    CHECK(
        told(R"({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}},
              "required": ["a"]}, {"properties": {"b": {"type": "integer"}}}]})") ==
        R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"INTEGER"}},"required":["a"]})");
    CHECK(told(R"({"type": "string", "anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]})") ==
          R"({"anyOf":[{"enum":["a"],"type":"STRING"},{"enum":["b"],"type":"STRING"}]})");
    CHECK(told(R"({"type": "string", "anyOf": [{"type": "string"}]})") == R"({"type":"STRING"})");
    CHECK(
        told(R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
              "anyOf": [{"required": ["a"]}, {"required": ["b"]}]})") ==
        R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"STRING"}},)"
        R"("description":"Has at least one of these sets of members: a; b."})");
    CHECK(told(R"({"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}],
              "$defs": {"a": {"type": "string"}}, "default": null})") ==
          R"({"type":"STRING","nullable":true})");
    CHECK(
        refusal_of(R"({"properties": {"a": {"allOf": [{"type": "string"}, {"type": "integer"}]}}})")
            .find("/properties/a/allOf") != std::string::npos);
}

TEST_CASE("a converted schema converts to itself")
{
    for (const auto* text : {R"({"type": "integer", "enum": [3, 1, 2]})",
             R"({"type": ["string", "integer", "null"], "minimum": 2})",
             R"({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]})",
             R"({"type": "object", "patternProperties": {"^a": {"type": "string"}}})",
             R"({"type": "string", "format": "email", "description": "Whose"})"}) {
        CAPTURE(text);
        CHECK(told(told(text)) == told(text));
    }
}

} // namespace schema_test
