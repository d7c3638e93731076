// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audio_file.hpp"
#include "audio_player.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "terminal.hpp"
#include "transcript.hpp"

#include <gemini/live.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace chat {

/// Carries what the user types to the model and what the model says to the terminal.
class conversation {
public:
    conversation(asio::any_io_executor executor, gemini::live::client client, terminal& screen,
        options wishes, bool with_emulator);

    /// Until the user leaves; gives the exit code of the program. Throws what ended the session.
    asio::awaitable<int> run();

private:
    using clock = std::chrono::steady_clock;

    asio::awaitable<void> keyboard();
    asio::awaitable<void> model();
    asio::awaitable<void> signals();

    // What the user wants ------------------------------------------------------------------
    asio::awaitable<void> say(std::string text);
    asio::awaitable<void> obey(request wish);
    asio::awaitable<void> begin_again(std::string instruction);
    asio::awaitable<void> answer_complete();
    void audio_on(const std::string& file);
    void audio_off();
    void save(const std::string& file);
    void stop_answer();
    [[nodiscard]] bool leave_on_interrupt();

    // What the model and its connection do --------------------------------------------------
    using event_stream = gemini::live::async_generator<gemini::live::session_event>;
    asio::awaitable<std::optional<gemini::live::session_event>> next_of(event_stream& events);
    asio::awaitable<void> take(gemini::live::server_message message);
    void show(const gemini::live::server_message& message);
    void show(const gemini::live::status_change& change);
    void tell_cause(const gemini::live::error& cause);
    asio::awaitable<void> run_tools(const gemini::live::server_message& message);
    void hear(std::span<const std::byte> pcm);
    void end_answer();
    void show_usage();

    [[nodiscard]] std::shared_ptr<gemini::live::session> new_session() const;

    asio::any_io_executor executor_;
    gemini::live::client client_;
    terminal& screen_;
    options wishes_;
    bool with_emulator_;
    std::shared_ptr<gemini::live::session> session_;
    asio::signal_set signals_;
    transcript said_;

    bool answering_ = false; ///< An answer is expected or being given.
    bool begun_ = false;     ///< Some of it has come.
    bool muted_ = false;     ///< The user wants no more of it.
    bool cut_in_ = false;    ///< The user has cut in, says the server.
    std::optional<gemini::live::usage_metadata> usage_;
    asio::steady_timer answer_complete_; ///< Cancelled when an answer is complete.

    std::optional<clock::time_point> next_attempt_; ///< While the session waits to reconnect.
    int attempt_ = 0;
    std::string cause_; ///< Why there is no connection, as told to the user.
    asio::steady_timer second_;

    std::optional<audio_file> file_;
    std::optional<audio_player> player_;

    std::optional<clock::time_point> interrupted_; ///< When Ctrl-C was last pressed.
    bool leaving_ = false;
    int exit_code_ = 0;
    std::exception_ptr failure_;
};

} // namespace chat
