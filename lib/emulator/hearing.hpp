// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/settings.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <span>
#include <string>

namespace gemini::live::emulation {

/// A stretch of audio, from its start.
struct stretch {
    std::chrono::milliseconds begin{0};
    std::chrono::milliseconds end{0};
};

/// Finds speech in what the user sends: by its loudness, or by the client's marks.
class hearing {
public:
    enum class event { nothing, speech_begins, speech_goes_on, speech_ends };

    /// Takes the next piece of mono pcm16. With `detects`, loudness begins speech and so much
    /// silence ends it.
    event hear(std::span<const std::byte> pcm, int rate, bool detects,
        std::chrono::milliseconds ending_silence);

    void begin();
    /// Gives the speech without the silence at its end.
    stretch end();

    [[nodiscard]] bool hears_speech() const noexcept { return speaking_; }
    /// Speech so far.
    [[nodiscard]] stretch speech() const noexcept { return {begin_, heard_ - silence_}; }
    /// All audio so far.
    [[nodiscard]] std::chrono::milliseconds heard() const noexcept { return heard_; }

private:
    bool speaking_ = false;
    std::chrono::milliseconds heard_{0};
    std::chrono::milliseconds begin_{0};
    std::chrono::milliseconds silence_{0}; // at the end
};

/// `text` as it was spoken, with what else was asked for: the words are spread evenly.
[[nodiscard]] transcription transcribe(
    std::string text, stretch spoken, const transcribing& how, bool finished);

} // namespace gemini::live::emulation
