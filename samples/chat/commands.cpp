// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

namespace chat {
namespace {

constexpr std::string_view help = R"(/audio on [file.wav]  play the answers, or write them to a file
/audio off            only show their text
/system TEXT          begin a new conversation with this instruction
/save FILE            write the conversation to a file
/help  /quit          Ctrl-D leaves as well
A line sent while the model answers interrupts it.
A line that begins with // goes to the model with one slash.
Ctrl-C stops the answer, twice leaves.)";

constexpr std::string_view help_with_emulator = R"(
The emulator has commands of its own:
/goaway [SECONDS]     it ends the connection, and the session moves to another
/drop                 it cuts the connection in the middle of an answer
/error                it reports an error instead of an answer
/story  /slow         a long answer and a slow one, to be interrupted
/call  /partial  /raw  /reason  /vad  /wait   what servers send now and then)";

constexpr std::array<std::string_view, 6> own{
    "/audio", "/exit", "/help", "/quit", "/save", "/system"};
constexpr std::array<std::string_view, 12> of_emulator{"/call", "/close", "/drop", "/error",
    "/goaway", "/partial", "/raw", "/reason", "/slow", "/story", "/vad", "/wait"};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    const auto begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::pair<std::string_view, std::string_view> split(std::string_view text)
{
    const auto end = text.find_first_of(" \t\n");
    if (end == std::string_view::npos) return {text, {}};
    return {text.substr(0, end), trimmed(text.substr(end))};
}

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool is_one_of(std::span<const std::string_view> known, std::string_view name)
{
    return std::find(known.begin(), known.end(), name) != known.end();
}

/// Returns false for a path, such as /etc/passwd, and for a slash without a letter after it.
bool looks_like_command(std::string_view name)
{
    if (name.size() == 1) return true;
    const auto other = name.find('/', 1);
    if (other != std::string_view::npos) return is_one_of(own, lower(name.substr(0, other)));
    return std::isalpha(static_cast<unsigned char>(name[1])) != 0;
}

/// Number of letters that were mistyped, left out, added, or swapped with their neighbor.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::vector<std::size_t>> least(
        a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                least[i][j] = i + j;
                continue;
            }
            const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
            least[i][j] =
                std::min({least[i - 1][j] + 1, least[i][j - 1] + 1, least[i - 1][j - 1] + other});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                least[i][j] = std::min(least[i][j], least[i - 2][j - 2] + 1);
        }
    }
    return least[a.size()][b.size()];
}

request unknown(std::string_view name, bool with_emulator)
{
    std::vector<std::string_view> known(own.begin(), own.end());
    if (with_emulator) known.insert(known.end(), of_emulator.begin(), of_emulator.end());
    std::string told = "There is no " + std::string(name);
    const auto meant = likeliest(name, known);
    told += meant.empty() ? "." : "; did you mean " + std::string(meant) + "?";
    return {command::wrong, told + " /help lists the commands, // before a line sends it to the "
                                   "model as it is."};
}

request read_audio(std::string_view rest)
{
    const auto [to, file] = split(rest);
    if (lower(to) == "on") return {command::audio_on, std::string(file)};
    if (lower(to) == "off" && file.empty()) return {command::audio_off};
    return {command::wrong, "Say /audio on, /audio on file.wav or /audio off."};
}

} // namespace

std::string_view likeliest(std::string_view word, std::span<const std::string_view> known)
{
    constexpr std::size_t longest_word = 40; // a longer word is not a mistyped name
    if (word.empty() || word.size() > longest_word) return {};
    const auto typed = lower(word);
    const std::size_t most = std::max<std::size_t>(1, typed.size() / 3);
    std::string_view best;
    std::size_t least = most + 1;
    for (const auto each : known) {
        const bool begins = typed.size() > 2 && each.starts_with(typed);
        const auto far = begins ? 1 : distance(typed, each);
        if (far >= least) continue;
        least = far;
        best = each;
    }
    return best;
}

request read_request(std::string_view line, bool with_emulator)
{
    line = trimmed(line);
    if (line.starts_with("//")) return {command::none, std::string(line.substr(1))};
    const auto [typed, rest] = split(line);
    if (!line.starts_with('/') || !looks_like_command(typed))
        return {command::none, std::string(line)};
    const auto name = lower(typed);
    const bool is_own = is_one_of(own, name);
    const bool is_of_emulator = with_emulator && is_one_of(of_emulator, name);
    if (!is_own && !is_of_emulator) return unknown(typed, with_emulator);
    if (line.find('\n') != std::string_view::npos)
        return {command::wrong, "A command is one line: " + name + " came with others."};
    const std::string argument(rest);
    if (is_of_emulator) return {command::none, argument.empty() ? name : name + " " + argument};
    if (name == "/help") return {command::help};
    if (name == "/quit" || name == "/exit") return {command::quit};
    if (name == "/audio") return read_audio(rest);
    if (name == "/system" && !argument.empty()) return {command::system, argument};
    if (name == "/system")
        return {command::wrong, "Say what the model is to be: /system You are a pirate."};
    if (!argument.empty()) return {command::save, argument};
    return {command::wrong, "Name the file: /save conversation.txt"};
}

std::string_view help_text(bool with_emulator)
{
    static const std::string both = std::string(help) + std::string(help_with_emulator);
    return with_emulator ? std::string_view(both) : help;
}

} // namespace chat
