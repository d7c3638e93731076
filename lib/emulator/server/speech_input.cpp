// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/speech_input.hpp"

#include "base/base64.hpp"
#include "base/media_type.hpp"
#include "emulator/rules/validator.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;

constexpr auto guess_pause = 500ms; // of speech, between guesses at it

std::string spoken_seconds(stretch speech)
{
    const auto tenths = (speech.end - speech.begin).count() / 100;
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

std::string stand_in(std::string_view seconds) { return fmt::format("({} s of speech)", seconds); }

} // namespace

void speech_input::take(const protocol::json_value& blob)
{
    const auto mime_type = text_at(blob, "mimeType");
    const auto base64 = text_at(blob, "data");
    bytes pcm(base::base64_capacity(base64.size()));
    pcm.resize(base::base64_decode(base64, pcm.data()).value_or(0));
    int rate = 16'000;
    if (const auto named = base::media_parameter(mime_type, "rate"))
        std::from_chars(named->data(), named->data() + named->size(), rate);
    vad_.take(pcm, rate);
}

std::optional<vad::event> speech_input::listen()
{
    return vad_.listen(setup_.detects_activity, setup_.silence);
}

speech_input::messages speech_input::begin()
{
    if (!vad_.hears_speech()) vad_.begin();
    guessed_ = vad_.speech().begin;
    messages reports;
    report_activity(reports, voice_activity_type::activity_start, guessed_);
    return reports;
}

std::optional<server_message_members> speech_input::guess()
{
    const auto speech = vad_.speech();
    const bool wanted = setup_.model->transcribes || setup_.guesses_with_times;
    if (!setup_.input.on || !wanted || speech.end - guessed_ < guess_pause) return std::nullopt;
    guessed_ = speech.end;
    auto how = setup_.input;
    how.times_words = setup_.guesses_with_times;
    server_message_members guess;
    guess.server_content.emplace().interim_input_transcription =
        transcribe(stand_in(spoken_seconds(speech)), speech, how, false);
    return guess;
}

speech_input::utterance speech_input::end()
{
    const auto speech = vad_.end();
    utterance ended{.length = speech.end - speech.begin, .seconds = spoken_seconds(speech)};
    ended.words = stand_in(ended.seconds);
    report_activity(ended.reports, voice_activity_type::activity_end, speech.end);
    if (setup_.input.on)
        ended.reports.emplace_back().server_content.emplace().input_transcription =
            transcribe(ended.words, speech, setup_.input, true);
    return ended;
}

void speech_input::report_activity(
    messages& to, voice_activity_type type, std::chrono::milliseconds offset) const
{
    if (!setup_.tells_activity) return;
    to.emplace_back().voice_activity = voice_activity{type, offset};
    to.emplace_back().server_content.emplace().speech_state =
        type == voice_activity_type::activity_start ? speech_state::speech
                                                    : speech_state::non_speech;
}

} // namespace gemini::live::emulator
