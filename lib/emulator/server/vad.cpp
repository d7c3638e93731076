// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/vad.hpp"

#include "emulator/persona/speech.hpp"
#include "emulator/rules/text_util.hpp"

#include <algorithm>

namespace gemini::live::emulator {

using namespace std::chrono_literals;

void vad::take(std::span<const std::byte> pcm, int rate)
{
    rate = std::clamp(rate, 1'000, 192'000);
    const bool is_new = rate != rate_ || all_has_come_;
    if (is_new) next_ = waiting_.size(); // the rest is less than 20 ms
    rate_ = rate;
    all_has_come_ = false;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    waiting_.insert(waiting_.end(), pcm.begin(), pcm.end());
}

std::optional<vad::event> vad::listen(bool detects, std::chrono::milliseconds ending_silence)
{
    const auto rest = (waiting_.size() - next_) / 2; // in samples
    const auto window = static_cast<std::size_t>(rate_) / 50;
    if (rest < window && !(all_has_come_ && rest > 0)) return std::nullopt;
    const auto samples = std::min(rest, window);
    const auto sound = std::span(waiting_).subspan(next_, 2 * samples);
    next_ += sound.size();
    const auto length =
        std::chrono::nanoseconds(static_cast<std::int64_t>(samples) * 1'000'000'000 / rate_);
    const bool loud = is_loud(sound);
    const bool begins = detects && loud && !speaking_;
    if (begins) begin();
    heard_ += length;
    if (!speaking_) return event::nothing;
    silence_ = loud ? std::chrono::nanoseconds(0) : silence_ + length;
    if (begins) return event::speech_begins;
    return detects && silence_ >= ending_silence ? event::speech_ends : event::speech_goes_on;
}

stretch vad::speech() const noexcept
{
    const auto ms = [](std::chrono::nanoseconds time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time);
    };
    return {ms(begin_), ms(heard_ - silence_)};
}

void vad::begin()
{
    speaking_ = true;
    begin_ = heard_;
    silence_ = {};
}

stretch vad::end()
{
    const auto spoken = speech();
    speaking_ = false;
    silence_ = {};
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

} // namespace gemini::live::emulator
