// SPDX-License-Identifier: Apache-2.0
// Decoding and encoding of one audio message, beside what no codec can beat. Argument: seconds for
// each figure.
#include "message.hpp"

#include "protocol/decode.hpp"
#include "protocol/encode.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace {

namespace live = gemini::live;

/// Makes the compiler believe that `value` is looked at.
template <class T>
void keep(T& value)
{
    asm volatile("" : : "g"(&value) : "memory");
}

/// Nanoseconds of one call, seven times.
template <class Work>
void measure(const char* what, double seconds, Work work)
{
    using clock = std::chrono::steady_clock;
    std::printf("{\"what\": \"%s\", \"ns\": [", what);
    for (int repeat = 0; repeat < 7; ++repeat) {
        const auto begin = clock::now();
        const auto end = begin + std::chrono::duration<double>(seconds / 7);
        long calls = 0;
        auto now = begin;
        while (now < end) {
            for (int i = 0; i < 100; ++i) work();
            calls += 100;
            now = clock::now();
        }
        std::printf("%s%.1f", repeat == 0 ? "" : ", ",
            std::chrono::duration<double, std::nano>(now - begin).count() / double(calls));
    }
    std::printf("]}\n");
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv)
{
    const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
    const std::string text = bench::audio_message();
    std::string copy = text;
    measure("memcpy of the text", seconds, [&] {
        std::memcpy(copy.data(), text.data(), text.size());
        keep(copy);
    });
    measure("padded copy on the heap, as received", seconds, [&] {
        live::base::padded_buffer received(text);
        keep(received);
    });

    const simdjson::padded_string padded(text);
    simdjson::ondemand::parser parser;
    measure("bare simdjson On-Demand: find the audio, decode nothing", seconds, [&] {
        auto document = parser.iterate(padded);
        std::string_view audio = document["serverContent"]["modelTurn"]["parts"]
                                     .at(0)["inlineData"]["data"]
                                     .raw_json_token();
        keep(audio);
    });
    measure("decode_server_message: padded copy, JSON, base64, owned", seconds, [&] {
        auto message = live::protocol::decode_server_message(live::base::padded_buffer(text));
        keep(message);
    });

    const std::string pcm(2400, 'x');
    measure("encode_realtime_audio: base64 and JSON into the frame", seconds, [&] {
        auto frame = live::protocol::encode_realtime_audio(
            std::as_bytes(std::span(pcm.data(), pcm.size())), 16000);
        keep(frame);
    });
}
