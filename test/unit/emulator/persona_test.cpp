// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/persona.hpp"

#include "support/catch.hpp"

namespace persona_test {

using namespace gemini::live;
using namespace gemini::live::emulator;

namespace {

reply ask(std::string_view words, std::vector<std::string> history = {},
    std::vector<declared_function> functions = {})
{
    toolbox tools;
    tools.functions = std::move(functions);
    return answer(words, history, tools);
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
    REQUIRE(reply.calls.size() == 1);
    CHECK(reply.calls[0].name == "get_weather");
    CHECK(reply.calls[0].args.text() == R"({"city":"New York"})");
    CHECK(ask("the weather, please", {}, weather).calls.at(0).args.find_string("/city") == "Paris");
    CHECK(ask("weather in Rome").calls.empty());
    CHECK(ask("weather in Rome").words.find("function") != std::string::npos);
}

TEST_CASE("a declared function is called when it is mentioned, with arguments that fit its schema")
{
    const std::vector<declared_function> light{{"switchLight", "",
        {{"room", "string", {"kitchen", "hall"}, true}, {"on", "boolean", {}, true},
            {"percent", "integer", {}, true}, {"scene", "string"}}}};
    const auto on = ask("Put the light in the hall to 40 percent", {}, light);
    REQUIRE(on.calls.size() == 1);
    CHECK(on.calls[0].args.text() == R"({"room":"hall","on":true,"percent":40})");
    CHECK(ask("the light off, please", {}, light).calls.at(0).args.find_bool("/on") == false);
    CHECK(ask("Good morning", {}, light).calls.empty());
    const std::vector<declared_function> clock{{"get_time", "", {}}};
    CHECK(ask("what time is it", {}, clock).calls.at(0).args.text() == "{}");
}

TEST_CASE("it reports what a function found, or that it failed")
{
    const function_call call{"1", "get_weather", json(R"({"city":"Oslo"})"), {}, false};
    CHECK(report(call, json(R"({"output":"snow"})")) == "Here is what I found for Oslo: snow.");
    CHECK(report(call, json(R"({"error":"no network"})")).find("no network") != std::string::npos);
    CHECK(report({"1", "f", json(), {}, false}, json(R"({"sky":"blue","wind":{"knots":7}})")) ==
          "Here is what I found: sky: blue, wind: knots: 7.");
    CHECK(report({"1", "f", json(), {}, false}, json("[]")) == "Here is what I found: nothing.");
    CHECK(report(call, json('"' + std::string(100'000, 'a') + '"')).size() < 1000);
}

TEST_CASE("it remembers what was said")
{
    CHECK(ask("What did I say before?", {"the cat is on the mat"})
              .words.find("the cat is on the mat") != std::string::npos);
    CHECK(ask("what is my name?", {"Hi, my name is Ada.", "nice day"}).words == "You are Ada.");
    CHECK(ask("what is my name?").words == "You have not told me your name yet.");
}

TEST_CASE("only whole words are recognized")
{
    CHECK(ask("This is history.").words.starts_with("You said: This is history."));
    CHECK(ask("my account").words.starts_with("You said: my account."));
    CHECK(ask("count to 3").words.starts_with("One, two, three."));
}

TEST_CASE("long text is cut between characters")
{
    std::string euros;
    for (int i = 0; i < 100'000; ++i) euros += "€";
    const auto words = ask(euros).words;
    CHECK(words.size() < 400);
    CHECK(json_quote(words).size() > 100); // is UTF-8
    CHECK(shortened("a€", 3) == "a");
    CHECK(shortened("a€", 4) == "a€");
}

TEST_CASE("commands request network behavior")
{
    CHECK(ask("/goaway 7").go_away == std::chrono::seconds(7));
    CHECK(ask("/goaway").go_away == std::chrono::seconds(5));
    CHECK(ask("/goaway 99999999999").go_away <= std::chrono::hours(1));
    CHECK(ask("/drop").drop);
    CHECK(ask("/slow").slowness > 1);
}

TEST_CASE("built-in tools answer the questions meant for them, when they are enabled")
{
    toolbox all;
    all.searches = all.runs_code = all.reads_pages = all.knows_places = true;
    const auto use = [&](std::string_view words) { return answer(words, {}, all); };

    const auto sum = use("what is 12 * 7 + 1?");
    REQUIRE(sum.work.size() == 2);
    CHECK(sum.work[0].executable_code->code == "print(12 * 7 + 1)");
    CHECK(sum.work[1].code_execution_result->output == "85\n");
    CHECK(sum.work[1].code_execution_result->outcome == code_outcome::ok);
    CHECK(sum.words == "12 * 7 + 1 is 85.");
    CHECK(use("10 / 4 - 1").words == "10 / 4 - 1 is 1.5.");
    CHECK(use("1 / 0").work.empty());
    CHECK(use("I am 40").work.empty());

    const auto found = use("Search for the latest news");
    REQUIRE(found.grounding);
    CHECK(found.grounding->web_search_queries ==
          std::vector<std::string>{"Search for the latest news"});
    REQUIRE(found.grounding->grounding_supports.size() == 1);
    const auto& segment = *found.grounding->grounding_supports[0].segment;
    CHECK(segment.text == found.words);
    CHECK(segment.end_index == static_cast<int>(found.words.size()));

    const auto page = use("Read https://example.com/a?b=1, please");
    REQUIRE(page.pages);
    CHECK(page.pages->url_metadata[0].retrieved_url == "https://example.com/a?b=1");
    CHECK(page.pages->url_metadata[0].url_retrieval_status == url_retrieval_status::success);

    const auto place = use("is there a restaurant nearby?");
    REQUIRE(place.grounding);
    CHECK(place.grounding->grounding_chunks[0].maps);

    const toolbox none;
    for (const char* words : {"what is 12 * 7?", "Search the news", "read https://example.com/",
             "the nearest restaurant"}) {
        INFO(words);
        const auto plain = answer(words, {}, none);
        CHECK((plain.work.empty() && !plain.grounding && !plain.pages));
    }
}

} // namespace persona_test
