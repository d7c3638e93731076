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

/// Made up: a sample does not ask a weather service.
constexpr std::array<std::string_view, 5> skies{
    "24 °C, sunny", "18 °C, light rain", "16 °C, cloudy", "13 °C, windy", "-2 °C, snow"};

std::string get_weather(const std::string& city)
{
    return std::string(skies[std::hash<std::string>()(city) % skies.size()]) + " (sample data)";
}

std::string get_time()
{
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M %Z", &local)};
}

tool_result answer(const live::function_call& call, const std::string& arguments,
    std::string_view member, const std::string& result)
{
    live::json response("{" + live::json_quote(member) + ":" + live::json_quote(result) + "}");
    return {live::function_response(call, std::move(response)),
        call.name + "(" + arguments + ") → " + result};
}

} // namespace

std::vector<live::function_declaration> tool_declarations()
{
    std::vector<live::function_declaration> declared;
    declared.push_back({.name = "get_weather",
        .description = "The weather in a city now.",
        .parameters_json_schema = live::json(R"({"type":"object","required":["city"],)"
                                             R"("properties":{"city":{"type":"string"}}})")});
    declared.push_back({.name = "get_time", .description = "The user's local date and time."});
    return declared;
}

tool_result run_tool(const live::function_call& call)
{
    if (call.name == "get_time") return answer(call, "", "output", get_time());
    if (call.name != "get_weather") return answer(call, "…", "error", "There is no such function.");
    const auto city = call.args.find_string("/city");
    if (!city) return answer(call, "", "error", "The city is missing.");
    return answer(call, "city: " + *city, "output", get_weather(*city));
}

} // namespace chat
