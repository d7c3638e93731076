// SPDX-License-Identifier: Apache-2.0
// Talk to a model from the terminal: one typed line is one turn, Ctrl-D leaves.
// The only argument, if any, names another server, such as gemini-live-emulator.
// doc:begin terminal
#include <asio.hpp>
#include <gemini/live.hpp>
#include <iostream>
#include <unistd.h>
namespace live = gemini::live;

/// Prints what the model says as it is spoken, up to the end of its turn.
asio::awaitable<void> listen(live::async_generator<live::session_event>& events)
{
    // The generator ends, with an empty optional, once the session has closed.
    while (auto event = co_await live::within(std::chrono::minutes(1), events.next())) {
        if (const auto* message = std::get_if<live::server_message>(&*event)) {
            std::cout << message->output_transcription() << std::flush;
            if (message->turn_complete()) break;
        } else if (const auto* change = std::get_if<live::status_change>(&*event)) {
            if (!change->ask_again) continue;
            std::cout << "(The rest of the answer is lost: please ask again.)";
            break;
        }
    }
}

asio::awaitable<void> chat(live::session session, asio::posix::stream_descriptor keyboard)
{
    co_await session.connect();
    auto events = session.events(); // an async generator: messages, and changes of status
    std::error_code end;
    for (std::string typed;;) {
        auto size = co_await asio::async_read_until(keyboard, asio::dynamic_buffer(typed), '\n',
            asio::redirect_error(asio::use_awaitable, end));
        if (end) break;
        co_await session.send(typed.substr(0, size - 1));
        typed.erase(0, size);
        co_await listen(events);
        std::cout << '\n' << std::flush;
    }
    co_await session.close();
}

int main(int argc, char* argv[])
try {
    asio::io_context io;
    live::client_options options{.credentials = live::api_key::from_environment()};
    if (argc > 1) options.base_url = argv[1];
    live::client client{io.get_executor(), options};
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    asio::posix::stream_descriptor keyboard{io, ::dup(STDIN_FILENO)};
    asio::co_spawn(io, chat(std::move(session), std::move(keyboard)), live::rethrow);
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
// doc:end
