// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/slash_commands.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace gemini::live::emulator {
namespace {

reply go_away(std::string_view argument)
{
    const int seconds = std::clamp(number_in(argument).value_or(5), 0, 3600);
    auto result = in_words(fmt::format("I shall close this connection in {} seconds. The "
                                       "conversation goes on over the next one.",
        seconds));
    result.go_away = std::chrono::seconds(seconds);
    return result;
}

/// Closes with a code that a close frame may carry, and the service's usual reason for it.
reply close(std::string_view argument)
{
    int code = number_in(argument).value_or(1011);
    if (code < 1000 || code > 4999 || (code >= 1004 && code <= 1006) || code == 1015) code = 1011;
    std::string_view reason;
    if (code == 1000) reason = "The operation was cancelled.";
    if (code == 1007) reason = "Request contains an invalid argument.";
    if (code == 1008) reason = "Operation is not implemented, or supported, or enabled.";
    if (code == 1011) reason = "Internal error occurred.";
    reply result;
    result.close.emplace(static_cast<std::uint16_t>(code), std::string(reason));
    return result;
}

reply drop(std::string_view)
{
    auto result =
        in_words("I am about to cut this connection in the middle of this very sentence.");
    result.drop = true;
    return result;
}

reply slow(std::string_view)
{
    auto result = in_words("This is how an answer comes over a line that is not in a hurry.");
    result.slowness = 8;
    return result;
}

reply tell_story(std::string_view) { return in_words(std::string(story)); }

waiting wait_of(std::string_view function, const toolbox& tools)
{
    const auto found = std::find_if(tools.functions.begin(), tools.functions.end(),
        [&](const declared_function& each) { return each.name == function; });
    return found == tools.functions.end() ? waiting::blocked : found->wait;
}

/// "/call get_weather id-7 {"city": "Rome"}". Whatever is omitted is made up.
reply call(std::string_view argument, const toolbox& tools)
{
    function_call wanted;
    wanted.name = take_word(argument);
    if (wanted.name.empty()) return in_words("Which function shall I call?");
    if (!argument.starts_with('{')) wanted.id = take_word(argument);
    try {
        if (argument.starts_with('{')) wanted.args = json(std::string(argument));
    } catch (const error&) {
        return in_words("These arguments are no JSON.");
    }
    reply result;
    result.wait = wait_of(wanted.name, tools);
    result.calls.push_back(std::move(wanted));
    return result;
}

/// A call whose arguments arrive in pieces, like streamed arguments on Vertex AI.
reply partial(std::string_view argument, const toolbox& tools)
{
    if (!tools.streams_arguments) return in_words("Only on Vertex AI do arguments come in pieces.");
    const auto name = std::string(argument.empty() ? "get_weather" : take_word(argument));
    const auto text_piece = [](std::string text, bool more) {
        partial_arg piece;
        piece.json_path = "$.city";
        piece.string_value = std::move(text);
        piece.will_continue = more;
        return piece;
    };
    function_call begin, middle, end;
    begin.name = name;
    begin.will_continue = middle.will_continue = true;
    middle.partial_args = {text_piece("Bos", true), text_piece("ton", false)};
    partial_arg days, warm;
    days.json_path = "$.days";
    days.number_value = 3;
    warm.json_path = "$.warm";
    warm.bool_value = true;
    end.partial_args = {days, warm};
    reply result;
    result.wait = wait_of(name, tools);
    result.calls = {begin, middle, end};
    return result;
}

reply end_for(std::string_view argument)
{
    auto name = std::string(argument.empty() ? "NEED_MORE_INPUT" : take_word(argument));
    std::transform(name.begin(), name.end(), name.begin(),
        [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    reply result;
    result.reason = open_enum<turn_complete_reason>(std::move(name));
    return result;
}

reply wait(std::string_view)
{
    auto result = in_words("Go on, I am listening.");
    result.waits = true;
    return result;
}

reply signal_speech(std::string_view)
{
    reply result;
    for (const auto type : {vad_signal_type::sos, vad_signal_type::eos}) {
        auto& message = result.aside.emplace_back();
        message.voice_activity_detection_signal.emplace().vad_signal_type = type;
    }
    return result;
}

reply fail(std::string_view)
{
    reply result;
    auto& message = result.aside.emplace_back();
    message.error = server_error{503, "The service is currently unavailable.", "UNAVAILABLE"};
    return result;
}

reply say_verbatim(std::string_view argument)
{
    reply result;
    result.verbatim = argument;
    return result;
}

} // namespace

reply obey(std::string_view words, const toolbox& tools)
{
    words.remove_prefix(1);
    const auto command = lower(take_word(words));
    if (command == "call") return call(words, tools);
    if (command == "partial") return partial(words, tools);
    struct named {
        std::string_view name;
        reply (*obey)(std::string_view argument);
    };
    constexpr named others[]{{"goaway", go_away}, {"close", close}, {"drop", drop}, {"slow", slow},
        {"story", tell_story}, {"reason", end_for}, {"wait", wait}, {"vad", signal_speech},
        {"error", fail}, {"raw", say_verbatim}};
    for (const auto& each : others)
        if (each.name == command) return each.obey(words);
    return in_words(std::string(help));
}

} // namespace gemini::live::emulator
