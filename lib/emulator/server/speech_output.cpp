// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/speech_output.hpp"

#include "emulator/persona/avatar.hpp"
#include "emulator/persona/speech.hpp"
#include "emulator/server/vad.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gemini::live::emulator {
namespace {

using namespace std::chrono_literals;

constexpr auto chunk_pause = 40ms; // after 100 ms of speech: faster than real time
constexpr std::size_t sample_bytes = 2;
constexpr std::size_t ms_bytes = speech_rate / 1000 * sample_bytes;
constexpr std::size_t chunk_bytes = 100 * ms_bytes;
constexpr std::size_t least_chunk = 40 * ms_bytes; // of uneven pieces
constexpr std::size_t uneven_chunks[]{40 * ms_bytes, 240 * ms_bytes, 560 * ms_bytes, 120 * ms_bytes,
    80 * ms_bytes, 400 * ms_bytes, 160 * ms_bytes, 320 * ms_bytes};

/// Returns the size of piece `number`, counted from 0, out of the `left` remaining bytes: first a
/// single sample, then 40 to 560 ms.
std::size_t uneven_piece(std::size_t number, std::size_t left)
{
    if (number == 0) return std::min(left, sample_bytes);
    const auto wanted = uneven_chunks[(number - 1) % std::size(uneven_chunks)];
    if (left >= wanted + least_chunk) return wanted;
    constexpr auto longest = *std::max_element(std::begin(uneven_chunks), std::end(uneven_chunks));
    return left <= longest ? left : left / 2 / sample_bytes * sample_bytes;
}

} // namespace

speech_output::speech_output(const accepted_setup& setup, const testing::emulator_quirks& quirks,
    live::backend backend, usage_counter& usage)
    : setup_(setup), quirks_(quirks), backend_(backend), usage_(usage)
{
}

std::vector<speech_output::piece> speech_output::speak_phrase(
    const std::string& words, bool is_last)
{
    const auto pcm = speak(words);
    const auto length = duration_of(pcm.size(), speech_rate);
    boxed<transcription> transcript;
    if (setup_.output.on)
        transcript =
            transcribe(words, {usage_.spoken(), usage_.spoken() + length}, setup_.output, false);
    usage_.speaks(length);
    if (setup_.shows) usage_.shows(length);
    std::vector<piece> pieces;
    if (transcript && is_last && quirks_.trailing_transcription == true) {
        last_words_.emplace().server_content.emplace().output_transcription =
            std::exchange(transcript, std::nullopt);
    } else if (transcript && quirks_.merged_transcriptions != true) {
        pieces.emplace_back().message.server_content.emplace().output_transcription =
            std::exchange(transcript, std::nullopt);
    }
    for (auto left = std::span(pcm); !left.empty();) {
        const auto size = next_size(left.size());
        auto& next = pieces.emplace_back();
        auto& said = next.message.server_content.emplace();
        said.model_turn = content("model", parts_of(left.first(size)));
        said.output_transcription = std::exchange(transcript, std::nullopt);
        next.pause = chunk_pause * static_cast<int>(size) / static_cast<int>(chunk_bytes);
        ++pieces_spoken_;
        left = left.subspan(size);
    }
    return pieces;
}

std::optional<server_message_members> speech_output::end_turn()
{
    pieces_shown_ = 0;
    pieces_spoken_ = 0;
    return std::exchange(last_words_, std::nullopt);
}

std::size_t speech_output::next_size(std::size_t left) const
{
    const bool is_uneven = !setup_.shows && quirks_.uneven_sound == true;
    return is_uneven ? uneven_piece(pieces_spoken_, left) : std::min(chunk_bytes, left);
}

std::vector<part> speech_output::parts_of(std::span<const std::byte> pcm)
{
    std::vector<part> parts;
    const bool is_in_two = quirks_.merged_transcriptions == true && pieces_spoken_ % 2 != 0 &&
                           pcm.size() >= 2 * least_chunk;
    if (setup_.shows) {
        parts.emplace_back(blob(avatar_type, avatar_piece(pieces_shown_++, pcm)));
    } else if (is_in_two) {
        const auto half = pcm.size() / 2 / sample_bytes * sample_bytes;
        parts.push_back(sound_of(pcm.first(half)));
        parts.push_back(sound_of(pcm.subspan(half)));
    } else {
        parts.push_back(sound_of(pcm));
    }
    return parts;
}

part speech_output::sound_of(std::span<const std::byte> pcm) const
{
    const auto* const type = backend_ == backend::vertex_ai ? "audio/pcm" : "audio/pcm;rate=24000";
    return part(blob(type, bytes(pcm.begin(), pcm.end())));
}

} // namespace gemini::live::emulator
