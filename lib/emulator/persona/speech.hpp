// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

#include <chrono>
#include <span>
#include <string_view>

namespace gemini::live::emulation {

inline constexpr int speech_rate = 24'000; // samples a second

/// Mono pcm16, little endian, 24 kHz, that sounds like somebody saying `words` in a language of
/// tones: a syllable for each group of vowels, coloured by the vowel, with a melody that falls when
/// the words end a sentence and rises when they end a question. The same words always sound the
/// same.
[[nodiscard]] bytes speak(std::string_view words);

[[nodiscard]] constexpr std::chrono::milliseconds duration_of(
    std::size_t pcm_bytes, int rate) noexcept
{
    return std::chrono::milliseconds(pcm_bytes / 2 * 1000 / static_cast<std::size_t>(rate));
}

/// Whether a piece of mono pcm16 is loud enough to be somebody speaking.
[[nodiscard]] bool is_loud(std::span<const std::byte> pcm) noexcept;

} // namespace gemini::live::emulation
