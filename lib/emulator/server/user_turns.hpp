// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulator {

/// Whether `words` are "." or similar, which frameworks send to request an answer to earlier input.
[[nodiscard]] bool is_placeholder(std::string_view words);

/// What the user has said: the history, and what has not been answered yet. Keeps the newest 50
/// turns, and 500 bytes of each.
class user_turns {
public:
    user_turns() = default;
    user_turns(std::vector<std::string> history, std::string pending);

    /// Adds content to the turn that is not complete yet.
    void add(const std::string& text);
    /// The client supplied a model turn: what the user said before it becomes history, and may be
    /// asked again.
    void add_model_turn();
    /// Makes the pending content history. It needs no answer.
    void complete_history();
    /// Returns the user's latest unanswered words, and regards them as answered. Agent frameworks
    /// send "." or nothing to request an answer to what was said before.
    [[nodiscard]] std::string take_question();
    /// Adds a turn that was answered.
    void remember(std::string_view words);
    /// Whatever was said so far needs no answer.
    void forget_unanswered() { unanswered_.clear(); }

    [[nodiscard]] const std::vector<std::string>& history() const noexcept { return history_; }
    /// Content of a turn that is not complete yet.
    [[nodiscard]] const std::string& pending() const noexcept { return pending_; }

private:
    std::vector<std::string> history_;
    std::string pending_;
    std::string unanswered_; // by the user, before a model turn that the client supplied
};

} // namespace gemini::live::emulator
