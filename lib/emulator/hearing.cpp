// SPDX-License-Identifier: Apache-2.0
#include "emulator/hearing.hpp"

#include "emulator/speech.hpp"

#include <algorithm>

namespace gemini::live::emulation {

using namespace std::chrono_literals;

hearing::event hearing::hear(std::span<const std::byte> pcm, int rate, bool detects,
    std::chrono::milliseconds ending_silence)
{
    const auto length = duration_of(pcm.size(), std::clamp(rate, 1'000, 192'000));
    const bool loud = is_loud(pcm);
    const bool begins = detects && loud && !speaking_;
    if (begins) begin();
    heard_ += length;
    if (!speaking_) return event::nothing;
    silence_ = loud ? 0ms : silence_ + length;
    if (begins) return event::speech_begins;
    return detects && silence_ >= ending_silence ? event::speech_ends : event::speech_goes_on;
}

void hearing::begin()
{
    speaking_ = true;
    begin_ = heard_;
    silence_ = 0ms;
}

stretch hearing::end()
{
    const auto spoken = speech();
    speaking_ = false;
    silence_ = 0ms;
    return spoken;
}

transcription transcribe(std::string text, stretch spoken, const transcribing& how, bool finished)
{
    transcription result;
    result.text = std::move(text);
    result.finished = finished;
    result.language_code = how.language;
    if (how.tells_speakers) result.speaker_label = "spk_1";
    if (!how.times_words) return result;
    result.start_offset = spoken.begin;
    result.end_offset = spoken.end;
    std::string_view rest(result.text);
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest))
        result.words.push_back({std::string(word), {}, {}});
    const auto count = static_cast<int>(result.words.size());
    for (int i = 0; i < count; ++i) {
        auto& word = result.words[static_cast<std::size_t>(i)];
        word.start_offset = spoken.begin + (spoken.end - spoken.begin) * i / count;
        word.end_offset = spoken.begin + (spoken.end - spoken.begin) * (i + 1) / count;
    }
    return result;
}

} // namespace gemini::live::emulation
