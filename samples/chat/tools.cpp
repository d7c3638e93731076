// SPDX-License-Identifier: Apache-2.0
#include "tools.hpp"

#include <array>
#include <ctime>
#include <functional>
#include <string_view>
#include <tuple>
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

struct weather_query {
    std::string city;

    static auto parameters() { return std::tuple(live::parameter("city", &weather_query::city)); }
};

} // namespace

live::toolset make_tools(std::function<void(const std::string&)> show)
{
    live::toolset tools;
    tools.add({.name = "get_weather", .description = "The weather in a city now."},
        [show](const weather_query& about) {
            const auto weather = get_weather(about.city);
            show("get_weather(city: " + about.city + ") → " + weather);
            return weather;
        });
    tools.add({.name = "get_time", .description = "The user's local date and time."}, [show] {
        const auto time = get_time();
        show("get_time() → " + time);
        return time;
    });
    return tools;
}

} // namespace chat
