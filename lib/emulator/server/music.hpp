// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/refusal.hpp"
#include "emulator/rules/route.hpp"
#include "emulator/server/server_session.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/music.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live::emulation {

/// A music session: checks what the client says as the service does, and plays a pattern of tones
/// that follows it.
class music : public server_session {
public:
    /// `api_key` is the only one taken, any if it is empty; `pace` is 1 for as fast as it sounds.
    music(emulation::route route, std::string api_key, double pace);

    [[nodiscard]] actions on_message(std::string_view text, moment now) override;
    [[nodiscard]] actions on_timer(moment now) override;
    [[nodiscard]] std::optional<moment> next_timer() const override;

private:
    void refuse(refusal why);
    [[nodiscard]] std::optional<refusal> hear_message(const protocol::json_value& message);
    [[nodiscard]] std::optional<refusal> hear_prompts(const protocol::json_value& content);
    void control(std::string_view playback);
    void emit(const server_message::members& message);
    void play_on();

    emulation::route route_;
    std::string api_key_;
    double pace_;
    bool set_up_ = false;
    bool over_ = false;
    std::vector<weighted_prompt> prompts_;
    music_generation_config config_;
    music_generation_config context_; // of which tempo and scale are played until a reset
    std::uint64_t position_ = 0;      // samples played
    std::optional<moment> due_;       // the next piece, or the end of patience
    moment now_{0};
    actions out_;
};

/// `count` samples from `position` on: stereo pcm16, little endian, 48 kHz, interleaved. Drums mark
/// the beat, a bass has the root, a melody walks through the scale in a way that depends on the
/// prompts; the same arguments always sound the same.
[[nodiscard]] bytes play(std::span<const weighted_prompt> prompts,
    const music_generation_config& config, std::uint64_t position, std::size_t count);

} // namespace gemini::live::emulation
