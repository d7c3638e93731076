// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace gemini::live::emulation {
namespace {

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool mentions(std::string_view text, std::string_view word)
{
    return text.find(word) != std::string_view::npos;
}

template <std::size_t Count>
bool mentions_any(std::string_view text, const std::array<std::string_view, Count>& words)
{
    return std::any_of(
        words.begin(), words.end(), [text](auto each) { return mentions(text, each); });
}

/// One of `variants`, always the same for the same words.
template <std::size_t Count>
std::string_view pick(const std::array<std::string_view, Count>& variants, std::string_view words)
{
    unsigned hash = 2166136261u;
    for (const char c : words) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return variants[hash % Count];
}

/// The place in "… in Paris?": what follows " in ", " for " or " at ".
std::string place_in(std::string_view words)
{
    for (const std::string_view before : {" in ", " for ", " at "}) {
        const auto at = lower(words).find(before);
        if (at == std::string::npos) continue;
        auto place = words.substr(at + before.size());
        place = place.substr(0, std::min(place.find_first_of("?!.,;"), place.size()));
        for (const std::string_view behind : {" today", " tomorrow", " now", " right now"}) {
            if (lower(place).ends_with(behind)) place.remove_suffix(behind.size());
        }
        if (!place.empty()) return std::string(place);
    }
    return "Paris";
}

const declared_function* find_function(
    std::span<const declared_function> functions, std::string_view topic)
{
    const auto found = std::find_if(functions.begin(), functions.end(), [topic](const auto& each) {
        return mentions(lower(each.name), topic) || mentions(lower(each.description), topic);
    });
    return found == functions.end() ? nullptr : &*found;
}

reply call_function(const declared_function& function, std::string_view words)
{
    std::string args = "{";
    for (const auto& each : function.parameters) {
        const auto name = lower(each);
        constexpr std::array<std::string_view, 4> places{"city", "location", "place", "timezone"};
        if (mentions_any(name, places) || function.parameters.size() == 1) {
            args += json_quote(each) + ':' + json_quote(place_in(words));
            break;
        }
    }
    reply result;
    result.call.emplace();
    result.call->name = function.name;
    result.call->args = json(args + '}');
    return result;
}

reply say(std::string words)
{
    reply result;
    result.words = std::move(words);
    return result;
}

/// The number behind a command, "/goaway 5".
int number_behind(std::string_view command, int otherwise)
{
    const auto at = command.find(' ');
    if (at == std::string_view::npos) return otherwise;
    int value = otherwise;
    std::from_chars(command.data() + at + 1, command.data() + command.size(), value);
    return std::clamp(value, 0, 3600);
}

reply obey(std::string_view command)
{
    if (command.starts_with("/goaway")) {
        const int seconds = number_behind(command, 5);
        auto result =
            say(fmt::format("I shall close this connection in {} seconds. The conversation "
                            "goes on over the next one.",
                seconds));
        result.go_away = std::chrono::seconds(seconds);
        return result;
    }
    if (command.starts_with("/drop")) {
        reply result = say("I am about to cut this connection in the middle of");
        result.drop = true;
        return result;
    }
    if (command.starts_with("/story")) {
        return say(
            "Once upon a time there was a packet that wanted to see the world. It left its "
            "buffer early in the morning, took the first socket, and was never fragmented. "
            "On its way it met a router who asked for its time to live. Sixty four, said the "
            "packet, and I mean to enjoy every hop. It crossed a bridge, avoided a storm, was "
            "counted, queued and forwarded. At last it reached a listener who had waited for "
            "it all along. They acknowledged each other, and closed in perfect order.");
    }
    return say("I know these commands: /goaway and a number of seconds, /drop, /story and /help. "
               "Ask me about the weather to see a tool call, and interrupt me whenever you like.");
}

} // namespace

reply answer(std::string_view words, std::span<const std::string> history,
    std::span<const declared_function> functions)
{
    const auto text = lower(words);
    if (text.starts_with('/')) return obey(text);
    for (const std::string_view topic : {"weather", "time"}) {
        if (!mentions(text, topic)) continue;
        if (const auto* function = find_function(functions, topic))
            return call_function(*function, words);
        if (topic == "weather")
            return say("I would look at the sky, but I have no window and nobody gave me a weather "
                       "function. Declare one, and I shall call it.");
    }
    constexpr std::array<std::string_view, 4> recall{"did i say", "i said", "remember", "my name"};
    if (mentions_any(text, recall) && !history.empty() && mentions(text, "?"))
        return say(fmt::format("Before this you said: {}", history.back()));
    constexpr std::array<std::string_view, 4> who{
        "who are you", "what are you", "your name", "are you real"};
    if (mentions_any(text, who))
        return say(
            "I am the emulator of the Live API. I speak its protocol faithfully, but I am no "
            "model: behind these words there is only a small program on your own machine.");
    constexpr std::array<std::string_view, 3> thanks{"thank", "thanks", "merci"};
    if (mentions_any(text, thanks)) return say("With pleasure. It is what I was compiled for.");
    constexpr std::array<std::string_view, 3> story{"story", "tell me", "long answer"};
    if (mentions_any(text, story)) return obey("/story");
    if (mentions(text, "count"))
        return say(
            "One, two, three, four, five, six, seven, eight, nine, ten. I could go on, but you "
            "look as if you wanted to interrupt me.");
    constexpr std::array<std::string_view, 4> greetings{"hello", "hi", "good ", "hey"};
    if (std::any_of(greetings.begin(), greetings.end(),
            [&](auto each) { return text.starts_with(each); })) {
        constexpr std::array<std::string_view, 3> hellos{
            "Hello! It is good to hear you. What shall we talk about?",
            "Good day! I am all ears, so to speak. How can I help you?",
            "Hello there! Your words arrived whole and in order. What is on your mind?"};
        return say(std::string(pick(hellos, words)));
    }
    constexpr std::array<std::string_view, 4> musings{"That is worth a thought.",
        "I have no opinion on that, but I like how you put it.", "Interesting.",
        "A real model would know more about it."};
    return say(fmt::format("You said: {} {} Try asking me about the weather, or type slash help.",
        words, pick(musings, words)));
}

std::string report(const function_call& call, const json& response)
{
    const auto place = call.args.find_string("/city");
    const auto output = response.find_string("/output");
    const auto failed = response.find_string("/error");
    if (failed) return fmt::format("I asked for it, but it did not work: {}.", *failed);
    const auto result = output ? *output : response.text();
    if (place) return fmt::format("Here is what I found for {}: {}.", *place, result);
    return fmt::format("Here is what I found: {}.", result);
}

} // namespace gemini::live::emulation
