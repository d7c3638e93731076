// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <utility>

namespace chat {
namespace {

constexpr std::string_view help = R"(/audio on [file.wav]  play the answers, or write them to a file
/audio off            only show their text
/system TEXT          begin a new conversation with this instruction
/save FILE            write the conversation to a file
/help  /quit          Ctrl-D leaves as well
A line sent while the model answers interrupts it.
Ctrl-C stops the answer, twice leaves.)";

constexpr std::string_view help_with_emulator = R"(
The emulator has commands of its own:
/goaway [SECONDS]     it ends the connection, and the session moves to another
/drop                 it cuts the connection in the middle of an answer
/story                a long answer, to be interrupted)";

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    const auto begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::pair<std::string_view, std::string_view> split(std::string_view text)
{
    const auto end = text.find_first_of(" \t");
    if (end == std::string_view::npos) return {text, {}};
    return {text.substr(0, end), trimmed(text.substr(end))};
}

} // namespace

request read_request(std::string_view line, bool with_emulator)
{
    line = trimmed(line);
    if (!line.starts_with('/') || line.find('\n') != std::string_view::npos)
        return {command::none, std::string(line)};
    const auto [name, rest] = split(line);
    const std::string argument(rest);
    if (name == "/help") return {command::help};
    if (name == "/quit" || name == "/exit") return {command::quit};
    if (name == "/audio") {
        const auto [to, file] = split(rest);
        if (to == "on") return {command::audio_on, std::string(file)};
        if (to == "off" && file.empty()) return {command::audio_off};
        return {command::wrong, "Say /audio on, /audio on file.wav or /audio off."};
    }
    if (name == "/system" && !argument.empty()) return {command::system, argument};
    if (name == "/system")
        return {command::wrong, "Say what the model is to be: /system You are a pirate."};
    if (name == "/save" && !argument.empty()) return {command::save, argument};
    if (name == "/save") return {command::wrong, "Name the file: /save conversation.txt"};
    if (with_emulator) return {command::none, std::string(line)};
    return {command::wrong, "There is no " + std::string(name) + "; /help lists what there is."};
}

std::string_view help_text(bool with_emulator)
{
    static const std::string both = std::string(help) + std::string(help_with_emulator);
    return with_emulator ? std::string_view(both) : help;
}

} // namespace chat
