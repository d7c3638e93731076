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

namespace gemini::live::emulator {

/// A music session. Validates client messages as the service does, and plays a pattern of tones
/// that follows them.
class music : public server_session {
public:
    /// `api_key` is the only key accepted; empty: any key. A `pace` of 1 plays in real time.
    music(emulator::route route, std::string api_key, double pace);

    [[nodiscard]] actions on_message(std::string_view text, moment now) override;
    [[nodiscard]] actions on_timer(moment now) override;
    [[nodiscard]] std::optional<moment> next_timer() const override;

private:
    void refuse(refusal why);
    [[nodiscard]] std::optional<refusal> hear_message(const protocol::json_value& message);
    [[nodiscard]] std::optional<refusal> hear_prompts(const protocol::json_value& content);
    void control(std::string_view playback);
    void emit(const server_message_members& message);
    void play_on();

    emulator::route route_;
    std::string api_key_;
    double pace_;
    bool set_up_ = false;
    bool over_ = false;
    std::vector<weighted_prompt> prompts_;
    music_generation_config config_;
    music_generation_config context_; // its tempo and scale are played until a reset
    std::uint64_t position_ = 0;      // number of samples played
    std::optional<moment> due_;       // the next piece, or the setup deadline
    moment now_{0};
    actions out_;
};

/// Returns `count` samples from `position` on: stereo pcm16, little endian, 48 kHz, interleaved.
/// Drums mark the beat, a bass plays the root, and a melody walks through the scale in a way that
/// depends on the prompts. The same arguments always produce the same sound.
[[nodiscard]] bytes play(std::span<const weighted_prompt> prompts,
    const music_generation_config& config, std::uint64_t position, std::size_t count);

} // namespace gemini::live::emulator
