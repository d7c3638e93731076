// SPDX-License-Identifier: Apache-2.0
// Decoding and encoding of one audio message, compared with the least work that any codec must do.
// Argument: seconds for each figure.
#include "message.hpp"

#include "base/base64.hpp"
#include "protocol/decode.hpp"
#include "protocol/encode.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace live = gemini::live;
using clock_type = std::chrono::steady_clock;

/// Makes the compiler assume that `value` is used.
template <class T>
void keep(T& value)
{
    asm volatile("" : : "g"(&value) : "memory");
}

constexpr int rounds = 7;

struct figure {
    const char* id;
    std::string what;
    std::size_t bytes; // of text that one call processes
    std::function<void()> hundred_times;
    std::array<double, rounds> ns{};
};

template <class Work>
figure measured(const char* id, std::string what, std::size_t bytes, Work work)
{
    return {id, std::move(what), bytes, [work]() mutable {
                for (int i = 0; i < 100; ++i) work();
            }};
}

/// Nanoseconds per call. All take turns, so that a ratio of two in one round is meaningful.
void measure(std::vector<figure>& all, double seconds)
{
    for (int round = 0; round < rounds; ++round) {
        for (auto& each : all) {
            const auto begin = clock_type::now();
            const auto end = begin + std::chrono::duration<double>(seconds / rounds);
            long calls = 0;
            auto now = begin;
            while (now < end) {
                each.hundred_times();
                calls += 100;
                now = clock_type::now();
            }
            each.ns[static_cast<std::size_t>(round)] =
                std::chrono::duration<double, std::nano>(now - begin).count() / double(calls);
        }
    }
}

void print(const figure& each)
{
    std::printf("{\"id\": \"%s\", \"what\": \"%s\", \"bytes\": %zu, \"ns\": [", each.id,
        each.what.c_str(), each.bytes);
    for (std::size_t i = 0; i < each.ns.size(); ++i)
        std::printf("%s%.1f", i == 0 ? "" : ", ", each.ns[i]);
    std::printf("]}\n");
}

/// Visits every member and value, as a reader that knows the message would; nothing is kept.
std::size_t walk(simdjson::ondemand::parser& parser, const simdjson::padded_string& text)
{
    std::size_t audio = 0;
    auto document = parser.iterate(text);
    for (auto outer : document.get_object()) {
        for (auto content : outer.value().get_object()) {
            for (auto turn : content.value().get_object()) {
                for (auto part : turn.value().get_array()) {
                    for (auto member : part.get_object()) {
                        for (auto data : member.value().get_object())
                            audio += data.value().raw_json_token().value().size();
                    }
                }
            }
        }
    }
    return audio;
}

} // namespace

int main(int argc, char** argv)
{
    const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
    const std::string text = bench::audio_message();
    const std::string pcm(2400, 'x');
    const auto bytes = std::as_bytes(std::span(pcm.data(), pcm.size()));
    const std::string base64 = bench::base64(pcm);
    std::string copy = text;
    std::string base64_out(base64.size(), '\0');
    std::vector<std::byte> bytes_out(live::base::base64_capacity(base64.size()));
    const simdjson::padded_string padded(text);
    simdjson::dom::parser dom;
    simdjson::ondemand::parser on_demand;

    std::vector<figure> all;
    all.push_back(measured("memcpy", "memcpy of the text", text.size(), [&] {
        std::memcpy(copy.data(), text.data(), text.size());
        keep(copy);
    }));
    all.push_back(measured("parse", "simdjson: bare parse (DOM)", text.size(), [&] {
        auto element = dom.parse(padded);
        keep(element);
    }));
    all.push_back(measured("walk", "simdjson: On-Demand walk", text.size(), [&] {
        auto audio = walk(on_demand, padded);
        keep(audio);
    }));
    all.push_back(measured("base64 decode", "base64 decode", base64.size(), [&] {
        auto size = live::base::base64_decode(base64, bytes_out.data());
        keep(size);
    }));
    all.push_back(measured("base64 encode", "base64 encode", base64.size(), [&] {
        live::base::base64_encode(bytes, base64_out.data());
        keep(base64_out);
    }));
    all.push_back(measured(
        "decode", "decode: copy on the heap, JSON, base64, owned message", text.size(), [&] {
            auto message = live::protocol::decode_server_message(live::base::padded_buffer(text));
            keep(message);
        }));
    const auto size = live::protocol::encode_realtime_audio(bytes, 16000).size();
    all.push_back(measured("encode", "encode: JSON and base64 into a new frame", size, [&] {
        auto frame = live::protocol::encode_realtime_audio(bytes, 16000);
        keep(frame);
    }));
    measure(all, seconds);
    std::for_each(all.begin(), all.end(), print);
}
