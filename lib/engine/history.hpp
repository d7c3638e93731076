// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/turn_tracker.hpp"

#include <gemini/live/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::engine {

/// The words of a conversation, for a server that has forgotten it: by turns, in each first what
/// the user said, then what the model did, in whatever order they became known. Pure.
class history {
public:
    explicit history(std::size_t limit) noexcept : limit_(limit) {}

    /// What the user has sent, answered in this turn.
    void add_user(std::string_view words, std::uint64_t turn);
    /// What the server says: what it has heard, what the model says and calls.
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
    std::deque<turn> turns_;
    std::string undecided_;
    std::uint64_t undecided_turn_ = 0;
};

} // namespace gemini::live::engine
