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
    {"get_weather", "Tells the weather.", {"city", "unit"}}};

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

TEST_CASE("it reports what a function found, or that it failed")
{
    const function_call call{"1", "get_weather", json(R"({"city":"Oslo"})")};
    CHECK(report(call, json(R"({"output":"snow"})")) == "Here is what I found for Oslo: snow.");
    CHECK(report(call, json(R"({"error":"no network"})")).find("no network") != std::string::npos);
    CHECK(report({"1", "f", json()}, json(R"({"a":1})")) == R"(Here is what I found: {"a":1}.)");
}

TEST_CASE("it remembers what was said")
{
    CHECK(ask("What did I say before?", {"the cat is on the mat"})
              .words.find("the cat is on the mat") != std::string::npos);
}

TEST_CASE("commands ask for what a network does")
{
    CHECK(ask("/goaway 7").go_away == std::chrono::seconds(7));
    CHECK(ask("/goaway").go_away == std::chrono::seconds(5));
    CHECK(ask("/goaway 99999999999").go_away <= std::chrono::hours(1));
    CHECK(ask("/drop").drop);
}
