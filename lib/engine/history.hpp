// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/session_fsm_test.cpp
#pragma once

#include "engine/turn_tracker.hpp"

#include <gemini/live/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::engine {

/// The words of a conversation, for a server that has forgotten it. They are grouped by turn. In
/// each turn the user's words precede the model's, in whatever order they became known. Pure.
class history {
public:
    explicit history(std::size_t limit) : limit_(limit) {}

    /// Adds what the user has sent and this turn answers.
    void add_user(std::string_view words, std::uint64_t turn);
    /// Adds what the server reports: what it has heard, what the model says and what it calls.
    void heard(const server_message& message, const turn_mark& mark);

    [[nodiscard]] bool empty() const noexcept { return turns_.empty(); }
    [[nodiscard]] std::vector<content> turns() const;

private:
    struct turn {
        std::uint64_t number;
        std::string user{};
        std::string model{};
    };
    [[nodiscard]] turn& at(std::uint64_t number);
    void add_model(std::string_view words, std::uint64_t turn);
    void add(std::string& to, std::string_view words);
    void place_undecided(std::uint64_t turn);
    void shorten();

    std::size_t limit_;
    std::size_t size_ = 0;
    std::vector<turn> turns_;
    std::string undecided_;
    std::uint64_t undecided_turn_ = 0;
};

} // namespace gemini::live::engine
