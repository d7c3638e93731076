// SPDX-License-Identifier: Apache-2.0
// The smallest program: says hello to the service and prints the answer. Needs a key.
// doc:begin first_words
#include <asio.hpp>
#include <gemini/live.hpp>
#include <iostream>
namespace live = gemini::live;

asio::awaitable<void> hello(live::session session)
{
    co_await session.connect();
    co_await session.send("Hello! Who are you?");
    const auto answer = co_await session.turn();
    std::cout << answer.output_transcription << '\n';
    co_await session.close();
}

int main()
try {
    asio::io_context io;
    const auto client = live::client::from_environment(io);
    live::session session{
        client, {.model = "gemini-3.8-live", .output_audio_transcription = live::on}};
    asio::co_spawn(io, hello(std::move(session)), live::rethrow);
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
// doc:end
