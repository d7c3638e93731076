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
#include <string>

// Holds a session with the emulator at argv[1], for suspended_test.py to suspend: for each line of
// input it asks a question, and prints the outcome.
namespace live = gemini::live;
using namespace std::chrono_literals;

namespace {

asio::awaitable<void> serve(live::session& session)
{
    co_await session.connect();
    std::cout << "connected" << std::endl;
    asio::posix::stream_descriptor input(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
    std::string line;
    for (;;) {
        std::error_code end;
        const auto size = co_await asio::async_read_until(input, asio::dynamic_buffer(line), '\n',
            asio::redirect_error(asio::use_awaitable, end));
        if (end) break;
        line.erase(0, size);
        co_await session.send("Hello");
        auto turn = co_await session.turn();
        while (turn.end != live::turn_end::complete) turn = co_await session.turn();
        const auto counted = session.counters();
        std::cout << "answered, " << counted.losses << " losses, " << counted.attempts
                  << " attempts, " << counted.contexts_lost << " contexts lost" << std::endl;
    }
    co_await session.close();
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    try {
        asio::io_context io;
        live::client_options options;
        options.credentials = live::api_key("any");
        options.base_url = argv[1];
        options.deadlines.ping_after = 200ms;
        options.deadlines.silence = 500ms;
        options.reconnect.first_delay = 10ms;
        const live::client client{io.get_executor(), options};
        live::session session{client, {.model = "gemini-3.8-live"}};
        asio::co_spawn(io, serve(session), live::rethrow);
        io.run();
    } catch (const std::exception& failed) {
        std::cout << failed.what() << std::endl;
        return 1;
    }
}
