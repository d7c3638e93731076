// SPDX-License-Identifier: Apache-2.0
// A TCP server in which every connection is one spoken conversation; one client serves them all.
// The caller sends mono pcm16 at 16 kHz and hears mono pcm16 at 24 kHz. To call it:
//   arecord -q -t raw -f S16_LE -r 16000 | nc 127.0.0.1 7000 | aplay -q -t raw -f S16_LE -r 24000
// The first argument, if any, names another server than the service, the second another port.
#include <asio.hpp>
#include <gemini/live.hpp>
#include <iostream>
namespace live = gemini::live;
using asio::ip::tcp;

// doc:begin voice_server
asio::awaitable<void> hear(tcp::socket& caller, live::session& session)
{
    std::array<std::byte, 3200> pcm; // 100 ms
    for (std::error_code gone; !gone;) {
        auto size = co_await asio::async_read(
            caller, asio::buffer(pcm), asio::redirect_error(asio::use_awaitable, gone));
        co_await session.send_audio(std::span<const std::byte>(pcm).first(size - size % 2));
    }
}

asio::awaitable<void> speak(tcp::socket& caller, live::session& session)
{
    auto messages = session.messages();
    for (std::error_code gone; !gone;) {
        auto message = co_await messages.next();
        if (!message) break; // the session has closed
        auto pcm = message->audio();
        co_await asio::async_write(caller, asio::buffer(pcm.data(), pcm.size()),
            asio::redirect_error(asio::use_awaitable, gone));
    }
}

asio::awaitable<void> converse(tcp::socket caller, live::client& client)
{
    live::session session{client, {.model = "gemini-3.8-live"}};
    co_await session.connect();
    // The first to end, whether it returns or throws, cancels the other.
    co_await live::race(hear(caller, session), speak(caller, session));
    co_await session.close();
}
// doc:end

void report(std::exception_ptr failure)
{
    try {
        live::rethrow(failure);
    } catch (const std::exception& why) {
        std::cerr << "A call has failed: " << why.what() << '\n';
    }
}

asio::awaitable<void> answer_calls(tcp::acceptor& door, live::client& client)
{
    for (;;) {
        auto caller = co_await door.async_accept(asio::use_awaitable);
        auto executor = caller.get_executor();
        asio::co_spawn(executor, converse(std::move(caller), client), report);
    }
}

int main(int argc, char* argv[])
try {
    asio::io_context io;
    live::client_options options{.credentials = live::api_key::from_environment()};
    if (argc > 1) options.base_url = argv[1];
    live::client client{io.get_executor(), options};
    const auto port = static_cast<std::uint16_t>(argc > 2 ? std::stoi(argv[2]) : 7000);
    tcp::acceptor door{io, tcp::endpoint(asio::ip::address_v4::loopback(), port)};
    std::cout << "Waiting for calls on " << door.local_endpoint() << "; Ctrl-C ends." << std::endl;
    asio::co_spawn(io, answer_calls(door, client), live::rethrow);
    io.run();
} catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
