// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/other_clients_test.cpp
#pragma once

#include "emulator/rules/setup_rules.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace gemini::live::emulator {

/// A section of audio, with times relative to the start of the audio.
struct stretch {
    std::chrono::milliseconds begin{0};
    std::chrono::milliseconds end{0};
};

/// Finds speech in the user's audio, by loudness or by the client's marks. Listens to 20 ms at a
/// time, however the client has cut its audio.
class vad {
public:
    enum class event { nothing, speech_begins, speech_goes_on, speech_ends };

    /// Accepts the next piece of mono pcm16, which may begin or end in the middle of a sample.
    void take(std::span<const std::byte> pcm, int rate);
    /// Continues to listen. Returns nothing once every complete block has been heard. With
    /// `detects`, loudness begins speech, and silence of the length `ending_silence` ends it.
    std::optional<event> listen(bool detects, std::chrono::milliseconds ending_silence);
    /// Marks the audio as complete, so that its short last block counts as well.
    void end_of_audio() noexcept { all_has_come_ = true; }

    void begin();
    /// Returns the speech without the silence at its end.
    stretch end();

    [[nodiscard]] bool hears_speech() const noexcept { return speaking_; }
    /// The speech so far.
    [[nodiscard]] stretch speech() const noexcept;

private:
    bytes waiting_{};      // audio that has not been listened to yet
    std::size_t next_ = 0; // position in `waiting_`
    int rate_ = 16'000;
    bool all_has_come_ = false;
    bool speaking_ = false;
    std::chrono::nanoseconds heard_{0};
    std::chrono::nanoseconds begin_{0};
    std::chrono::nanoseconds silence_{0}; // at the end of the speech
};

/// Transcribes `text` as spoken during the stretch, with the requested details. Words are spread
/// evenly.
[[nodiscard]] transcription transcribe(
    std::string text, stretch spoken, const transcribing& how, bool finished);

} // namespace gemini::live::emulator
