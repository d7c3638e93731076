// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <gemini/live/within.hpp>

#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace chat {
namespace {

constexpr std::string_view you = "you › ";
constexpr std::string_view model = "model › ";
constexpr std::size_t longest_piped_line = 1 << 20;
constexpr std::chrono::milliseconds faster_than_typing{20};

bool has_value(const char* variable)
{
    const char* value = std::getenv(variable);
    return value && *value;
}

bool can_move_the_cursor()
{
    return has_value("TERM") && std::strcmp(std::getenv("TERM"), "dumb") != 0;
}

/// Editing and widths need a UTF-8 locale. A bare machine's environment may not set one, although
/// its terminal supports UTF-8.
void speak_utf8()
{
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

bool input_waits()
{
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0;
}

bool has_hung_up()
{
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR)) != 0;
}

/// Splits off the last word of the text, which may be incomplete, and keeps it in `held` for later.
std::string whole_words(std::string& held, const std::string& text)
{
    constexpr std::size_t longest_word = 40;
    auto all = std::exchange(held, {}) + text;
    const auto end = all.find_last_of(" \n");
    const auto size = end == std::string::npos ? 0 : end + 1;
    if (all.size() - size > longest_word) return all;
    held = all.substr(size);
    all.resize(size);
    return all;
}

void put(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::size_t columns_of(int screen)
{
    winsize size{};
    if (::ioctl(screen, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

/// Lines for standard error, read by a user or a program.
void put_error(std::string text)
{
    if (::isatty(STDERR_FILENO) != 0) text = wrap_words(text, columns_of(STDERR_FILENO));
    text += '\n';
    std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace

terminal::terminal(asio::any_io_executor executor)
    : keyboard_(executor, ::dup(STDIN_FILENO)), patience_(executor),
      talking_(::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO)),
      is_seen_(::isatty(STDOUT_FILENO)), can_go_back_(is_seen_ && can_move_the_cursor())
{
    speak_utf8();
    if (!talking_ || !can_go_back_) return;
    colors_ = !has_value("NO_COLOR");
    std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16); // output that belongs together appears together
    std::string prompt(you);
    if (colors_) prompt = "\1\x1b[1;36m\1you ›\1\x1b[0m\1 ";
    editor_.emplace(prompt, history_file());
    editor_->resume("");
}

terminal::~terminal()
{
    if (editor_) {
        erase();
        if (in_line()) put("\n");
        std::fflush(stdout);
        editor_.reset();
    } else if (in_line()) {
        put("\n");
    }
    std::fflush(stdout);
}

std::string terminal::paint(color how, std::string_view text) const
{
    if (!colors_) return std::string(text);
    std::string painted;
    switch (how) {
    case color::dim: painted = "\x1b[2m"; break;
    case color::you: painted = "\x1b[1;36m"; break;
    case color::model: painted = "\x1b[1;35m"; break;
    case color::tool: painted = "\x1b[32m"; break;
    case color::trouble: painted = "\x1b[33m"; break;
    }
    painted += text;
    painted += "\x1b[0m";
    return painted;
}

std::size_t terminal::columns() { return columns_of(STDOUT_FILENO); }

/// Rows between the prompt and what follows `typed`.
std::size_t terminal::rows_above(const std::string& typed) const
{
    const auto width = columns();
    const auto end = measure(std::string(you) + typed, width);
    return end.row + (end.column == width ? 1 : 0); // libedit wraps at once
}

/// Moves from the line being typed back to the end of what was written.
void terminal::erase()
{
    editor_->resize();
    const auto width = columns();
    auto up = rows_above(editor_->before_cursor());
    if (!status_.empty()) up += measure(status_, width).row + 1;
    put("\r");
    if (up != 0) put("\x1b[" + std::to_string(up) + "A");
    put("\x1b[J");
    const auto& row = open_.row();
    if (row.empty()) return;
    // Written again, not cleared: the cursor reaches its end whatever width the terminal assumes
    // for its characters.
    put("\x1b[A");
    put(std::string_view(row).substr(measure(row, width).row_begin));
}

void terminal::draw()
{
    if (in_line()) put("\n");
    if (!status_.empty()) put(paint(color::dim, status_) + "\n");
    editor_->redraw();
    std::fflush(stdout);
}

void terminal::write(std::string text)
{
    if (is_seen_ && !can_go_back_) text = whole_words(held_, text);
    if (editor_) erase();
    if (is_seen_) {
        const auto step = open_.add(text, columns());
        if (step.rewrites) put("\r\x1b[K");
        put(step.text);
    } else if (!text.empty()) {
        put(text);
        in_line_ = !text.ends_with('\n');
    }
    if (editor_)
        draw();
    else
        std::fflush(stdout);
}

void terminal::write_line(const std::string& text)
{
    answering_ = false;
    write((in_line() ? "\n" : "") + text + "\n");
}

void terminal::answer(std::string_view text)
{
    std::string shown;
    if (!std::exchange(answering_, true) && talking_) {
        if (in_line()) shown = "\n";
        shown += paint(color::model, model.substr(0, model.size() - 1)) + " ";
    }
    write(shown + printable(text));
}

void terminal::end_answer()
{
    answering_ = false;
    if (in_line()) write("\n"); // and what was held
}

void terminal::notice(std::string_view text, tone how)
{
    if (editor_) {
        const auto color_of = how == tone::remark ? color::dim
                              : how == tone::tool ? color::tool
                                                  : color::trouble;
        write_line(paint(color_of, printable(text)));
        return;
    }
    if (talking_ || is_seen_) end_answer();
    put_error(printable(text));
}

void terminal::gap()
{
    if (editor_) write_line("");
}

void terminal::status(std::string_view text)
{
    if (!editor_) return;
    auto shown = printable(text);
    const auto room = columns() - 1;
    if (fit(shown, room) != shown)
        shown = std::string(fit(shown, room - std::min<std::size_t>(room, 1))) + "…";
    if (shown == status_) return;
    erase();
    status_ = shown;
    draw();
}

std::string terminal::typed() const { return editor_ ? editor_->text() : std::string(); }

/// Shows `line` permanently, where it was typed, and starts another one below.
void terminal::commit(const std::string& line)
{
    auto up = rows_above(line) + 1; // libedit has moved to the row below
    if (!status_.empty()) up += measure(status_, columns()).row + 1;
    put("\r\x1b[" + std::to_string(up) + "A\x1b[J");
    const auto shown = paint(color::you, you.substr(0, you.size() - 1)) + " " + printable(line);
    put(wrap_words(shown, columns()) + "\n");
    open_.clear();
    answering_ = false;
    start_line("");
}

/// Puts libedit to work on `text`, below everything shown, from the cursor's position.
void terminal::start_line(const std::string& text)
{
    if (in_line()) put("\n");
    if (!status_.empty()) put(paint(color::dim, status_) + "\n");
    editor_->suspend();
    editor_->resume(text);
}

void terminal::clear_typed()
{
    if (!editor_) return;
    erase();
    start_line("");
}

void terminal::resize()
{
    if (!editor_) return;
    erase();
    draw();
}

void terminal::stop()
{
    const auto typed_so_far = typed();
    if (editor_) {
        erase();
        if (in_line()) put("\n");
        open_.clear();
        answering_ = false;
        editor_->suspend();
        std::fflush(stdout);
    }
    ::raise(SIGSTOP);
    if (editor_) {
        editor_->resize();
        start_line(typed_so_far);
    }
}

asio::awaitable<std::optional<std::string>> terminal::read_line()
{
    return editor_ ? read_typed() : read_piped();
}

asio::awaitable<void> terminal::readable()
{
    std::error_code failed;
    co_await keyboard_.async_wait(asio::posix::stream_descriptor::wait_read,
        asio::redirect_error(asio::use_awaitable, failed));
    // A file cannot be waited for: it is always readable.
    if (failed == asio::error::operation_aborted) throw std::system_error(failed);
}

asio::awaitable<bool> terminal::more_at_once()
{
    patience_.expires_after(faster_than_typing);
    const auto first =
        co_await gemini::live::race(readable(), patience_.async_wait(asio::use_awaitable));
    co_return first.index() == 0;
}

asio::awaitable<std::optional<std::string>> terminal::read_typed()
{
    std::optional<std::string> said;
    for (;;) {
        co_await readable();
        if (has_hung_up()) co_return std::nullopt;
        do {
            touched_ = true;
            const auto outcome = editor_->feed();
            if (outcome == line_editor::outcome::end_of_input) co_return said;
            if (outcome == line_editor::outcome::editing) continue;
            const auto line = typed();
            commit(line);
            if (!line.empty()) editor_->remember(line);
            said = said ? *said + "\n" + line : line;
        } while (input_waits());
        if (!said || !typed().empty()) continue;
        const bool pasting = co_await more_at_once();
        if (!pasting) co_return said;
    }
}

asio::awaitable<std::optional<std::string>> terminal::read_piped()
{
    if (talking_) put(you);
    std::fflush(stdout);
    for (;;) {
        const auto end = piped_.find('\n');
        if (end != std::string::npos || piped_.size() >= longest_piped_line) {
            auto line = piped_.substr(0, end);
            piped_.erase(0, end == std::string::npos ? end : end + 1);
            co_return line;
        }
        co_await readable();
        std::array<char, 4096> chunk;
        const auto size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) {
            if (piped_.empty()) {
                if (talking_) put("\n"); // after the prompt
                co_return std::nullopt;
            }
            co_return std::exchange(piped_, std::string());
        }
        piped_.append(chunk.data(), static_cast<std::size_t>(size));
    }
}

void complain(std::string_view sentence) { put_error("gemini-live-chat: " + printable(sentence)); }

} // namespace chat
