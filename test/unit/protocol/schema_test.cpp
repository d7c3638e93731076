// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include "support/catch.hpp"

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

TEST_CASE("a JSON Schema's types are put in capitals at every depth")
{
    const schema given(json(R"({"type": "object", "properties": {"type": {"type": "integer"},
        "list": {"type": "array", "items": {"type": ["string", "null"]}}},
        "example": {"type": "object"}})"));
    CHECK(
        given.text().text() ==
        R"({"type":"OBJECT","properties":{"type":{"type":"INTEGER"},"list":{"type":"ARRAY","items":{"type":"STRING","nullable":true}}},"example":{"type":"object"}})");
}

TEST_CASE("what JSON Schema says otherwise is said in OpenAPI's way")
{
    const auto told = [](const char* text) { return schema(json(text)).text().text(); };
    CHECK(told(R"({"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}],
              "description": "all"})") ==
          R"({"type":"ARRAY","items":{"type":"STRING"},"description":"all","nullable":true})");
    CHECK(told(R"({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}],"nullable":true})");
    CHECK(told(R"({"type": ["string", "integer"], "title": "T"})") ==
          R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}],"title":"T"})");
    CHECK(told(R"({"type": ["null", "string"], "nullable": true})") ==
          R"({"type":"STRING","nullable":true})");
    CHECK(told(R"({"type": "object", "additionalProperties": false, "default": null})") ==
          R"({"type":"OBJECT"})");
    CHECK(told(R"({"type": "date"})") == R"({"type":"TYPE_UNSPECIFIED"})");
    CHECK(told(R"({"type": "integer", "maximum": 123456789012345678901234567890})") ==
          R"({"type":"INTEGER","maximum":1.2345678901234568e+29})");
}

TEST_CASE("what is no schema is refused")
{
    CHECK_THROWS_AS(schema(json("3")), error);
    CHECK_THROWS_AS(schema(json(R"({"items": []})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": "null"})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": ["null"]})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": ["string", 1]})")), error);
    CHECK_THROWS_AS(schema(json(R"({"type": "string", "anyOf": [{"type": "string"}]})")), error);
    CHECK_THROWS_AS(schema(json(R"({"anyOf": [{"type": "null"}]})")), error);
    CHECK_THROWS_AS(schema::object().property("\xff", schema::string()), error);
}
