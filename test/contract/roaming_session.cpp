// SPDX-License-Identifier: Apache-2.0
#include <gemini/live.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <variant>

// Holds a session with the emulator at argv[1], for network_test.py to move through networks: sends
// each line of input, and prints each answer, when it begins, each handle and each change of
// status. argv[2] is the silence in milliseconds that the session tolerates, argv[3], if there is
// one, a file of trusted authorities.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

live::client_options impatient(const std::string& url, std::chrono::milliseconds silence)
{
    live::client_options options;
    options.credentials = live::api_key("any");
    options.base_url = url;
    options.allow_plain_text = true;
    options.proxy.from_environment = false;
    options.deadlines.resolve = 1s;
    options.deadlines.connect = 1s;
    options.deadlines.upgrade = 1s;
    options.deadlines.ping_after = 200ms;
    options.deadlines.silence = silence;
    options.deadlines.write_stall = silence;
    options.reconnect.first_connect_attempts = 1;
    options.reconnect.first_delay = 10ms;
    options.reconnect.max_delay = 100ms;
    options.reconnect.max_attempts = std::nullopt;
    return options;
}

asio::awaitable<void> ask_each_line(live::session& session)
{
    co_await session.connect();
    asio::posix::stream_descriptor input(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
    std::string lines;
    for (;;) {
        std::error_code end;
        const auto size = co_await asio::async_read_until(input, asio::dynamic_buffer(lines), '\n',
            asio::redirect_error(asio::use_awaitable, end));
        if (end) break;
        const auto question = lines.substr(0, size - 1);
        lines.erase(0, size);
        co_await session.send(question);
    }
    co_await session.close();
}

void print(const live::status_change& change)
{
    std::cout << "now " << to_string(change.to);
    if (change.resumed) std::cout << ", resumed";
    if (change.context_lost) std::cout << ", context lost";
    if (change.ask_again) std::cout << ", ask again";
    if (change.cause) std::cout << ": " << change.cause->what();
    std::cout << std::endl;
}

asio::awaitable<void> print_events(live::session& session)
{
    auto events = session.events();
    std::string words;
    while (const auto event = co_await events.next()) {
        if (const auto* change = std::get_if<live::status_change>(&*event)) {
            print(*change);
            if (change->ask_again) words.clear();
        }
        const auto* message = std::get_if<live::server_message>(&*event);
        if (!message) continue;
        if (words.empty() && !message->output_transcription().empty())
            std::cout << "hears" << std::endl;
        words += message->output_transcription();
        if (message->turn_complete()) {
            std::cout << "answer: " << words << std::endl;
            words.clear();
        }
        if (message->members().session_resumption_update) std::cout << "handle" << std::endl;
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3 && argc != 4) return 2;
    try {
        asio::io_context io;
        auto options = impatient(argv[1], std::chrono::milliseconds(std::stoi(argv[2])));
        if (argc == 4) options.tls.ca_file = argv[3];
        const live::client client{io.get_executor(), options};
        live::setup setup{.model = "gemini-3.8-live"};
        setup.output_audio_transcription = live::on;
        live::session session{client, setup};
        asio::co_spawn(io, ask_each_line(session), live::rethrow);
        asio::co_spawn(io, print_events(session), live::rethrow);
        io.run();
    } catch (const std::exception& failed) {
        std::cout << "failed: " << failed.what() << std::endl;
        return 1;
    }
}
