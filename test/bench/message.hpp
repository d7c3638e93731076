// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace bench {

inline std::string base64(std::string_view bytes)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto byte = [&](std::size_t i) {
            return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u;
        };
        const unsigned three = byte(0) << 16 | byte(1) << 8 | byte(2);
        text += alphabet[three >> 18];
        text += alphabet[three >> 12 & 63];
        text += at + 1 < bytes.size() ? alphabet[three >> 6 & 63] : '=';
        text += at + 2 < bytes.size() ? alphabet[three & 63] : '=';
    }
    return text;
}

/// 50 ms of speech as the service sends it: 2,400 bytes of pcm16, 3,200 characters of base64, 3.4
/// KB of JSON.
inline std::string audio_message()
{
    std::mt19937 random(1);
    std::string pcm(2400, '\0');
    for (auto& byte : pcm) byte = static_cast<char>(random());
    return R"({
  "serverContent": {
    "modelTurn": {
      "parts": [
        {
          "inlineData": {
            "mimeType": "audio/pcm;rate=24000",
            "data": ")" +
           base64(pcm) + R"("
          }
        }
      ]
    }
  }
}
)";
}

} // namespace bench
