// SPDX-License-Identifier: Apache-2.0
// Writes ten seconds of music to music.wav: 06_music "minimal techno" "piano". Without a key the
// emulator plays.
#include <asio.hpp>
#include <fstream>
#include <gemini/live.hpp>
#include <gemini/live/testing/emulator.hpp>
#include <iostream>
namespace live = gemini::live;

constexpr std::uint32_t rate = 48'000, frame = 4; // stereo pcm16: bytes per sample of both channels
constexpr std::uint32_t wanted = 10 * rate * frame;

/// The header of a WAV file of `size` bytes of music.
std::string wav_header(std::uint32_t size)
{
    std::string header;
    const auto number = [&header](std::uint32_t value, int bytes) {
        for (; bytes > 0; --bytes, value >>= 8) header += static_cast<char>(value & 0xff);
    };
    header += "RIFF";
    number(36 + size, 4);
    header += "WAVEfmt ";
    number(16, 4);           // bytes that follow
    number(1, 2);            // pcm
    number(2, 2);            // channels
    number(rate, 4);         // per second
    number(rate * frame, 4); // bytes per second
    number(frame, 2);
    number(16, 2); // bits
    header += "data";
    number(size, 4);
    return header;
}

// doc:begin music
asio::awaitable<live::bytes> make_music(
    live::music_session session, std::vector<live::weighted_prompt> prompts)
{
    co_await session.connect();
    co_await session.set_weighted_prompts(std::move(prompts));
    live::music_generation_config config;
    config.bpm = 100;
    config.scale = live::music_scale::d_major_b_minor;
    co_await session.set_music_generation_config(std::move(config));
    co_await session.play();
    live::bytes music;
    auto messages = session.messages();
    while (auto message = co_await live::within(std::chrono::minutes(1), messages.next())) {
        if (const auto& filtered = message->members().filtered_prompt)
            std::cerr << "Not played: " << filtered->text << '\n';
        const auto piece = message->audio(); // stereo pcm16 at 48 kHz
        music.insert(music.end(), piece.begin(), piece.end());
        if (music.size() >= wanted) break;
    }
    co_await session.close();
    co_return music;
}
// doc:end

int main(int argc, char** argv)
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
    std::vector<live::weighted_prompt> prompts(argv + 1, argv + argc);
    if (prompts.empty()) prompts.emplace_back("minimal techno");
    const auto write = [&](std::exception_ptr failure, live::bytes music) {
        io.stop(); // otherwise the emulator keeps listening
        if (failure) std::rethrow_exception(failure);
        std::ofstream file("music.wav", std::ios::binary);
        file << wav_header(static_cast<std::uint32_t>(music.size()));
        file.write(reinterpret_cast<const char*>(music.data()), std::ssize(music));
        std::cout << "music.wav: " << music.size() / frame / rate << " s\n";
    };
    asio::co_spawn(io, make_music(live::music_session{client}, std::move(prompts)), write);
    io.run();
} catch (const live::error& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
