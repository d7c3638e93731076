// SPDX-License-Identifier: Apache-2.0
// A conversation that outlives its program: kill it in the middle of an answer and start it again.
// The only argument, if any, names another server, such as gemini-live-emulator.
// doc:begin resume
#include <asio.hpp>
#include <gemini/live.hpp>
#include <iostream>
#include <unistd.h>
namespace live = gemini::live;

/// Prints what the model says up to the end of its turn, and changes of the connection.
asio::awaitable<void> listen(live::async_generator<live::session_event>& events)
{
    while (auto event = co_await live::within(std::chrono::minutes(1), events.next())) {
        if (const auto* message = std::get_if<live::server_message>(&*event)) {
            std::cout << message->output_transcription() << std::flush;
            if (message->turn_complete()) break;
        } else if (const auto* change = std::get_if<live::status_change>(&*event)) {
            if (change->ask_again) {
                std::cout << "(The rest of the answer is lost: please ask again.)";
                break;
            }
            if (change->to != live::session_status::connected || change->handover) continue;
            std::cout << (change->resumed ? "We go on where we were.\n" : "We begin.\n")
                      << std::flush;
            if (change->from == live::session_status::connecting) break;
        }
    }
}

asio::awaitable<void> chat(live::session session, asio::posix::stream_descriptor keyboard)
{
    co_await session.connect();
    auto events = session.events();
    co_await listen(events);
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
    options.resumption_store = std::make_shared<live::file_resumption_store>("conversations");
    live::client client{io.get_executor(), options};
    live::session session{client,
        {.model = "gemini-3.8-live", .output_audio_transcription = live::on},
        "the only one"}; // a server has one name for each of its callers
    asio::posix::stream_descriptor keyboard{io, ::dup(STDIN_FILENO)};
    asio::co_spawn(io, chat(std::move(session), std::move(keyboard)), live::rethrow);
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
// doc:end
