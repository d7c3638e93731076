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

/// Plays the model's speech, mono pcm16 at 24 kHz, through an installed program, one process per
/// answer.
class audio_player {
public:
    /// Returns the program to play through: aplay, paplay or ffplay, whichever is installed.
    [[nodiscard]] static std::optional<std::vector<std::string>> find_program();

    audio_player(asio::any_io_executor executor, std::vector<std::string> program);
    ~audio_player();

    /// Adds more of the answer. Never blocks: what the program does not accept yet is queued.
    void play(std::span<const std::byte> pcm);
    /// The answer is complete; it is played to its end.
    void finish();
    /// Stops the sound at once.
    void stop();

    /// True if the program could not play.
    [[nodiscard]] bool has_failed();
    /// True while something that was said can still be heard.
    [[nodiscard]] bool is_playing();
    [[nodiscard]] const std::string& name() const noexcept { return program_.front(); }

private:
    class process;
    static asio::awaitable<void> feed(std::shared_ptr<process> to);

    asio::any_io_executor executor_;
    std::vector<std::string> program_;
    std::vector<std::shared_ptr<process>> processes_; ///< Those that have not ended yet.
    std::shared_ptr<process> present_;                ///< Plays the present answer.
};

} // namespace chat
