// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/live_server_session_test.cpp
#pragma once

#include "emulator/rules/setup_rules.hpp"
#include "emulator/server/vad.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/messages.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live::emulator {

/// The user's speech: found in the client's audio, and reported to the client as the setup
/// requests.
class speech_input {
public:
    using messages = std::vector<server_message_members>;

    /// Speech that has ended.
    struct utterance {
        std::chrono::milliseconds length;
        std::string seconds; ///< Its length: "1.5".
        std::string words{}; ///< What stands for its words: "(1.5 s of speech)".
        messages reports{};
    };

    /// `setup` must outlive this.
    explicit speech_input(const accepted_setup& setup) : setup_(setup) {}

    /// Accepts audio: mono pcm16 in base64, of 16 kHz unless its MIME type names another rate.
    void take(const protocol::json_value& blob);
    /// Marks the audio as complete, so that its short last block counts as well.
    void end_of_audio() noexcept { vad_.end_of_audio(); }
    /// Continues to listen. Returns nothing once everything has been heard.
    [[nodiscard]] std::optional<vad::event> listen();
    [[nodiscard]] bool hears_speech() const noexcept { return vad_.hears_speech(); }

    /// Call when speech begins, as `listen` or the client says. Returns its reports.
    [[nodiscard]] messages begin();
    /// Call while speech continues. Returns a guess at its words when one is due; it replaces the
    /// previous one.
    [[nodiscard]] std::optional<server_message_members> guess();
    /// Call when speech ends.
    [[nodiscard]] utterance end();

private:
    void report_activity(
        messages& to, voice_activity_type type, std::chrono::milliseconds offset) const;

    const accepted_setup& setup_;
    vad vad_;
    std::chrono::milliseconds guessed_{0}; // end of the speech that has been guessed at
};

} // namespace gemini::live::emulator
