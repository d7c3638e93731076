// SPDX-License-Identifier: Apache-2.0
// Holds two turns with the emulator, like a small user program.
#include <asio.hpp>
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <iostream>
namespace live = gemini::live;

asio::awaitable<void> converse(live::session session)
{
    co_await session.connect();
    for (const char* said : {"Hello!", "And goodbye."}) {
        co_await session.send(said);
        const auto answer = co_await session.turn();
        std::cout << "> " << said << '\n' << answer.output_transcription << '\n';
        if (answer.end != live::turn_end::complete) throw std::runtime_error("the turn was cut");
        if (answer.output_transcription.empty()) throw std::runtime_error("the model kept silent");
        if (answer.audio.empty()) throw std::runtime_error("the model made no sound");
    }
    co_await session.close();
}

int main()
try {
    asio::io_context io;
    live::testing::emulator_options quick;
    quick.pace = 0;
    live::testing::emulator emulator{io.get_executor(), quick};
    live::client client{
        io.get_executor(), {.credentials = live::api_key("any"), .base_url = emulator.url()}};
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    asio::co_spawn(io, converse(std::move(session)), [&](std::exception_ptr failure) {
        emulator.close();
        io.stop();
        live::rethrow(failure);
    });
    io.run();
} catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
