// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/session.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace chaos {

namespace live = gemini::live;

/// A user who talks and listens, asks and answers, all at once.
class user {
public:
    user(asio::any_io_executor executor, live::session& session, std::uint32_t seed);

    /// Sends audio 50 times a second, of which a fifth is speech, until `fall_silent()`.
    asio::awaitable<void> speak();
    /// Sends text every few seconds until `ask_no_more()`.
    asio::awaitable<void> ask();
    /// Reads everything and answers calls, until the session has ended.
    asio::awaitable<void> listen();

    void fall_silent() noexcept { silent_ = true; }
    void ask_no_more() noexcept { asks_ = false; }

    struct memory {
        std::vector<int> durable{}; ///< Numbers of what was sent, in its order; so with the next.
        std::vector<int> sound{};
        std::size_t turns = 0;
        std::size_t turns_cut = 0;
        std::size_t calls = 0;
        std::size_t outages = 0;
        std::size_t handovers = 0;
        std::size_t bytes_heard = 0; ///< Of audio.
        std::optional<std::string> failure{};
    };
    [[nodiscard]] const memory& so_far() const noexcept { return memory_; }

private:
    asio::awaitable<void> say(std::string_view words, bool as_content);
    asio::awaitable<void> answer(live::function_call call);
    void hear(const live::server_message& message);
    void see(const live::status_change& change);
    [[nodiscard]] int next_number();
    [[nodiscard]] std::chrono::milliseconds between(int least, int most);

    asio::any_io_executor executor_;
    live::session& session_;
    std::mt19937 random_;
    memory memory_;
    int number_ = 0;
    bool asks_ = true;
    bool silent_ = false;
};

} // namespace chaos
