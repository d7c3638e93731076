// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

#include <chrono>
#include <span>
#include <string_view>

namespace gemini::live::emulator {

inline constexpr int speech_rate = 24'000; // samples per second

/// Returns mono pcm16, little endian, 24 kHz, that sounds like somebody saying `words` in a
/// language of tones: one syllable per group of vowels, colored by the vowel, with a melody that
/// falls at the end of a sentence and rises at the end of a question. The same words always sound
/// the same.
[[nodiscard]] bytes speak(std::string_view words);

[[nodiscard]] constexpr std::chrono::milliseconds duration_of(
    std::size_t pcm_bytes, int rate) noexcept
{
    return std::chrono::milliseconds(pcm_bytes / 2 * 1000 / static_cast<std::size_t>(rate));
}

/// Whether a piece of mono pcm16 is loud enough to be speech.
[[nodiscard]] bool is_loud(std::span<const std::byte> pcm) noexcept;

} // namespace gemini::live::emulator
