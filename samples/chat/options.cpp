// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "commands.hpp"

#include <gemini/live/model_quirks.hpp>
#include <gemini/live/version.hpp>

#include <getopt.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

namespace chat {
namespace {

namespace live = gemini::live;

constexpr std::string_view usual_model = "gemini-3.8-live";
constexpr std::string_view writing_model_of_emulator = "gemini-emulator-text";

constexpr auto usage = R"(Talk to a Gemini Live model in the terminal.

  gemini-live-chat [options]
  echo "hello" | gemini-live-chat

  --model NAME    the model to talk to (gemini-3.8-live)
  --system TEXT   what the model is to be and do
  --audio         spoken answers; their text is shown, /audio on plays them (default)
  --text          written answers, for models that give them
  --voice NAME    the voice of spoken answers, such as Puck or Kore
  --vertex        Vertex AI, with what gcloud, a credential file or the machine has
  --project ID    its project, unless the credentials name it (also --vertex)
  --location NAME its location, such as us-central1 (also --vertex)
  --url URL       another server, such as http://127.0.0.1:4711 of gemini-live-emulator
  --ca FILE       trust the certificates in this PEM file, too
  --mcp COMMAND   the model may use the tools of this MCP server: a command for the
                  shell, or a URL; may be given several times
  --help          this text
  --version       the version of the library

The key is read from GOOGLE_API_KEY or GEMINI_API_KEY. Without one, and without
--vertex and --url, the chat talks to an emulator inside this program.
A plain URL (http://) of another machine is refused, unless
GEMINI_LIVE_ALLOW_PLAIN_TEXT=true is set: whoever is on the way can then read the
key and the conversation.
Commands inside the chat: /help lists them. In a pipe each line is one question; the exit
code is 0 when all were answered.
)";

enum option_code {
    not_an_option = 1, // as in getopt
    model,
    system_text,
    audio,
    text,
    voice,
    vertex,
    project,
    location,
    url,
    ca,
    mcp,
    show_help,
    show_version,
};

constexpr std::array known{
    option{"model", required_argument, nullptr, model},
    option{"system", required_argument, nullptr, system_text},
    option{"audio", no_argument, nullptr, audio},
    option{"text", no_argument, nullptr, text},
    option{"voice", required_argument, nullptr, voice},
    option{"vertex", no_argument, nullptr, vertex},
    option{"project", required_argument, nullptr, project},
    option{"location", required_argument, nullptr, location},
    option{"url", required_argument, nullptr, url},
    option{"ca", required_argument, nullptr, ca},
    option{"mcp", required_argument, nullptr, mcp},
    option{"help", no_argument, nullptr, show_help},
    option{"version", no_argument, nullptr, show_version},
    option{nullptr, 0, nullptr, 0},
};

std::vector<std::string> names()
{
    std::vector<std::string> all;
    for (const auto& each : known)
        if (each.name) all.push_back(std::string("--") + each.name);
    return all;
}

/// What is wrong with an option that getopt rejects.
std::string complaint(std::string_view typed)
{
    const auto word = typed.substr(0, typed.find('='));
    const auto all = names();
    const std::vector<std::string_view> views(all.begin(), all.end());
    std::string several;
    for (const auto& each : all) {
        if (each == word && typed.size() != word.size())
            return std::string(word) + " takes no value.";
        if (each.starts_with(word)) several += (several.empty() ? "" : " or ") + each;
    }
    const auto told = "There is no option " + std::string(word);
    if (!several.empty()) return told + "; did you mean " + several + "?";
    const auto meant = likeliest(word, views);
    return meant.empty() ? told + "." : told + "; did you mean " + std::string(meant) + "?";
}

std::string name_of(int code)
{
    for (const auto& each : known)
        if (each.name && each.val == code) return std::string("--") + each.name;
    return "";
}

/// Where the value of an option is stored; null: it has none.
std::string* place_of(int code, options& read)
{
    switch (code) {
    case model: return &read.model;
    case system_text: return &read.system;
    case voice: return &read.voice;
    case project: return &read.project;
    case location: return &read.location;
    case url: return &read.url;
    case ca: return &read.ca;
    case mcp: return &read.mcp.back();
    default: return nullptr;
    }
}

/// Stores an option; returns what is wrong with it.
std::string take(int code, const char* value, bool is_separate, options& read)
{
    if (code == vertex || code == project || code == location) read.vertex = true;
    if (code == audio) read.answers = live::modality::audio;
    if (code == text) read.answers = live::modality::text;
    if (code == mcp) read.mcp.emplace_back();
    auto* const place = place_of(code, read);
    if (!place) return "";
    const std::string_view given(value);
    if (is_separate && given.starts_with("--")) {
        return name_of(code) + " wants a value, and " + std::string(given) +
               " looks like an option; " + name_of(code) + "=VALUE takes anything.";
    }
    if (given.empty() && code != system_text) return name_of(code) + " is empty: give it a value.";
    *place = given;
    return "";
}

void replace_all(std::string& sentence, std::string_view what, std::string_view by)
{
    for (auto at = sentence.find(what); at != std::string::npos;
         at = sentence.find(what, at + by.size()))
        sentence.replace(at, what.size(), by);
}

/// For members without a wording of their own: "limits::outbox" becomes "outbox".
void drop_members(std::string& sentence)
{
    constexpr std::array<std::string_view, 14> owners{
        "client_options::", "setup::", "limits::", "deadlines::", "tls_options::",
        "proxy_options::", "reconnect_policy::", "session::", "handover_policy::",
        "session_resumption::", "emulator_options::", "live::", "credentials::", "client::"};
    for (const auto owner : owners) replace_all(sentence, owner, "");
}

} // namespace

std::optional<options> read_options(int argc, char* argv[], int& exit_code)
{
    options read;
    exit_code = 0;
    std::string wrong;
    while (wrong.empty()) {
        const int at = std::max(optind, 1); // 0: getopt starts over
        const int code = ::getopt_long(argc, argv, "-:h", known.data(), nullptr);
        if (code == -1) {
            if (optind < argc) wrong = "\"" + std::string(argv[optind]) + "\" is not an option.";
            break;
        }
        switch (code) {
        case not_an_option: wrong = "\"" + std::string(optarg) + "\" is not an option."; break;
        case ':': wrong = std::string(argv[optind - 1]) + " wants a value."; break;
        case '?': wrong = complaint(argv[at]); break;
        case 'h':
        case show_help: std::cout << usage; return std::nullopt;
        case show_version:
            std::cout << "gemini-live-chat " << live::version() << '\n';
            return std::nullopt;
        default: wrong = take(code, optarg, optind == at + 2, read);
        }
    }
    if (wrong.empty()) return read;
    std::cerr << "gemini-live-chat: " << wrong << " --help lists the options.\n";
    exit_code = 2;
    return std::nullopt;
}

std::string choose_model(options& wishes, bool with_emulator)
{
    using live::modality;
    const bool is_chosen = !wishes.model.empty();
    if (!is_chosen) {
        wishes.model = with_emulator && wishes.answers == modality::text ? writing_model_of_emulator
                                                                         : usual_model;
    }
    const auto quirks = live::quirks_of(wishes.model);
    if (wishes.answers.empty()) wishes.answers = quirks.speaks ? modality::audio : modality::text;
    if (wishes.answers == modality::text && !quirks.writes) {
        return "--text: " + wishes.model +
               " only speaks. Leave --text out, its words are shown all the same, or name a model "
               "that writes" +
               (is_chosen ? "." : " with --model.");
    }
    if (wishes.answers == modality::audio && !quirks.speaks)
        return "--audio: " + wishes.model + " only writes. Leave --audio out.";
    return "";
}

std::string in_terms_of_options(std::string sentence, const options& wishes)
{
    const bool by_url = !wishes.url.empty();
    const std::string_view url = by_url          ? "--url"
                                 : wishes.vertex ? "GOOGLE_VERTEX_BASE_URL"
                                                 : "GOOGLE_GEMINI_BASE_URL";
    const std::string_view project = wishes.project.empty() ? "GOOGLE_CLOUD_PROJECT" : "--project";
    const std::string_view location =
        wishes.location.empty() ? "GOOGLE_CLOUD_LOCATION" : "--location";
    const std::pair<std::string_view, std::string_view> words[]{
        {"give client_options::credentials application_default or a credential_file, an "
         "access_token, as `gcloud auth print-access-token` prints it, or an api_key for express "
         "mode",
            "log in with `gcloud auth application-default login`, name a credential file in "
            "GOOGLE_APPLICATION_CREDENTIALS, or set GOOGLE_API_KEY for express mode"},
        {"give client_options::credentials an api_key, or set GOOGLE_API_KEY or GEMINI_API_KEY and "
         "use from_environment",
            "set GOOGLE_API_KEY or GEMINI_API_KEY"},
        {"client_options::project is empty, and the credentials name none",
            "--project is missing, and the credentials name none"},
        {"client_options::project is empty", "--project is missing"},
        {" (from_environment takes GOOGLE_CLOUD_PROJECT)",
            " (GOOGLE_CLOUD_PROJECT may name it, too)"},
        {"give the issuer's certificate in tls_options::ca_file",
            "name a file with the issuer's certificate by --ca"},
        {"tls_options::ca_file", "--ca"},
        {"set client_options::allow_plain_text (for credentials that renew themselves also "
         "client_options::allow_plain_text_tokens)",
            "set GEMINI_LIVE_ALLOW_PLAIN_TEXT=true (which does not permit it for credentials that "
            "renew themselves)"},
        {": check setup::extra and send_raw", ""},
        {"; raise limits::message if such messages are expected", ""},
        {": raise limits::message if such messages are expected", ""},
        {"client_options::universe_domain or GOOGLE_CLOUD_UNIVERSE_DOMAIN",
            "GOOGLE_CLOUD_UNIVERSE_DOMAIN"},
        {"client_options::universe_domain", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"},
        {"client_options::api_version", "GOOGLE_GENAI_API_VERSION"},
        {"set client_options::backend to vertex_ai", "add --vertex"},
        {": client_options::base_url must", ": it must"},
        {"client_options::base_url", url},
        {"client_options::project", project},
        {"client_options::location", location},
        {"The base URL", url},
        {"the base URL", url},
        {"setup::model", "--model"},
        {"setup.model", "--model"},
        {"setup.systemInstruction.parts[0].text", "--system"},
        {"setup.systemInstruction", "--system"},
        {"setup::voice", "--voice"},
        {"check the model's name", "check --model"},
        {"check the URL", by_url ? "check --url" : "check the URL"},
        {"check the setup against the model", "check --model, --voice and --text"},
    };
    for (const auto& [from, to] : words) replace_all(sentence, from, to);
    drop_members(sentence);
    return sentence;
}

} // namespace chat
