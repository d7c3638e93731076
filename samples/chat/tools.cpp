// SPDX-License-Identifier: Apache-2.0
#include "tools.hpp"

#include <array>
#include <ctime>
#include <functional>
#include <string_view>
#include <utility>

namespace chat {
namespace live = gemini::live;
namespace {

struct outcome {
    std::string output;    ///< JSON.
    std::string arguments; ///< Both for the user.
    std::string result;
};

/// Made up: a sample asks no weather service.
struct weather {
    std::string_view sky;
    int celsius;
};
constexpr std::array<weather, 5> skies{
    {{"sunny", 24}, {"light rain", 18}, {"cloudy", 16}, {"windy", 13}, {"snow", -2}}};

outcome get_weather(const live::json& args)
{
    const auto city = args.find_string("/city").value_or("");
    if (city.empty()) return {R"({"error":"Give the name of a city."})", "", "error: no city"};
    const auto& now = skies[std::hash<std::string>()(city) % skies.size()];
    const auto celsius = std::to_string(now.celsius);
    return {"{\"output\":{\"city\":" + live::json_quote(city) +
                ",\"sky\":" + live::json_quote(now.sky) + ",\"celsius\":" + celsius +
                ",\"source\":\"sample data, not a real forecast\"}}",
        "city: " + city, celsius + " °C, " + std::string(now.sky) + " (sample data)"};
}

outcome get_time(const live::json&)
{
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 64> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %Z", &local);
    const std::string time(text.data(), size);
    return {"{\"output\":" + live::json_quote(time) + "}", "", time};
}

} // namespace

std::vector<live::function_declaration> tool_declarations()
{
    std::vector<live::function_declaration> declared;
    declared.push_back({.name = "get_weather",
        .description = "The weather in a city now.",
        .parameters = live::json(R"({"type":"object","required":["city"],)"
                                 R"("properties":{"city":{"type":"string"}}})")});
    declared.push_back({.name = "get_time", .description = "The user's local date and time."});
    return declared;
}

tool_result run_tool(const live::function_call& call)
{
    outcome done;
    if (call.name == "get_weather")
        done = get_weather(call.args);
    else if (call.name == "get_time")
        done = get_time(call.args);
    else
        done = {R"({"error":"There is no such function."})", "", "error: no such function"};
    return {live::function_response(call, live::json(std::move(done.output))),
        call.name + "(" + done.arguments + ") → " + done.result};
}

} // namespace chat
