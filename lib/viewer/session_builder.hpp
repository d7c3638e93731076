// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/viewer/conversation_test.cpp
#pragma once

#include "viewer/conversation.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace gemini::live::viewer {

/// Divides what passed on the connections of one session into turns and spans of time. Pure.
class session_builder {
public:
    /// Takes a message; `line` is the index of its line, `begin` that of its sound.
    void sent(std::size_t line, milliseconds at, const message_facts& facts, bool resent,
        milliseconds begin);
    void received(std::size_t line, milliseconds at, const message_facts& facts);
    /// A connection has ended: an answer that was under way is cut.
    void ended(milliseconds at);
    /// `end`: of the recording.
    [[nodiscard]] shown_session take(milliseconds end) &&;

private:
    using cause = turn::waited_from;

    void hear_user(std::size_t line, milliseconds begin, const sound& heard);
    void hear_model(std::size_t line, milliseconds at, const sound& heard);
    void note_speech(milliseconds begin, const std::string& levels);
    void note_asked(milliseconds at, cause why);
    /// The turn that the user's input belongs to.
    turn& asking(std::size_t line, milliseconds begin);
    /// The turn that the model answers in.
    turn& answering(std::size_t line, milliseconds at);
    void close(milliseconds at, turn::ending how);
    void end_call(const std::string& id, milliseconds at, std::optional<std::size_t> answer_line);
    /// Drops what has not played yet.
    void silence(milliseconds at);

    shown_session all_{};
    std::optional<turn> asked_{};    ///< Without an answer so far.
    std::optional<turn> answered_{}; ///< The answer is under way.
    std::optional<milliseconds> asked_at_{};
    cause why_ = cause::nothing;
    bool is_interrupted_ = false;
    std::optional<milliseconds> last_sound_{}; ///< End of the user's last sound.
    std::optional<milliseconds> loud_since_{}; ///< Begin of the speech that no turn has yet.
};

/// A sound that was sent by then.
struct sent_sound {
    milliseconds at{0};
    milliseconds duration{0};
};

/// Returns when each of the sounds of a microphone began: it had been recorded when it was sent,
/// also if much was sent at once, as after an outage.
[[nodiscard]] std::vector<milliseconds> begins_of(const std::vector<sent_sound>& sounds);

/// Returns the value below which `share` of the values are, by nearest rank; 0 for none.
[[nodiscard]] milliseconds percentile(std::vector<milliseconds> values, double share);

} // namespace gemini::live::viewer
