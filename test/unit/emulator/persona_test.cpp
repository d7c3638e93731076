// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona.hpp"

#include "support/catch.hpp"

using namespace gemini::live;
using namespace gemini::live::emulation;

namespace {

reply ask(std::string_view words, std::vector<std::string> history = {},
    std::vector<declared_function> functions = {})
{
    return answer(words, history, functions);
}

const std::vector<declared_function> weather{
    {"get_weather", "Tells the weather.", {{"city", "string"}, {"unit", "string"}}}};

} // namespace

TEST_CASE("the persona answers everything, always the same way")
{
    for (const char* words :
        {"Hello", "", "who are you?", "thanks", "tell me a story", "日本", "/help"}) {
        INFO(words);
        CHECK_FALSE(ask(words).words.empty());
        CHECK(ask(words).words == ask(words).words);
    }
}

TEST_CASE("a question about the weather calls the function that was declared for it")
{
    const auto reply = ask("What's the weather in New York today?", {}, weather);
    REQUIRE(reply.call);
    CHECK(reply.call->name == "get_weather");
    CHECK(reply.call->args.text() == R"({"city":"New York"})");
    CHECK(ask("the weather, please", {}, weather).call->args.find_string("/city") == "Paris");
    CHECK_FALSE(ask("weather in Rome").call);
    CHECK(ask("weather in Rome").words.find("function") != std::string::npos);
}

TEST_CASE(
    "any declared function is called when it is spoken of, with arguments that fit its schema")
{
    const std::vector<declared_function> light{{"switchLight", "",
        {{"room", "string", {"kitchen", "hall"}, true}, {"on", "boolean", {}, true},
            {"percent", "integer", {}, true}, {"scene", "string"}}}};
    const auto on = ask("Put the light in the hall to 40 percent", {}, light);
    REQUIRE(on.call);
    CHECK(on.call->args.text() == R"({"room":"hall","on":true,"percent":40})");
    CHECK(ask("the light off, please", {}, light).call->args.find_bool("/on") == false);
    CHECK_FALSE(ask("Good morning", {}, light).call);
    const std::vector<declared_function> clock{{"get_time", "", {}}};
    CHECK(ask("what time is it", {}, clock).call->args.text() == "{}");
}

TEST_CASE("it reports what a function found, or that it failed")
{
    const function_call call{"1", "get_weather", json(R"({"city":"Oslo"})")};
    CHECK(report(call, json(R"({"output":"snow"})")) == "Here is what I found for Oslo: snow.");
    CHECK(report(call, json(R"({"error":"no network"})")).find("no network") != std::string::npos);
    CHECK(report({"1", "f", json()}, json(R"({"sky":"blue","wind":{"knots":7}})")) ==
          "Here is what I found: sky: blue, wind: knots: 7.");
    CHECK(report({"1", "f", json()}, json("[]")) == "Here is what I found: nothing.");
    CHECK(report(call, json('"' + std::string(100'000, 'a') + '"')).size() < 1000);
}

TEST_CASE("it remembers what was said")
{
    CHECK(ask("What did I say before?", {"the cat is on the mat"})
              .words.find("the cat is on the mat") != std::string::npos);
    CHECK(ask("what is my name?", {"Hi, my name is Ada.", "nice day"}).words == "You are Ada.");
    CHECK(ask("what is my name?").words == "You have not told me your name yet.");
}

TEST_CASE("a word is heard only as a whole")
{
    CHECK(ask("This is history.").words.starts_with("You said: This is history."));
    CHECK(ask("my account").words.starts_with("You said: my account."));
    CHECK(ask("count to 3").words.starts_with("One, two, three."));
}

TEST_CASE("what is long is cut between characters")
{
    std::string euros;
    for (int i = 0; i < 100'000; ++i) euros += "€";
    const auto words = ask(euros).words;
    CHECK(words.size() < 400);
    CHECK(json_quote(words).size() > 100); // is UTF-8
    CHECK(shortened("a€", 3) == "a");
    CHECK(shortened("a€", 4) == "a€");
}

TEST_CASE("commands ask for what a network does")
{
    CHECK(ask("/goaway 7").go_away == std::chrono::seconds(7));
    CHECK(ask("/goaway").go_away == std::chrono::seconds(5));
    CHECK(ask("/goaway 99999999999").go_away <= std::chrono::hours(1));
    CHECK(ask("/drop").drop);
    CHECK(ask("/slow").slowness > 1);
}
