// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audio_file.hpp"
#include "audio_player.hpp"
#include "commands.hpp"
#include "ctrl_c.hpp"
#include "exchange.hpp"
#include "options.hpp"
#include "terminal.hpp"
#include "tool_servers.hpp"
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
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace chat {

/// Carries what the user types to the model and what the model says to the terminal.
class conversation {
public:
    /// `signals` are those that end the program; it handles them from now on.
    conversation(asio::any_io_executor executor, gemini::live::client client, terminal& screen,
        asio::signal_set& signals, options wishes, bool with_emulator);

    /// Runs until the user quits; returns the exit code of the program. Throws what ended the
    /// session.
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
    asio::awaitable<void> converse();
    asio::awaitable<void> leave();
    void change_tools();
    asio::awaitable<void> answer_complete();
    void audio_on(const std::string& file);
    void audio_off();
    void save(const std::string& file);
    void stop_answer();
    [[nodiscard]] bool leave_on_interrupt();
    void tell_unwritable(const std::string& file, const std::system_error& why);

    // What the model and its connection do --------------------------------------------------
    void take(gemini::live::session_event event);
    void show(const gemini::live::server_message& message);
    void show(const gemini::live::status_change& change);
    void show(const gemini::live::tool_event& event);
    void hear(std::span<const std::byte> pcm);
    void conclude(exchange::outcome how, bool was_stopped = false);
    void end_answer(exchange::outcome how, bool was_stopped);
    void show_usage(bool interrupted);
    void tell(std::string_view trouble);

    // Status -------------------------------------------------------------------------------
    /// Updates what is shown and waited for after a change.
    void refresh();
    void show_status();
    void watch_silence();

    [[nodiscard]] std::shared_ptr<gemini::live::session> new_session() const;
    [[nodiscard]] gemini::live::toolset tools_now();
    /// Continues with this session; returns the one before.
    std::shared_ptr<gemini::live::session> adopt(std::shared_ptr<gemini::live::session> fresh);

    asio::any_io_executor executor_;
    gemini::live::client client_;
    terminal& screen_;
    options wishes_;
    bool with_emulator_;
    gemini::live::toolset tools_;
    tool_servers servers_;
    std::shared_ptr<gemini::live::session> session_; ///< Null until the tools are there.
    std::optional<gemini::live::tool_dispatcher> dispatcher_;
    asio::signal_set& signals_;
    transcript said_;

    exchange answer_;
    bool connected_ = false;
    std::optional<gemini::live::usage_metadata> usage_;
    std::string reason_;                 ///< Why the turn has ended, where the server says so.
    asio::steady_timer answer_complete_; ///< Canceled when an answer is complete.
    asio::steady_timer silence_;         ///< Expires when the server has said nothing for too long.

    clock::time_point asked_at_{};
    std::optional<clock::time_point> next_attempt_; ///< While the session waits to reconnect.
    int attempt_ = 0;
    std::string cause_; ///< Why the last attempt has failed.
    std::string loss_;  ///< Why the connection was lost, as told to the user.
    std::optional<clock::time_point> hint_until_; ///< How long the hint about quitting is shown.
    asio::steady_timer tick_;                     ///< Expires when the status changes by itself.

    std::optional<audio_file> file_;
    std::optional<audio_player> player_;

    ctrl_c ctrl_c_;
    bool leaving_ = false;
    int exit_code_ = 0;
    std::exception_ptr failure_;
};

} // namespace chat
