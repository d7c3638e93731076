// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/messages.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::sessions {

/// The words of a conversation, for a server that has forgotten it. Pure.
class history {
public:
    explicit history(std::size_t limit) noexcept : limit_(limit) {}

    /// What the user has sent, and the model has begun to answer.
    void add_user(std::string_view words) { add("user", words); }
    /// What the server says: what it has heard, what the model says and calls.
    void heard(const server_message& message);

    [[nodiscard]] bool empty() const noexcept { return turns_.empty(); }
    [[nodiscard]] std::vector<content> turns() const;

private:
    struct turn {
        std::string role;
        std::string words;
    };
    void add(std::string_view role, std::string_view words);

    std::size_t limit_;
    std::size_t size_ = 0;
    bool closed_ = true; ///< The last turn is over: what comes is another.
    std::deque<turn> turns_;
};

} // namespace gemini::live::sessions
