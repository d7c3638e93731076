// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/toolset.hpp>

#include <tuple>

/// Functions as they are declared, and their arguments as structs.
namespace toolset_test {

using namespace gemini::live;
using namespace std::chrono_literals;

namespace {

struct place {
    std::string city;
    std::optional<std::string> country;

    static auto parameters()
    {
        return std::tuple(parameter("city", &place::city, "Where, e.g. Boston"),
            parameter("country", &place::country).one_of("US").one_of("DE"));
    }
};

struct trip {
    place from;
    std::vector<place> stops;
    int people = 0;
    std::optional<double> price;
    bool is_urgent = false;

    static auto parameters()
    {
        return std::tuple(parameter("from", &trip::from), parameter("stops", &trip::stops),
            parameter("people", &trip::people).with("minimum", json("1")),
            parameter("price", &trip::price, "In euros"), parameter("urgent", &trip::is_urgent));
    }
};

trip read_trip(const char* text) { return detail::read<trip>(detail::argument(json(text))); }

std::string fault_of(const char* text)
{
    try {
        static_cast<void>(read_trip(text));
    } catch (const error& thrown) {
        CHECK(thrown.value() == errc::invalid_argument);
        return thrown.what();
    }
    return "none";
}

std::string refusal_of(function_options options)
{
    toolset tools;
    try {
        tools.add(std::move(options), [] { return 1; });
    } catch (const error& thrown) {
        CHECK(thrown.value() == errc::invalid_argument);
        return thrown.what();
    }
    return "none";
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a struct that describes itself has a schema")
{
    CHECK(schema_of<trip>("A trip").text() == json(R"({"type": "OBJECT", "description": "A trip",
        "properties": {
            "from": {"type": "OBJECT", "properties": {
                "city": {"type": "STRING", "description": "Where, e.g. Boston"},
                "country": {"type": "STRING", "nullable": true, "enum": ["US", "DE"]}},
                "required": ["city"]},
            "stops": {"type": "ARRAY", "items": {"type": "OBJECT", "properties": {
                "city": {"type": "STRING", "description": "Where, e.g. Boston"},
                "country": {"type": "STRING", "nullable": true, "enum": ["US", "DE"]}},
                "required": ["city"]}},
            "people": {"type": "INTEGER", "minimum": 1},
            "price": {"type": "NUMBER", "description": "In euros", "nullable": true},
            "urgent": {"type": "BOOLEAN"}},
        "required": ["from", "stops", "people", "urgent"]})"));
}

TEST_CASE("a struct is filled from JSON")
{
    const auto read = read_trip(R"({"from": {"city": "Ulm", "country": "DE"},
        "stops": [{"city": "Köln"}, {"city": "Bonn", "country": null}],
        "people": 2.0, "price": 99, "urgent": true, "unknown": []})");
    CHECK(read.from.city == "Ulm");
    CHECK(read.from.country == "DE");
    REQUIRE(read.stops.size() == 2);
    CHECK(read.stops[0].city == "Köln");
    CHECK_FALSE(read.stops[1].country);
    CHECK(read.people == 2);
    CHECK(read.price == 99.0);
    CHECK(read.is_urgent);
}

TEST_CASE("what cannot be read into a struct is reported with its path")
{
    CHECK(contains(fault_of(R"({})"), "/from: a value is required"));
    CHECK(contains(fault_of(R"({"from": {"city": 5}})"), "/from/city: a string is required"));
    CHECK(contains(fault_of(R"({"from": {"city": "Ulm"}, "stops": [{"city": "Bonn"}, {}]})"),
        "/stops/1/city: a value is required"));
    CHECK(contains(fault_of(R"({"from": {"city": "Ulm"}, "stops": [], "people": 3000000000})"),
        "/people: a whole number from -2147483648 to 2147483647 is required, not 3000000000"));
}

TEST_CASE("functions are declared as they were added")
{
    toolset tools;
    tools
        .add({.name = "get_weather", .description = "The weather now."},
            [](const place&) { return 21.5; })
        .add({.name = "stop",
                 .behavior = behavior::non_blocking,
                 .response = schema::object().property("output", schema::string())},
            [] {})
        .add({.name = "any", .parameters_json_schema = json(R"({"type": "object"})")},
            [](const json& arguments) { return arguments; });
    const auto all = tools.declarations();
    REQUIRE(all.size() == 3);
    CHECK(all[0].name == "get_weather");
    CHECK(all[0].description == "The weather now.");
    CHECK(all[0].parameters == schema_of<place>());
    CHECK_FALSE(all[1].parameters);
    CHECK(all[1].behavior == behavior::non_blocking);
    CHECK(all[1].response == schema::object().property("output", schema::string()));
    CHECK_FALSE(all[2].parameters);
    CHECK(all[2].parameters_json_schema == json(R"({"type": "object"})"));
}

TEST_CASE("parameters may be more precise than the struct")
{
    toolset tools;
    const auto precise = schema::object().property("city", schema::string().one_of("Ulm"));
    tools.add({.name = "f", .parameters = precise}, [](const place&) {});
    CHECK(tools.declarations()[0].parameters == precise);
}

TEST_CASE("a function that could not work is refused when it is added")
{
    CHECK(refusal_of({.name = "ok_.:-9"}) == "none");
    for (const auto* name : {"", "9", "a b", "-a", "ä"})
        CHECK(contains(refusal_of({.name = name}), "name that the service does not accept"));
    CHECK(contains(refusal_of({.name = std::string(65, 'a')}), "up to 64 characters"));
    CHECK(refusal_of({.name = std::string(64, 'a')}) == "none");
    CHECK(contains(
        refusal_of({.name = "f", .parameters = schema::object(), .parameters_json_schema = json()}),
        "both parameters and parameters_json_schema"));
    CHECK(contains(
        refusal_of({.name = "f", .parameters = schema::string()}), "live::schema::object()"));
    CHECK(contains(refusal_of({.name = "f", .deadline = 0ms}), "deadline"));
    CHECK(contains(refusal_of({.name = "f", .at_once = 0}), "at_once is 0"));

    toolset tools;
    tools.add({.name = "f"}, [] {});
    CHECK_THROWS_AS(tools.add({.name = "f"}, [] {}), error); // is there already
    CHECK(tools.size() == 1);
}

TEST_CASE("results become responses")
{
    const auto response = [](tool_result result) { return result.response; };
    CHECK(response("sunny") == json(R"({"output": "sunny"})"));
    CHECK(response(std::string("sunny")) == json(R"({"output": "sunny"})"));
    CHECK(response(21.5) == json(R"({"output": 21.5})"));
    CHECK(response(true) == json(R"({"output": true})"));
    CHECK(response(json("[1]")) == json(R"({"output": [1]})"));
    CHECK(response(json(R"({"celsius": 21.5})")) == json(R"({"celsius": 21.5})"));
    CHECK(response({}) == json(R"({"output": "done"})"));
    CHECK(response(tool_result::failure("no line")) == json(R"({"error": "no line"})"));
}

TEST_CASE("results that a model should not answer by the same call say so")
{
    CHECK(tool_result::no_results("No flight on Sunday.").response ==
          json(R"({"status": "no_results", "retryable": false,
                   "message": "No flight on Sunday."})"));
    CHECK(tool_result::invalid_argument("No such airport.", {"ULM", "MUC"}).response ==
          json(R"({"status": "invalid_argument", "retryable": false,
                   "message": "No such airport.", "valid_options": ["ULM", "MUC"]})"));
    CHECK(tool_result::invalid_argument("No such airport.").response ==
          json(R"({"status": "invalid_argument", "retryable": false,
                   "message": "No such airport."})"));
    CHECK(tool_result::try_again("The line is busy.", "In a minute.").response ==
          json(R"({"status": "failed", "retryable": true, "message": "The line is busy.",
                   "retry_hint": "In a minute."})"));
}

} // namespace toolset_test
