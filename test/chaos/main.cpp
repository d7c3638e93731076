// SPDX-License-Identifier: Apache-2.0
#include "chaos/troubled_server.hpp"
#include "chaos/user.hpp"
#include "support/server_record.hpp"

#include <gemini/live.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

// A spoken conversation over real sockets that break every few seconds, and its outcome.
namespace {

namespace live = gemini::live;
using namespace std::chrono_literals;
using chaos::troubled_server;
using chaos::user;
using fractional = std::chrono::duration<double>;

constexpr auto usage = R"(usage: chaos [--go-away] [--seed N] [DURATION]

Holds a spoken conversation with the emulator while connections die every few seconds, and reports
what became of all that was sent. DURATION is in seconds, or in minutes with an m: 600, 10m (the
default). Ends with 1 when a promise was broken.

  --go-away   the server asks to leave every few seconds, instead of cuts
  --seed N    another row of troubles (default 1)
  --trace     what happens to the session and to the server's clients, on stderr
)";

struct options {
    std::chrono::seconds duration = 10min;
    chaos::server_options server{};
    bool trace = false;
};

[[noreturn]] void leave(int status)
{
    std::fputs(usage, status == 0 ? stdout : stderr);
    std::exit(status);
}

std::chrono::seconds duration_of(const char* text)
{
    char* end = nullptr;
    const long count = std::strtol(text, &end, 10);
    const std::string_view unit(end);
    if (count <= 0 || (!unit.empty() && unit != "s" && unit != "m")) leave(2);
    return std::chrono::seconds(unit == "m" ? 60 * count : count);
}

void show(std::string_view line)
{
    static const auto began = chaos::clock::now();
    fmt::print(stderr, "{:8.3f} {}\n", fractional(chaos::clock::now() - began).count(), line);
}

options read_options(int argc, char** argv)
{
    const option known[]{{"go-away", no_argument, nullptr, 'g'},
        {"seed", required_argument, nullptr, 's'}, {"trace", no_argument, nullptr, 't'},
        {"help", no_argument, nullptr, 'h'}, {nullptr, 0, nullptr, 0}};
    options chosen;
    for (int each = 0; (each = getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
        switch (each) {
        case 'g': chosen.server.go_away = true; break;
        case 's':
            chosen.server.seed = static_cast<std::uint32_t>(std::strtoul(optarg, nullptr, 10));
            break;
        case 't':
            chosen.trace = true;
            chosen.server.on_event = show;
            break;
        case 'h': leave(0);
        default: leave(2);
        }
    }
    if (optind < argc) chosen.duration = duration_of(argv[optind++]);
    if (optind < argc) leave(2);
    return chosen;
}

double resident_megabytes()
{
    std::ifstream from("/proc/self/statm");
    std::size_t whole = 0;
    std::size_t resident = 0;
    from >> whole >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double milliseconds(chaos::clock::duration time)
{
    return std::chrono::duration<double, std::milli>(time).count();
}

live::client_options calling(const troubled_server& server, bool trace)
{
    live::client_options options;
    options.backend = live::backend::vertex_ai;
    options.project = "a-project";
    options.location = "us-central1";
    options.credentials = live::access_token("a-token");
    options.base_url = server.url();
    options.reconnect.first_delay = 100ms;
    options.reconnect.max_delay = 1s;
    options.reconnect.max_attempts = std::nullopt;
    options.deadlines.ping_after = 300ms;
    options.deadlines.silence = 700ms;
    options.deadlines.upgrade = 2s;
    options.deadlines.setup = 2s;
    if (trace)
        options.logger.sink =
            live::log_lines([](live::log_level, std::string_view line) { show(line); });
    return options;
}

live::setup spoken()
{
    live::setup setup;
    setup.model = "gemini-3.8-live";
    setup.functions = {
        {"get_weather", "Tells the weather in a city.",
            live::json(R"({"type":"object","properties":{"city":{"type":"string"}}})")},
        {"switch_light", "Switches the light.",
            live::json(R"({"type":"object","properties":{"on":{"type":"boolean"}}})")}};
    setup.functions[1].behavior = live::behavior::blocking;
    setup.input_audio_transcription = live::on;
    setup.output_audio_transcription = live::on;
    setup.session_resumption->transparent = true;
    return setup;
}

/// The conversation and its observers.
class conversation {
public:
    explicit conversation(const options& chosen)
        : chosen_(chosen), server_(chosen.server),
          client_(io_.get_executor(), calling(server_, chosen.trace)), session_(client_, spoken()),
          user_(io_.get_executor(), session_, chosen.server.seed)
    {
    }

    /// Whether all guarantees were kept.
    bool hold()
    {
        asio::co_spawn(io_, run(), live::rethrow);
        io_.run();
        return report();
    }

private:
    asio::awaitable<void> run();
    asio::awaitable<void> settle();
    asio::awaitable<void> sleep(std::chrono::milliseconds time);
    void show_progress() const;
    bool report() const;
    [[nodiscard]] test::verdict judge(bool sound) const;

    options chosen_;
    asio::io_context io_;
    troubled_server server_;
    live::client client_;
    live::session session_;
    user user_;
    chaos::clock::time_point began_ = chaos::clock::now();
    double memory_at_start_ = 0;
    double memory_halfway_ = 0;
    live::session_counters counters_{};
};

asio::awaitable<void> conversation::sleep(std::chrono::milliseconds time)
{
    asio::steady_timer timer(io_, time);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> conversation::run()
{
    co_await session_.connect();
    asio::co_spawn(io_, user_.listen(), live::rethrow);
    asio::co_spawn(io_, user_.speak(), live::rethrow);
    asio::co_spawn(io_, user_.ask(), live::rethrow);
    const auto warm = std::min<std::chrono::milliseconds>(chosen_.duration / 4, 10s);
    const auto end = began_ + chosen_.duration;
    while (chaos::clock::now() < end && !user_.so_far().failure) {
        co_await sleep(200ms);
        if (memory_at_start_ == 0 && chaos::clock::now() > began_ + warm)
            memory_at_start_ = resident_megabytes();
        if (memory_halfway_ == 0 && chaos::clock::now() > began_ + chosen_.duration / 2)
            memory_halfway_ = resident_megabytes();
        show_progress();
    }
    co_await settle();
}

/// Ends failures and questions, so that what has been said can arrive.
asio::awaitable<void> conversation::settle()
{
    server_.heal();
    user_.ask_no_more();
    for (int i = 0; i < 100 && !user_.so_far().failure; ++i) {
        co_await sleep(200ms);
        if (i >= 25 && judge(false).lost == session_.counters().obsolete) break;
    }
    user_.fall_silent();
    co_await sleep(500ms);
    counters_ = session_.counters();
    co_await session_.close();
}

test::verdict conversation::judge(bool sound) const
{
    const auto& said = user_.so_far();
    return test::compare(
        sound ? said.sound : said.durable, test::numbers_of(server_.consumed(), sound));
}

void conversation::show_progress() const
{
    if (::isatty(STDOUT_FILENO) == 0) return;
    const auto& seen = user_.so_far();
    const auto gone =
        std::chrono::duration_cast<std::chrono::seconds>(chaos::clock::now() - began_).count();
    fmt::print("\r\033[K{:02}:{:02}  {}  {} outages, {} handovers, {} turns, {} messages, {} "
               "chunks, {:.1f} MB",
        gone / 60, gone % 60, to_string(session_.status()), seen.outages, seen.handovers,
        seen.turns, seen.durable.size(), seen.sound.size(), resident_megabytes());
    std::fflush(stdout);
}

bool conversation::report() const
{
    const auto& seen = user_.so_far();
    const auto server = server_.look();
    const auto durable = judge(false);
    const auto sound = judge(true);
    const auto seconds = [](std::chrono::milliseconds time) { return fractional(time).count(); };
    if (::isatty(STDOUT_FILENO) != 0) fmt::print("\r\033[K");
    fmt::print("{} s of a spoken conversation on Vertex AI, with transparent resumption; {}\n",
        chosen_.duration.count(),
        chosen_.server.go_away ? "the server asks to leave every 2 s" : "trouble every 1 to 5 s");
    for (std::size_t i = 0; i < chaos::miseries; ++i)
        if (server.suffered[i] != 0)
            fmt::print("  {:3} x {}\n", server.suffered[i], name_of(static_cast<chaos::misery>(i)));
    fmt::print(
        "durable messages  {:6} sent, {} consumed exactly once, {} lost ({} told as answers to "
        "withdrawn calls), {} repeated, {} out of order\n",
        durable.sent, durable.once, durable.lost, counters_.obsolete, durable.repeated,
        durable.reordered);
    fmt::print("chunks of sound   {:6} sent, {} consumed exactly once, {} missing ({} told as "
               "dropped), {} repeated, {} out of order\n",
        sound.sent, sound.once, sound.lost, counters_.dropped, sound.repeated, sound.reordered);
    fmt::print("connections       {:6}, {} resumed, {} handovers, {} contexts lost\n",
        counters_.connections, counters_.resumed, counters_.handovers, counters_.contexts_lost);
    fmt::print("outages           {:6}, {:.1f} s in all, the longest {:.3f} s\n", seen.outages,
        seconds(counters_.outage), seconds(counters_.longest_outage));
    fmt::print("the model         {:6} turns heard, {} more cut, {} calls, {:.0f} s of speech\n",
        seen.turns, seen.turns_cut, seen.calls, static_cast<double>(seen.bytes_heard) / 48'000);
    const auto setup = milliseconds(server.longest_setup);
    fmt::print(
        "longest gap of the sound at the server {:.1f} ms; the longest setup and a chunk are "
        "{:.1f} ms\n",
        milliseconds(server.longest_gap), setup + 20);
    fmt::print(
        "memory {:.1f} MB after the start, {:.1f} MB halfway, {:.1f} MB at the end, with the "
        "server and its record\n",
        memory_at_start_, memory_halfway_, resident_megabytes());

    std::vector<std::string> broken;
    const auto hold_to = [&](bool kept, std::string what) {
        if (!kept) broken.push_back(std::move(what));
    };
    hold_to(!seen.failure, "the session ended: " + seen.failure.value_or(""));
    hold_to(durable.lost == counters_.obsolete,
        "durable messages were lost that were not told as answers to withdrawn calls");
    hold_to(durable.repeated == 0, "durable messages were repeated");
    hold_to(durable.reordered == 0, "durable messages changed their order");
    hold_to(sound.repeated == 0, "sound was repeated");
    hold_to(sound.reordered == 0, "sound changed its order");
    hold_to(sound.lost == counters_.dropped, "sound is missing that was not told as dropped");
    hold_to(counters_.contexts_lost == 0, "the conversation was forgotten");
    for (const auto& each : broken) fmt::print("BROKEN: {}.\n", each);
    if (broken.empty()) fmt::print("Every promise was kept.\n");
    return broken.empty();
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const auto chosen = read_options(argc, argv);
        return conversation(chosen).hold() ? 0 : 1;
    } catch (const std::exception& failed) {
        fmt::print(stderr, "chaos: {}\n", failed.what());
        return 1;
    }
}
