// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chat {

/// Plays the model's speech, mono pcm16 at 24 kHz, through a program of the system, one process
/// for each answer.
class audio_player {
public:
    /// The program to play through: aplay, paplay or ffplay, whichever is installed.
    [[nodiscard]] static std::optional<std::vector<std::string>> find_program();

    audio_player(asio::any_io_executor executor, std::vector<std::string> program);
    ~audio_player();

    /// Takes more of the answer. Never waits: what the program does not take yet is kept.
    void play(std::span<const std::byte> pcm);
    /// The answer is whole; it is played to its end.
    void finish();
    /// Silence, at once.
    void stop();

    /// The program could not play.
    [[nodiscard]] bool has_failed();
    /// Something that was said can still be heard.
    [[nodiscard]] bool is_playing();
    [[nodiscard]] const std::string& name() const noexcept { return program_.front(); }

private:
    class process;
    static asio::awaitable<void> feed(std::shared_ptr<process> to);

    asio::any_io_executor executor_;
    std::vector<std::string> program_;
    std::vector<std::shared_ptr<process>> processes_; ///< Those that have not ended yet.
    std::shared_ptr<process> present_;                ///< Takes the present answer.
};

} // namespace chat
