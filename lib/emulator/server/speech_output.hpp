// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/live_server_session_test.cpp, test/unit/emulator/quirks_test.cpp
#pragma once

#include "emulator/rules/setup_rules.hpp"
#include "emulator/server/usage_counter.hpp"

#include <gemini/live/messages.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gemini::live::emulator {

/// The model's speech as messages: synthesized, transcribed, and cut into pieces as the model of
/// the setup cuts it.
class speech_output {
public:
    struct piece {
        server_message_members message;
        std::chrono::milliseconds pause{0}; ///< Before what follows.
    };

    /// The arguments must outlive this. `usage` counts what is spoken.
    speech_output(const accepted_setup& setup, const testing::emulator_quirks& quirks,
        live::backend backend, usage_counter& usage);

    /// Speaks a phrase. `is_last`: the answer has no further one.
    [[nodiscard]] std::vector<piece> speak_phrase(const std::string& words, bool is_last);
    /// Returns what is to follow the end of the turn: the transcript of the last words, if the
    /// model has that habit.
    [[nodiscard]] std::optional<server_message_members> end_turn();
    /// Discards what was to follow the end of the turn.
    void interrupt() { last_words_.reset(); }

private:
    [[nodiscard]] std::size_t next_size(std::size_t left) const;
    [[nodiscard]] std::vector<part> parts_of(std::span<const std::byte> pcm);
    [[nodiscard]] part sound_of(std::span<const std::byte> pcm) const;

    const accepted_setup& setup_;
    const testing::emulator_quirks& quirks_;
    const live::backend backend_;
    usage_counter& usage_;
    std::uint32_t pieces_shown_ = 0; // of the current answer
    std::size_t pieces_spoken_ = 0;  // of the current answer
    std::optional<server_message_members> last_words_;
};

} // namespace gemini::live::emulator
