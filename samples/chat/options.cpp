// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <gemini/live/version.hpp>

#include <getopt.h>

#include <iostream>

namespace chat {
namespace {

constexpr auto help = R"(Talk to a Gemini Live model in the terminal.

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
  --help          this text
  --version       the version of the library

The key is read from GOOGLE_API_KEY or GEMINI_API_KEY. Without one, and without
--vertex and --url, the chat talks to an emulator inside this program.
Commands inside the chat: /help lists them.
)";

enum option_code {
    model = 1,
    system_text,
    audio,
    text,
    voice,
    vertex,
    project,
    location,
    url,
    help_text,
    version_text,
};

constexpr option known[] = {
    {"model", required_argument, nullptr, model},
    {"system", required_argument, nullptr, system_text},
    {"audio", no_argument, nullptr, audio},
    {"text", no_argument, nullptr, text},
    {"voice", required_argument, nullptr, voice},
    {"vertex", no_argument, nullptr, vertex},
    {"project", required_argument, nullptr, project},
    {"location", required_argument, nullptr, location},
    {"url", required_argument, nullptr, url},
    {"help", no_argument, nullptr, help_text},
    {"version", no_argument, nullptr, version_text},
    {nullptr, 0, nullptr, 0},
};

} // namespace

std::optional<options> read_options(int argc, char* argv[], int& exit_code)
{
    options read;
    exit_code = 0;
    for (;;) {
        switch (::getopt_long(argc, argv, "h", known, nullptr)) {
        case model: read.model = optarg; break;
        case system_text: read.system = optarg; break;
        case audio: read.answers = gemini::live::modality::audio; break;
        case text: read.answers = gemini::live::modality::text; break;
        case voice: read.voice = optarg; break;
        case vertex: read.vertex = true; break;
        case project:
            read.project = optarg;
            read.vertex = true;
            break;
        case location:
            read.location = optarg;
            read.vertex = true;
            break;
        case url: read.url = optarg; break;
        case 'h':
        case help_text: std::cout << help; return std::nullopt;
        case version_text:
            std::cout << "gemini-live-chat " << gemini::live::version() << '\n';
            return std::nullopt;
        case -1:
            if (optind == argc) return read;
            std::cerr << argv[0] << ": \"" << argv[optind] << "\" is not an option";
            [[fallthrough]];
        default: // getopt has complained
            std::cerr << (optind < argc ? "; " : "") << "--help shows what there is.\n";
            exit_code = 2;
            return std::nullopt;
        }
    }
}

} // namespace chat
