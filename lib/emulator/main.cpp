// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/emulator_program_test.py
#include "emulator/rules/quirks.hpp"
#include "emulator/script/message_summary.hpp"
#include "emulator/script/recording.hpp"
#include "emulator/script/script.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <gemini/live/testing/fake_google.hpp>
#include <gemini/live/version.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

// The emulator as a program.
namespace live = gemini::live;

namespace {

constexpr const char* usage = R"(usage: gemini-live-emulator [OPTION...]

A Gemini Live API server on this machine, for programs in any language.

  -p, --port N       listen on port N (default: any free one)
      --address A    listen on this address (default: 127.0.0.1)
      --allow-remote serve other machines, too
      --host-name NAME  serve those who look for this machine by NAME, which stands in the
                     certificate, too; may be repeated
      --allow-origin ORIGIN  serve web pages from ORIGIN, "*" for any; may be repeated
  -t, --tls          encrypt, with a certificate made on the spot
      --cert FILE    write that certificate to FILE, for clients to trust
  -k, --key KEY      take only this API key (default: any)
      --any-token    take ephemeral tokens that it has not made, too
      --google FILE  give out OAuth tokens for Vertex AI, and take no others; write a service
                     account's credentials for them to FILE
  -s, --script FILE  do what FILE says, step by step (see docs/testing.md)
      --replay FILE  play the server's side of what a wire_tap has recorded
      --once         end when the clients that FILE speaks of have gone, or the first client
                     without it; exit with 1 if one did not do what FILE expects
      --quirk NAME[=off]  behave so (or not so), whatever the model: docs/emulator_quirks.md has
                     the names; may be repeated
      --quirks-of MODEL  behave as MODEL does, whatever the model; "none" for no quirks
      --model-alias OLD=NEW  take OLD, a retired model's name for example, for NEW; may be repeated
      --any-model    take any name of a model: one that is unknown speaks and writes
      --lifetime S   end each connection after so many seconds (default: never)
      --notice S     announce that so many seconds before, with goAway (default 50)
      --pace X       length of the pauses in an answer: 1 like a model's, 0 none (default 1);
                     in a replay, 1 as they were
  -q, --quiet        do not show the messages
  -v, --verbose      show them whole
  -h, --help         this text
      --version      the version
)";

struct program_options {
    live::testing::emulator_options serving{};
    std::string certificate_file{};
    std::string google_file{};
    bool encrypted = false;
    bool once = false;
    bool quiet = false;
    bool verbose = false;
};

[[noreturn]] void leave(const std::string& sentence)
{
    fmt::print(stderr, "gemini-live-emulator: {}\n", sentence);
    std::exit(2); // NOLINT(concurrency-mt-unsafe)
}

template <class Number>
Number number(const char* option, std::string_view text, Number most)
{
    Number value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || value < 0 || value > most)
        leave(fmt::format("{} takes a number from 0 to {}, not \"{}\".", option, most, text));
    return value;
}

std::chrono::milliseconds seconds(const char* option, std::string_view text)
{
    constexpr double day = 86'400;
    return std::chrono::milliseconds(static_cast<std::int64_t>(number(option, text, day) * 1000));
}

/// Parses "OLD=NEW".
std::pair<std::string, std::string> alias(std::string_view text)
{
    const auto at = text.find('=');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size())
        leave(fmt::format("--model-alias takes OLD=NEW, not \"{}\".", text));
    return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

/// Parses "NAME", "NAME=on" or "NAME=off".
void switch_quirk(live::testing::emulator_quirks& quirks, std::string_view text)
{
    const auto name = text.substr(0, text.find('='));
    const auto state = text.substr(std::min(name.size() + 1, text.size()));
    const bool has_state = name.size() != text.size();
    const auto all = live::emulator::all_quirks();
    const auto found = std::find_if(
        all.begin(), all.end(), [name](const auto& each) { return each.name == name; });
    if (found == all.end()) {
        std::string names;
        for (const auto& each : all) names.append(names.empty() ? "" : ", ").append(each.name);
        leave(fmt::format("--quirk takes one of {}, not \"{}\".", names, name));
    }
    if (has_state && state != "on" && state != "off")
        leave(fmt::format("--quirk takes NAME=on or NAME=off, not \"{}\".", text));
    quirks.*found->member = state != "off";
}

live::testing::emulator_quirks quirks_of(const std::string& model)
{
    if (model == "none") return live::testing::emulator_quirks::none();
    try {
        return live::testing::emulator_quirks::of(model);
    } catch (const live::error& unknown) {
        leave(fmt::format("--quirks-of: {}", unknown.what()));
    }
}

/// Stops reading soon after the content exceeds `most` bytes, so that the caller can reject it.
std::string content_of(const char* path, std::size_t most)
{
    std::string content;
    std::FILE* file = std::fopen(path, "r");
    char block[4096];
    for (std::size_t size = 1; file && size != 0;) {
        size = std::fread(block, 1, sizeof block, file);
        content.append(block, size);
        if (content.size() > most) break;
    }
    if (!file || std::ferror(file) != 0) leave(fmt::format("{} cannot be read.", path));
    std::fclose(file);
    return content;
}

program_options read_options(int argc, char** argv)
{
    enum {
        cert = 256,
        google,
        pace,
        replay,
        version,
        model_alias,
        any_model,
        address,
        allow_remote,
        host_name,
        allow_origin,
        lifetime,
        notice,
        any_token,
        once,
        quirk,
        quirks_of_model
    };
    const option known[]{{"port", required_argument, nullptr, 'p'},
        {"tls", no_argument, nullptr, 't'}, {"cert", required_argument, nullptr, cert},
        {"google", required_argument, nullptr, google}, {"key", required_argument, nullptr, 'k'},
        {"script", required_argument, nullptr, 's'}, {"replay", required_argument, nullptr, replay},
        {"model-alias", required_argument, nullptr, model_alias},
        {"any-model", no_argument, nullptr, any_model},
        {"address", required_argument, nullptr, address},
        {"allow-remote", no_argument, nullptr, allow_remote},
        {"host-name", required_argument, nullptr, host_name},
        {"allow-origin", required_argument, nullptr, allow_origin},
        {"lifetime", required_argument, nullptr, lifetime},
        {"notice", required_argument, nullptr, notice},
        {"any-token", no_argument, nullptr, any_token}, {"once", no_argument, nullptr, once},
        {"quirk", required_argument, nullptr, quirk},
        {"quirks-of", required_argument, nullptr, quirks_of_model},
        {"pace", required_argument, nullptr, pace}, {"quiet", no_argument, nullptr, 'q'},
        {"verbose", no_argument, nullptr, 'v'}, {"help", no_argument, nullptr, 'h'},
        {"version", no_argument, nullptr, version}, {nullptr, 0, nullptr, 0}};
    program_options options;
    live::testing::emulator_quirks basis;
    for (int each = 0; (each = getopt_long(argc, argv, "p:tk:s:qvh", known, nullptr)) != -1;) {
        switch (each) {
        case 'p':
            options.serving.port = static_cast<std::uint16_t>(number("--port", optarg, 65535));
            break;
        case 't': options.encrypted = true; break;
        case address: options.serving.address = optarg; break;
        case allow_remote: options.serving.allow_remote = true; break;
        case host_name: options.serving.host_names.emplace_back(optarg); break;
        case allow_origin: options.serving.origins.emplace_back(optarg); break;
        case lifetime: options.serving.lifetime = seconds("--lifetime", optarg); break;
        case notice: options.serving.notice = seconds("--notice", optarg); break;
        case any_token: options.serving.trusts_any_token = true; break;
        case cert: options.certificate_file = optarg; break;
        case google: options.google_file = optarg; break;
        case 'k': options.serving.api_key = optarg; break;
        case 's':
            options.serving.script = content_of(optarg, live::emulator::script::max_size);
            break;
        case replay:
            options.serving.replay = content_of(optarg, live::emulator::max_recording);
            break;
        case pace: options.serving.pace = number("--pace", optarg, 100.0); break;
        case model_alias: options.serving.model_aliases.insert(alias(optarg)); break;
        case any_model: options.serving.any_model = true; break;
        case once: options.once = true; break;
        case quirk: switch_quirk(options.serving.quirks, optarg); break;
        case quirks_of_model: basis = quirks_of(optarg); break;
        case 'q': options.quiet = true; break;
        case 'v': options.verbose = true; break;
        case 'h': fmt::print("{}", usage); std::exit(0); // NOLINT
        case version:
            fmt::print("gemini-live-emulator {}\n", live::version());
            std::exit(0); // NOLINT
        default: leave("see --help.");
        }
    }
    if (optind != argc) leave(fmt::format("\"{}\" is not an option; see --help.", argv[optind]));
    options.serving.quirks = live::emulator::overlaid(options.serving.quirks, basis);
    return options;
}

constexpr std::size_t width = 200; // of a line, in bytes
constexpr std::size_t event_width = 1000;
constexpr std::size_t whole = 1 << 20; // of a line that is not shortened

/// Prints what happens, in color if the output is a terminal.
class display {
public:
    explicit display(bool verbose)
        : colors_(::isatty(STDOUT_FILENO) != 0 && !std::getenv("NO_COLOR")), // NOLINT
          width_(verbose ? whole : width)
    {
    }

    void message(const live::testing::emulator_message& message) const
    {
        const bool comes = message.from == live::testing::message_sender::client;
        const auto line = live::emulator::message_summary(message.text, width_);
        print(comes ? "36" : "32", fmt::format("{} {}", comes ? '>' : '<', line));
    }

    void event(std::string_view sentence) const
    {
        print(
            "2", live::emulator::message_summary(sentence, event_width)); // it may quote the client
    }

private:
    void print(std::string_view color, const std::string& line) const
    {
        if (colors_)
            fmt::print("\x1b[{}m{}\x1b[0m\n", color, line);
        else
            fmt::print("{}\n", line);
        std::fflush(stdout);
    }

    bool colors_;
    std::size_t width_;
};

void write_certificate(const program_options& options)
{
    if (options.certificate_file.empty()) return;
    if (!options.encrypted) leave("--cert goes with --tls.");
    std::FILE* file = std::fopen(options.certificate_file.c_str(), "w");
    if (!file) leave(fmt::format("{} cannot be written.", options.certificate_file));
    std::fputs(options.serving.tls->certificate_pem.c_str(), file);
    std::fclose(file);
}

/// Writes a file that only its owner can read, regardless of its previous mode.
void write_private(const std::string& path, std::string_view text)
{
    const int file = ::open(
        path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    const bool written =
        file >= 0 && ::fchmod(file, S_IRUSR | S_IWUSR) == 0 &&
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (file >= 0) ::close(file);
    if (!written) leave(fmt::format("{} cannot be written.", path));
}

std::shared_ptr<live::testing::fake_google> start_google(
    const asio::any_io_executor& executor, const program_options& options)
{
    if (options.google_file.empty()) return nullptr;
    live::testing::fake_google_options serving;
    serving.tls = options.serving.tls;
    serving.on_event = options.serving.on_event;
    auto google = std::make_shared<live::testing::fake_google>(executor, serving);
    write_private(options.google_file, google->service_account_file());
    return google;
}

void introduce(const live::testing::fake_google& google, const live::testing::emulator& emulator,
    const std::string& file)
{
    fmt::print("Google's token endpoint is {}, its metadata server {}\n"
               "  a service account           GOOGLE_APPLICATION_CREDENTIALS={}\n"
               "  a machine in Google Cloud   GCE_METADATA_HOST={}\n"
               "  with either                 GOOGLE_VERTEX_BASE_URL={} \\\n"
               "      GOOGLE_CLOUD_PROJECT=fake-project GOOGLE_CLOUD_LOCATION=us-central1\n",
        google.token_url(), google.metadata_host(), file, google.metadata_host(), emulator.url());
}

} // namespace

int main(int argc, char** argv)
{
    auto options = read_options(argc, argv);
    if (!options.quiet) {
        const display shown(options.verbose);
        options.serving.on_message = [shown](const live::testing::emulator_message& message) {
            shown.message(message);
        };
        options.serving.on_event = [shown](std::string_view sentence) { shown.event(sentence); };
    }
    try {
        asio::io_context io;
        asio::signal_set ending(io, SIGINT, SIGTERM); // before the server is announced
        if (options.encrypted)
            options.serving.tls =
                live::testing::tls_identity::self_signed(options.serving.host_names);
        write_certificate(options);
        const auto google = start_google(io.get_executor(), options);
        options.serving.google = google;
        live::testing::emulator emulator(io.get_executor(), options.serving);
        fmt::print(
            "The emulator of the Gemini Live API listens on {}\n"
            "  C++         client_options::base_url = \"{}\"\n"
            "  JavaScript  new GoogleGenAI({{apiKey: 'any', httpOptions: {{baseUrl: '{}'}}}})\n"
            "  others      GOOGLE_GEMINI_BASE_URL={}\n",
            emulator.url(), emulator.url(), emulator.url(), emulator.url());
        if (google) introduce(*google, emulator, options.google_file);
        fmt::print("Ctrl-C ends it.\n");
        std::fflush(stdout);
        const auto end = [&] {
            emulator.close();
            if (google) google->close();
        };
        bool is_told_to_end = false;
        bool is_played = false;
        ending.async_wait([&](const asio::error_code& replaced, int) {
            is_told_to_end = !replaced;
            end();
        });
        if (options.once) {
            auto played = emulator.finished();
            asio::co_spawn(io, std::move(played), [&](const std::exception_ptr& failed) {
                is_played = !failed && !is_told_to_end;
                ending.cancel();
            });
        }
        io.run();
        if (!options.once) return 0;
        auto failure = emulator.failure();
        if (failure.empty() && !is_played)
            failure = "Not all of the clients that were expected have come.";
        if (failure.empty()) return 0;
        fmt::print(stderr, "gemini-live-emulator: {}\n", failure);
        return 1;
    } catch (const std::exception& failed) {
        fmt::print(stderr, "gemini-live-emulator: {}\n", failed.what());
        return 1;
    }
}
