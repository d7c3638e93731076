// SPDX-License-Identifier: Apache-2.0
#include "torture/gauge.hpp"

#include <gemini/live.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <getopt.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

// One session with a malicious server. Prints, as one line of JSON, how it ended and what it cost.
// Uses only the public interface, and ends by itself whatever the server does.
namespace {

namespace live = gemini::live;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto usage = R"(usage: torture-client [OPTION...] URL

  --ca FILE         whom to trust (PEM)
  --reads HOW       messages (default), events, turn; slowly, late: messages; nothing
  --sends WHAT      nothing (default), audio, text, responses: to the calls that are read
  --seconds N       for how long (default 2)
  --message BYTES   limits::message (default 1 MiB)
  --with WHAT       tap, log, store, skip_stale_audio, restore, overlap: more of the options; may
                    be given several times
)";

/// What the server says at its end; a client that receives this has survived.
constexpr std::string_view closing_words = "That was all.";

constexpr std::size_t mebibyte = 1u << 20;
constexpr std::size_t memory_bound = 512 * mebibyte; // a larger process is ended
constexpr auto grace = 2s;                           // after the permitted time

struct options {
    std::string url;
    std::string ca_pem;
    std::string reads = "messages";
    std::string sends = "nothing";
    std::chrono::milliseconds time = 2s;
    std::size_t message = mebibyte;
    std::set<std::string> with;
};

[[noreturn]] void refuse()
{
    std::fputs(usage, stderr);
    std::exit(2);
}

std::string content_of(const char* path)
{
    std::ifstream from(path);
    if (!from) refuse();
    return {std::istreambuf_iterator<char>(from), {}};
}

options read_options(int argc, char** argv)
{
    const option known[]{{"ca", required_argument, nullptr, 'c'},
        {"reads", required_argument, nullptr, 'r'}, {"sends", required_argument, nullptr, 's'},
        {"seconds", required_argument, nullptr, 't'}, {"message", required_argument, nullptr, 'm'},
        {"with", required_argument, nullptr, 'w'}, {nullptr, 0, nullptr, 0}};
    options chosen;
    for (int each = 0; (each = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
        switch (each) {
        case 'c': chosen.ca_pem = content_of(optarg); break;
        case 'r': chosen.reads = optarg; break;
        case 's': chosen.sends = optarg; break;
        case 't':
            chosen.time =
                std::chrono::milliseconds(static_cast<int>(1'000 * std::strtod(optarg, nullptr)));
            break;
        case 'm': chosen.message = std::strtoul(optarg, nullptr, 10); break;
        case 'w': chosen.with.insert(optarg); break;
        default: refuse();
        }
    }
    if (optind + 1 != argc) refuse();
    chosen.url = argv[optind];
    return chosen;
}

live::client_options calling(const options& chosen)
{
    live::client_options options;
    options.credentials = live::api_key("a-key-that-a-server-may-repeat");
    options.base_url = chosen.url;
    options.tls.ca_pem = chosen.ca_pem;
    options.tls.system_store = false;
    options.proxy.from_environment = false;
    options.limits.message = chosen.message;
    options.limits.inbox = mebibyte;
    options.limits.outbox = mebibyte;
    options.limits.turn = mebibyte;
    auto& deadlines = options.deadlines;
    deadlines.resolve = deadlines.connect = deadlines.upgrade = deadlines.setup = 1s;
    deadlines.write_stall = 1s;
    deadlines.close = 500ms;
    deadlines.ping_after = 500ms;
    deadlines.silence = 1s;
    deadlines.message = 2s;
    auto& reconnect = options.reconnect;
    reconnect.first_connect_attempts = 1;
    reconnect.max_attempts = 2;
    reconnect.first_delay = 10ms;
    reconnect.max_delay = 50ms;
    reconnect.handover.margin = 100ms;
    reconnect.handover.overlap = chosen.with.contains("overlap");
    if (chosen.with.contains("restore")) reconnect.on_context_loss = live::context_loss::restore;
    options.skip_stale_audio = chosen.with.contains("skip_stale_audio");
    if (chosen.with.contains("tap")) options.tap.sink = [](std::string_view) {};
    if (chosen.with.contains("log")) {
        options.logger.level = live::log_level::debug;
        options.logger.sink = live::log_lines([](live::log_level, std::string_view) {});
    }
    if (chosen.with.contains("store"))
        options.resumption_store = std::make_shared<live::memory_resumption_store>();
    return options;
}

live::setup asking()
{
    live::setup setup;
    setup.model = "gemini-3.8-live";
    setup.functions = {{"look_up", "Looks something up.", live::json(R"({"type":"object"})")}};
    setup.output_audio_transcription = live::on;
    return setup;
}

asio::awaitable<void> sleep(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

/// The user of a session: reads and sends as configured, until the session ends.
class user {
public:
    user(live::session& session, const options& chosen) : session_(session), chosen_(chosen) {}

    [[nodiscard]] bool has_heard_all() const noexcept { return has_heard_all_; }

    asio::awaitable<void> read();
    asio::awaitable<void> send();

private:
    asio::awaitable<void> read_messages();
    asio::awaitable<void> read_events();
    asio::awaitable<void> read_turns();
    asio::awaitable<void> hear(const live::server_message& message);

    live::session& session_;
    const options& chosen_;
    bool has_heard_all_ = false;
};

asio::awaitable<void> user::read()
{
    try {
        co_await session_.connect();
        if (chosen_.reads == "nothing") co_return;
        if (chosen_.reads == "late") co_await sleep(chosen_.time / 2);
        if (chosen_.reads == "turn")
            co_await read_turns();
        else if (chosen_.reads == "events")
            co_await read_events();
        else
            co_await read_messages();
    } catch (const live::error&) {
        // Ignored: the session reports its end by itself, also when nobody reads.
    }
}

asio::awaitable<void> user::read_messages()
{
    auto messages = session_.messages();
    while (auto message = co_await messages.next()) {
        co_await hear(*message);
        if (chosen_.reads == "slowly") co_await sleep(5ms);
    }
}

asio::awaitable<void> user::read_events()
{
    auto events = session_.events();
    while (auto event = co_await events.next())
        if (const auto* message = std::get_if<live::server_message>(&*event))
            co_await hear(*message);
}

asio::awaitable<void> user::read_turns()
{
    while (!has_heard_all_) {
        const auto turn = co_await session_.turn();
        if (turn.end == live::turn_end::closed) co_return;
        has_heard_all_ = turn.output_transcription.ends_with(closing_words);
    }
}

asio::awaitable<void> user::hear(const live::server_message& message)
{
    if (message.output_transcription() == closing_words) has_heard_all_ = true;
    const auto& asked = message.members().tool_call;
    if (chosen_.sends != "responses" || !asked) co_return;
    for (const auto& call : asked->function_calls) {
        auto result = live::json::object().add("output", std::string(1'000, 'w'));
        live::function_response response(call, std::move(result));
        co_await session_.send_tool_response(std::move(response));
    }
}

asio::awaitable<void> user::send()
{
    const std::string words(10'000, 'w');
    const std::array<std::int16_t, 640> sound{};
    try {
        while (chosen_.sends == "text") co_await session_.send(words);
        while (chosen_.sends == "audio") co_await session_.send_audio(std::span(sound));
    } catch (const live::error&) { // as above
    }
}

/// How it ended: `outcome` is a word that the table of scenarios expects.
struct ending {
    std::string outcome;
    std::string words{};
};

/// Ends the process with one line of output; the first caller determines the outcome.
class report {
public:
    explicit report(const torture::loop_gauge& loop) : loop_(loop) {}

    [[noreturn]] void finish(const ending& ended)
    {
        static std::mutex once;
        once.lock();
        const auto held = std::chrono::duration<double>(loop_.longest_hold());
        const auto line = live::json::object()
                              .add("outcome", ended.outcome)
                              .add("words", ended.words)
                              .add("baseline", baseline_)
                              .add("high_water", torture::memory_of_this_process().high_water)
                              .add("held", held.count());
        std::puts(line.text().c_str());
        std::fflush(stdout);
        ::_exit(0);
    }

private:
    const torture::loop_gauge& loop_;
    std::size_t baseline_ = torture::memory_of_this_process().resident;
};

/// Ends a process whose loop is blocked, or which uses too much memory.
void watch(report& report, std::chrono::milliseconds time)
{
    const auto end = clock::now() + time + grace;
    while (clock::now() < end) {
        std::this_thread::sleep_for(10ms);
        if (torture::memory_of_this_process().resident > memory_bound)
            report.finish({"grows", "more than 512 MiB were in use"});
    }
    report.finish({"hangs", "the session did not end in time"});
}

/// Waits for one of three ends: everything received, the session failed, time up. Then closes.
asio::awaitable<void> suffer(
    live::session& session, const user& user, const options& chosen, ending& ended)
{
    const auto end = clock::now() + chosen.time;
    while (!user.has_heard_all() && session.status() != live::session_status::failed &&
           clock::now() < end)
        co_await sleep(10ms);
    ended.outcome = to_string(session.status());
    if (session.status() == live::session_status::connected && session.counters().losses != 0)
        ended.outcome = "reconnected";
    if (user.has_heard_all()) ended.outcome = "heard";
    const bool has_failed = session.status() == live::session_status::failed;
    try {
        if (has_failed) co_await session.send("What has ended it?");
        co_await session.close();
    } catch (const live::error& cause) {
        ended.outcome = to_string(cause.value());
        ended.words = cause.what();
    }
}

ending converse(asio::io_context& io, const options& chosen)
{
    ending ended;
    const live::client client(io.get_executor(), calling(chosen));
    live::session session(client, asking(), "the-session");
    user user(session, chosen);
    asio::co_spawn(io, user.read(), live::rethrow);
    asio::co_spawn(io, user.send(), live::rethrow);
    asio::co_spawn(io, suffer(session, user, chosen, ended), [&io](std::exception_ptr failure) {
        io.stop();
        live::rethrow(failure);
    });
    io.run();
    return ended;
}

} // namespace

int main(int argc, char** argv)
{
    const auto chosen = read_options(argc, argv);
    asio::io_context io;
    const torture::loop_gauge loop(io);
    report report(loop);
    std::thread(watch, std::ref(report), chosen.time).detach();
    try {
        report.finish(converse(io, chosen));
    } catch (const std::exception& failure) {
        report.finish({"throws", failure.what()});
    }
}
