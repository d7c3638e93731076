// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace bench {

inline constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string base64(std::string_view bytes)
{
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto byte = [&](std::size_t i) {
            return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u;
        };
        const unsigned three = byte(0) << 16 | byte(1) << 8 | byte(2);
        text += base64_alphabet[three >> 18];
        text += base64_alphabet[three >> 12 & 63];
        text += at + 1 < bytes.size() ? base64_alphabet[three >> 6 & 63] : '=';
        text += at + 2 < bytes.size() ? base64_alphabet[three & 63] : '=';
    }
    return text;
}

inline std::string noise(std::size_t size)
{
    std::mt19937 random(1);
    std::string pcm(size, '\0');
    for (auto& byte : pcm) byte = static_cast<char>(random());
    return pcm;
}

/// The monotonic clock, which all processes of a machine share.
inline std::uint64_t now_ns()
{
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

/// What the server means by a message.
enum class meaning : char {
    audio = 'a',
    acknowledgment = 'k',
    open_others = 'o', ///< Connect the other sessions.
    begin = 'b',       ///< The window begins.
    end = 'e',         ///< It ends: report.
};

/// The first bytes of the sound in every server message. Who decodes nothing finds them as text, at
/// a fixed place.
struct header {
    static constexpr std::size_t size = 9;
    static constexpr std::size_t text_size = 12;

    meaning what = meaning::audio;
    std::uint64_t sent_ns = 0; ///< 0: not recorded.

    [[nodiscard]] std::string text() const
    {
        std::array<char, size> bytes;
        bytes[0] = static_cast<char>(what);
        std::memcpy(bytes.data() + 1, &sent_ns, sizeof sent_ns);
        return base64({bytes.data(), bytes.size()});
    }

    static header of(std::span<const std::byte> pcm)
    {
        header read;
        std::memcpy(&read.what, pcm.data(), 1);
        std::memcpy(&read.sent_ns, pcm.data() + 1, sizeof read.sent_ns);
        return read;
    }
};

inline constexpr std::string_view before_sound = R"({
  "serverContent": {
    "modelTurn": {
      "parts": [
        {
          "inlineData": {
            "mimeType": "audio/pcm;rate=24000",
            "data": ")";
inline constexpr std::string_view after_sound = R"("
          }
        }
      ]
    }
  }
}
)";

inline std::string server_message(header head, std::size_t pcm_size)
{
    return std::string(before_sound) + head.text() + base64(noise(pcm_size - header::size)) +
           std::string(after_sound);
}

/// 50 ms of speech as the service sends it: 2,400 bytes of pcm16, 3,200 characters of base64, 3.4
/// KB of JSON.
inline std::string audio_message(header head = {}) { return server_message(head, 2400); }

inline constexpr std::string_view setup_complete = "{\n  \"setupComplete\": {}\n}\n";

/// For clients that decode nothing: a setupComplete is recognized by its size.
inline bool is_setup_complete(std::string_view json)
{
    return json.size() <= setup_complete.size();
}

inline header header_in(std::string_view json)
{
    static constexpr auto values = [] {
        std::array<std::uint8_t, 256> table{};
        for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
            table[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
        return table;
    }();
    std::array<std::byte, header::size> bytes;
    const char* text = json.data() + before_sound.size();
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        unsigned three = 0;
        for (int i = 0; i < 4; ++i)
            three = three << 6 | values[static_cast<unsigned char>(*text++)];
        for (std::size_t i = 0; i < 3; ++i)
            bytes[at + i] = static_cast<std::byte>(three >> (16 - 8 * i));
    }
    return header::of(bytes);
}

inline constexpr const char* target =
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
inline constexpr std::string_view setup = R"({"setup":{"model":"models/gemini-3.8-live"}})";

/// A chunk of the user's speech: mono pcm16 at 16 kHz.
inline std::string chunk_pcm(unsigned ms) { return noise(std::size_t{32} * ms); }

/// The same as a client message, byte for byte as the SDK writes it.
inline std::string chunk_message(unsigned ms)
{
    return R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":")" +
           base64(chunk_pcm(ms)) + R"("}}})";
}

} // namespace bench
