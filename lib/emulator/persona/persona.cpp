// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/persona.hpp"

#include "base/ascii.hpp"
#include "emulator/persona/builtin_tools.hpp"
#include "emulator/persona/slash_commands.hpp"
#include "protocol/json_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;

/// Picks one of `variants`, always the same one for the same words.
std::string_view pick(std::span<const std::string_view> variants, std::string_view words)
{
    unsigned hash = 2166136261u;
    for (const char c : words) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return variants[hash % variants.size()];
}

// ---- functions

/// Returns the place in "… in Paris?": what follows "in", "for" or "at".
std::optional<std::string> place_in(std::string_view words)
{
    for (const std::string_view before : {"in", "for", "at"}) {
        const auto at = find_words(lower(words), before);
        if (at == std::string_view::npos) continue;
        auto place = words.substr(at + before.size());
        place = trimmed(place.substr(0, std::min(place.find_first_of("?!.,;"), place.size())));
        for (const std::string_view behind : {" today", " tomorrow", " right now", " now"})
            if (lower(place).ends_with(behind)) place.remove_suffix(behind.size());
        if (!place.empty()) return std::string(place);
    }
    return std::nullopt;
}

bool is_place(const parameter& one)
{
    const auto name = lower(one.name);
    constexpr std::array<std::string_view, 5> places{
        "city", "location", "place", "town", "timezone"};
    return std::any_of(places.begin(), places.end(),
        [&](std::string_view each) { return name.find(each) != std::string::npos; });
}

/// Returns a JSON value that fits the parameter's type and, if possible, the question.
std::string value_of(const parameter& one, std::string_view words)
{
    const auto text = lower(words);
    if (!one.choices.empty()) {
        const auto named = std::find_if(one.choices.begin(), one.choices.end(),
            [&](const std::string& each) { return says(text, lower(each)); });
        return json_quote(named == one.choices.end() ? one.choices.front() : *named);
    }
    if (one.type == "boolean") return says(text, "off") || says(text, "not") ? "false" : "true";
    if (one.type == "number" || one.type == "integer")
        return std::to_string(number_in(words).value_or(1));
    if (one.type == "array") return "[]";
    if (one.type == "object") return "{}";
    const auto place = place_in(words);
    if (is_place(one)) return json_quote(place.value_or("Paris"));
    return json_quote(place ? *place : std::string(trimmed(words)));
}

/// Splits a function's name into words: "get" and "weather" for getWeather or get_weather.
std::vector<std::string> words_of(std::string_view name)
{
    std::vector<std::string> all(1);
    for (const char c : name) {
        const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
        if ((upper || !base::is_letter_or_digit(c)) && !all.back().empty()) all.emplace_back();
        if (base::is_letter_or_digit(c)) all.back() += lower({&c, 1});
    }
    return all;
}

/// Returns the function that the words refer to. A weather function is also recognized by its
/// description.
const declared_function* find_function(
    std::span<const declared_function> functions, std::string_view text)
{
    constexpr std::array<std::string_view, 12> common{"get", "set", "the", "current", "find",
        "fetch", "make", "call", "tool", "function", "and", ""};
    for (const auto& each : functions) {
        for (const auto& word : words_of(each.name))
            if (std::find(common.begin(), common.end(), word) == common.end() && says(text, word))
                return &each;
        if (says(text, "weather") && says(lower(each.description), "weather")) return &each;
    }
    return nullptr;
}

reply call_function(const declared_function& function, std::string_view words)
{
    std::string args;
    for (const auto& each : function.parameters) {
        if (!each.required && !is_place(each) && function.parameters.size() != 1) continue;
        args += fmt::format(
            "{}{}:{}", args.empty() ? "" : ",", json_quote(each.name), value_of(each, words));
    }
    reply result;
    auto& call = result.calls.emplace_back();
    call.name = function.name;
    call.args = json('{' + args + '}');
    result.wait = function.wait;
    return result;
}

/// Renders JSON as it would be spoken: "temperature: 24, sky: blue".
std::string spoken(const json_value& value)
{
    std::string all;
    const auto add = [&all](const std::string& piece) {
        if (!all.empty()) all += ", ";
        all += piece;
    };
    switch (value.kind()) {
    case json_value::type::string: return value.string().value_or("");
    case json_value::type::array:
        for (const auto& each : value.elements()) add(spoken(each));
        break;
    case json_value::type::object:
        for (const auto& [name, each] : value.members()) add(name + ": " + spoken(each));
        break;
    default: return value.text();
    }
    return all.empty() ? "nothing" : all;
}

// ---- small talk

struct topic {
    std::vector<std::string_view> cues;
    std::vector<std::string_view> answers;
};

/// The first topic with a cue in the words determines the answer.
const std::vector<topic> topics{
    {{"weather", "forecast"},
        {"I would look at the sky, but I have no window, and nobody gave me a weather function. "
         "Declare one, and I shall call it."}},
    {{"who are you", "what are you", "your name", "are you real", "are you a model"},
        {"I am the emulator of the Live API. I speak its protocol faithfully, but I am no model: "
         "behind these words there is only a small program on your own machine."}},
    {{"how are you"},
        {"All my buffers are empty and all my sockets are open. I could not be better. And you?"}},
    {{"story", "long answer"}, {story}},
    {{"joke"},
        {"I know one about UDP, but you might not get it.",
            "A WebSocket walks into a bar. The barman says: we only serve requests. Fine, says the "
            "WebSocket, I shall stay until you push something.",
            "There are two hard things: cache invalidation, naming, and counting from zero."}},
    {{"meaning of life"}, {"Forty two. But that was another model."}},
    {{"thank you", "thanks", "thank", "merci", "danke"},
        {"With pleasure. It is what I was compiled for.", "You are welcome. It cost no token."}},
    {{"bye", "goodbye", "good night", "see you"},
        {"Goodbye! Close with code one thousand, and we part as friends.",
            "Until next time. I keep your handle warm."}},
    {{"help", "what can you do"}, {help}},
    {{"hello", "hi", "hey", "good morning", "good day", "good evening", "hallo", "greetings"},
        {"Hello! It is good to hear you. What shall we talk about?",
            "Good day! I am all ears, so to speak. How can I help you?",
            "Hello there! Your words arrived whole and in order. What is on your mind?"}},
};

/// Returns what follows "my name is".
std::optional<std::string> name_in(std::string_view words)
{
    constexpr std::string_view before = "my name is ";
    const auto at = find_words(lower(words), trimmed(before));
    if (at == std::string_view::npos || at + before.size() >= words.size()) return std::nullopt;
    auto name = words.substr(at + before.size());
    name = trimmed(name.substr(0, std::min(name.find_first_of(".,;!? "), name.size())));
    return name.empty() ? std::nullopt : std::optional(std::string(name));
}

/// Answers if the words are about what the persona remembers, such as the user's name.
std::optional<reply> recall(
    std::string_view words, std::string_view text, std::span<const std::string> history)
{
    if (const auto name = name_in(words))
        return in_words(fmt::format("Pleased to meet you, {}. I shall remember that.", *name));
    if (says(text, "my name")) {
        for (auto each = history.rbegin(); each != history.rend(); ++each)
            if (const auto name = name_in(*each))
                return in_words(fmt::format("You are {}.", *name));
        return in_words("You have not told me your name yet.");
    }
    constexpr std::array<std::string_view, 4> cues{
        "did i say", "have i said", "did i tell you", "do you remember"};
    if (!says_any(text, cues)) return std::nullopt;
    if (history.empty()) return in_words("Nothing yet: these are your first words to me.");
    auto memory = fmt::format("Before this you said: {}.", trimmed(history.back()));
    if (history.size() > 1)
        memory += fmt::format(" And before that: {}.", trimmed(history[history.size() - 2]));
    return in_words(memory);
}

reply count_aloud(std::string_view words)
{
    constexpr std::array<std::string_view, 20> names{"One", "two", "three", "four", "five", "six",
        "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
        "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
    const auto most = static_cast<std::size_t>(std::clamp(number_in(words).value_or(10), 1, 20));
    return in_words(fmt::format("{}. I could go on, but you look as if you wanted to interrupt me.",
        fmt::join(names.begin(), names.begin() + most, ", ")));
}

} // namespace

reply in_words(std::string words)
{
    reply result;
    result.words = std::move(words);
    return result;
}

std::string think(std::string_view words)
{
    return fmt::format(
        "The user says: {}. I have no model to think with; a friendly answer will do.",
        trimmed(shortened(words, 100)));
}

reply answer(std::string_view words, std::span<const std::string> history, const toolbox& tools)
{
    const auto text = lower(words);
    if (text.starts_with('/')) return obey(words, tools);
    if (const auto* function = find_function(tools.functions, text))
        return call_function(*function, words);
    if (auto found = use_tool(words, tools)) return std::move(*found);
    if (auto remembered = recall(words, text, history)) return std::move(*remembered);
    for (const auto& each : topics)
        if (says_any(text, each.cues)) return in_words(std::string(pick(each.answers, words)));
    if (says(text, "count")) return count_aloud(words);
    if (trimmed(words).empty()) return in_words("I am listening.");
    constexpr std::array<std::string_view, 5> musings{"That is worth a thought.",
        "I have no opinion on that, but I like how you put it.", "Interesting.",
        "A real model would know more about it.", "I shall remember that, if you ask me."};
    constexpr std::array<std::string_view, 3> doubts{"A good question, for a real model.",
        "I wish I knew. I only know the protocol.", "Ask me something easier: the weather, say."};
    const auto remark =
        text.find('?') == std::string::npos ? pick(musings, words) : pick(doubts, words);
    const bool whole = words.find_last_of(".!?") == words.size() - 1;
    return in_words(
        fmt::format("You said: {}{} {}", shortened(words, 200), whole ? "" : ".", remark));
}

std::string report(const function_call& call, const json& response)
{
    const auto whole = json_value::parse(response.text());
    if (const auto failure = whole.find("error"))
        return fmt::format("I asked for it, but it did not work: {}.",
            shortened(trimmed(spoken(*failure)), most_words));
    auto found = whole.find("output");
    if (!found) found = whole.find("result");
    const auto text = shortened(trimmed(spoken(found ? *found : whole)), most_words);
    for (const auto* where : {"/city", "/location", "/place"})
        if (const auto place = call.args.find_string(where))
            return fmt::format("Here is what I found for {}: {}.", *place, text);
    return fmt::format("Here is what I found: {}.", text);
}

} // namespace gemini::live::emulator
