// SPDX-License-Identifier: Apache-2.0
// Says hello and prints the answer. Without a key it asks the emulator.
// doc:begin hello
#include <asio.hpp>
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <iostream>
namespace live = gemini::live;

asio::awaitable<void> hello(live::session session)
{
    co_await session.connect();
    co_await session.send("Hello! Who are you?");
    const auto answer = co_await live::within(std::chrono::minutes(1), session.turn());
    std::cout << answer.output_transcription << '\n';
    if (!answer.is_whole()) std::cerr << "(not a whole answer: " << to_string(answer.end) << ")\n";
    co_await session.close();
}

int main()
try {
    asio::io_context io;
    live::client_options options{.credentials = live::api_key::from_environment()};
    std::optional<live::testing::emulator> emulator;
    if (options.credentials.empty()) {
        emulator.emplace(io.get_executor());
        options.base_url = emulator->url();
        options.credentials = live::api_key("any");
    }
    live::client client{io.get_executor(), options};
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    asio::co_spawn(io, hello(std::move(session)), [&](std::exception_ptr failure) {
        io.stop(); // otherwise the emulator keeps listening
        live::rethrow(failure);
    });
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
// doc:end
