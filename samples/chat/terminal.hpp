// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layout.hpp"
#include "line_editor.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace chat {

/// Where the conversation is typed and shown.
///
/// On a terminal the last rows are a status and the line being typed. Everything else is written
/// above them while the user types, and wrapped between words. In a pipe answers are written to
/// standard output as plain lines, notices to standard error, and there is no status.
class terminal {
public:
    explicit terminal(asio::any_io_executor executor);
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;
    ~terminal();

    /// True if a user types and sees the rows below.
    [[nodiscard]] bool interactive() const noexcept { return editor_.has_value(); }

    /// Returns the user's next line; nothing at the end of input. Lines that arrive faster than
    /// anybody types are one pasted text. Cancellation: what has been typed so far is kept.
    [[nodiscard]] asio::awaitable<std::optional<std::string>> read_line();

    /// Continues the model's answer.
    void answer(std::string_view text);
    void end_answer();
    enum class tone {
        remark,
        tool,    ///< What a function of this program did.
        trouble, ///< Something that the user should see.
    };
    /// Writes a line about the conversation.
    void notice(std::string_view text, tone how = tone::remark);
    /// Sets the status, which is shown until the next one; empty: none.
    void status(std::string_view text);
    /// Writes a line between turns.
    void gap();

    /// The line being typed.
    [[nodiscard]] std::string typed() const;
    /// Whether a key has been pressed since the last call.
    [[nodiscard]] bool was_touched() noexcept { return std::exchange(touched_, false); }
    void clear_typed();

    /// The terminal has another size.
    void resize();
    /// Stops the program, as Ctrl-Z requests, with the terminal restored for the shell meanwhile.
    void stop();

private:
    enum class color { dim, you, model, tool, trouble };
    [[nodiscard]] std::string paint(color how, std::string_view text) const;
    [[nodiscard]] static std::size_t columns();
    [[nodiscard]] std::size_t rows_above(const std::string& typed) const;

    [[nodiscard]] bool in_line() const
    {
        return is_seen_ ? !open_.row().empty() || !held_.empty() : in_line_;
    }
    void write(std::string text);
    void write_line(const std::string& text);
    void erase();
    void draw();
    void commit(const std::string& line);
    void start_line(const std::string& text);

    asio::awaitable<void> readable();
    asio::awaitable<bool> more_at_once();
    asio::awaitable<std::optional<std::string>> read_typed();
    asio::awaitable<std::optional<std::string>> read_piped();

    asio::posix::stream_descriptor keyboard_;
    asio::steady_timer patience_;
    bool talking_;     ///< A user at both ends: standard input and output are terminals.
    bool is_seen_;     ///< Standard output is a terminal.
    bool can_go_back_; ///< Standard output is a terminal whose text can be overwritten.
    bool colors_ = false;
    std::optional<line_editor> editor_;
    text_flow open_;       ///< The last line written, while it is not ended, on a screen.
    bool in_line_ = false; ///< Elsewhere: there is such a line.
    std::string held_;     ///< The beginning of a word that could not be moved to the next row.
    std::string status_;
    bool touched_ = false;
    bool answering_ = false; ///< The open line, or the one before, is the model's.
    std::string piped_;      ///< Read and not yet returned.
};

/// Writes a sentence to standard error, after "gemini-live-chat: ".
void complain(std::string_view sentence);

} // namespace chat
