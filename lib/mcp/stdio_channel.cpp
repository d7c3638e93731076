// SPDX-License-Identifier: Apache-2.0
#include "mcp/stdio_channel.hpp"

#include "async/event.hpp"
#include "async/spawn.hpp"
#include "base/excerpt.hpp"
#include "mcp/child_process.hpp"
#include "mcp/line_splitter.hpp"

#include <gemini/live/within.hpp>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <fmt/format.h>

#include <signal.h>

#include <array>
#include <deque>
#include <optional>
#include <utility>

namespace gemini::live::mcp {
namespace {

constexpr std::size_t most_waiting = 16u << 20; // bytes that the server does not read
constexpr std::size_t longest_log_line = 4u << 10;
constexpr std::size_t most_last_words = 300;
constexpr std::chrono::milliseconds time_for_last_words(200);

class stdio_channel final : public channel, public std::enable_shared_from_this<stdio_channel> {
public:
    stdio_channel(asio::any_io_executor executor, channel_receiver receiver, stdio_server server,
        std::size_t max_message, live::logger logger)
        : executor_(std::move(executor)), receiver_(std::move(receiver)),
          server_(std::move(server)), max_message_(max_message), logger_(std::move(logger))
    {
    }
    ~stdio_channel() override { abort(); }

    void open() override;
    asio::awaitable<void> send(std::string text) override;
    asio::awaitable<void> send_request(std::string text, std::function<bool()>) override
    {
        return send(std::move(text));
    }
    void initialized(const std::string&) override {}
    asio::awaitable<void> close() override;
    void abort() noexcept override;

private:
    using self_pointer = std::shared_ptr<stdio_channel>;

    static asio::awaitable<void> read_output(self_pointer self);
    static asio::awaitable<void> read_errors(self_pointer self);
    static asio::awaitable<void> write_input(self_pointer self);
    static asio::awaitable<void> end_child(self_pointer self);
    static asio::awaitable<void> report_end(self_pointer self);
    void log_line(std::string_view line);
    void report(error why);
    [[nodiscard]] error how_it_ended() const;

    const asio::any_io_executor executor_;
    channel_receiver receiver_;
    const stdio_server server_;
    const std::size_t max_message_;
    const live::logger logger_;
    std::optional<child_process> child_;
    bool is_over_ = false; // closed, aborted, or its end was reported
    bool is_deaf_ = false; // the server reads no more
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    async::event has_work_;
    async::event has_no_more_errors_;
    std::string last_words_; // on its standard error
};

void stdio_channel::open()
{
    child_.emplace(executor_, server_);
    async::spawn(executor_, read_output(shared_from_this()));
    async::spawn(executor_, read_errors(shared_from_this()));
    async::spawn(executor_, write_input(shared_from_this()));
}

// ---- writing

asio::awaitable<void> stdio_channel::send(std::string text)
{
    if (is_over_ || is_deaf_)
        throw error(
            errc::connection_lost, "The MCP server reads no more requests.", {phase::write});
    if (waiting_bytes_ + text.size() > most_waiting) {
        throw error(errc::unavailable,
            fmt::format(
                "The MCP server does not read what it is sent: {} bytes wait.", waiting_bytes_),
            {phase::write});
    }
    text += '\n';
    waiting_bytes_ += text.size();
    waiting_.push_back(std::move(text));
    has_work_.set();
    co_return;
}

asio::awaitable<void> stdio_channel::write_input(self_pointer self)
{
    asio::error_code failed;
    while (!failed) {
        if (self->waiting_.empty()) {
            co_await self->has_work_.wait();
            if (self->is_over_) co_return;
            continue;
        }
        const auto text = std::move(self->waiting_.front());
        self->waiting_.pop_front();
        const auto bytes = asio::buffer(text);
        co_await asio::async_write(
            self->child_->input, bytes, asio::redirect_error(asio::use_awaitable, failed));
        self->waiting_bytes_ -= text.size();
    }
    self->is_deaf_ = true; // if it has ended, its standard output tells
    self->waiting_.clear();
}

// ---- reading

asio::awaitable<void> stdio_channel::read_output(self_pointer self)
{
    line_splitter lines(self->max_message_);
    std::array<char, 16u << 10> piece{};
    const auto buffer = asio::buffer(piece);
    asio::error_code ended;
    for (;;) {
        const auto size = co_await self->child_->output.async_read_some(
            buffer, asio::redirect_error(asio::use_awaitable, ended));
        if (ended) break;
        if (self->is_over_) continue; // it may have to write before it can exit
        const bool fits = lines.feed({piece.data(), size}, [&](std::string_view line) {
            if (!self->is_over_) self->receiver_.on_message(line);
        });
        if (fits) continue;
        self->report(error(errc::message_too_big,
            fmt::format("The MCP server sent a message of more than {} bytes, the limit of "
                        "client_options::max_message: its connection was closed.",
                self->max_message_),
            {phase::open}));
        co_await end_child(self);
        co_return;
    }
    if (!self->is_over_) co_await report_end(self);
}

asio::awaitable<void> stdio_channel::report_end(self_pointer self)
{
    const bool has_exited = co_await self->child_->exits_within(self->server_.exit_grace);
    if (has_exited) {
        co_await live::race(self->has_no_more_errors_.wait(), live::sleep_for(time_for_last_words));
    }
    self->report(self->how_it_ended());
    co_await end_child(self);
}

asio::awaitable<void> stdio_channel::read_errors(self_pointer self)
{
    line_splitter lines(longest_log_line);
    std::array<char, 4u << 10> piece{};
    const auto buffer = asio::buffer(piece);
    asio::error_code ended;
    for (;;) {
        const auto size = co_await self->child_->errors.async_read_some(
            buffer, asio::redirect_error(asio::use_awaitable, ended));
        if (ended) break;
        std::string_view text(piece.data(), size);
        const bool fits = lines.feed(text, [&](std::string_view line) { self->log_line(line); });
        if (!fits) self->log_line("(a line that is too long)");
    }
    if (!lines.rest().empty()) self->log_line(lines.rest());
    self->has_no_more_errors_.set();
}

void stdio_channel::log_line(std::string_view line)
{
    last_words_ = base::excerpt(line, most_last_words);
    if (!logger_.wants(log_level::info)) return;
    const auto text = base::excerpt(line, longest_log_line);
    const std::array fields{log_field{"line", std::string_view(text)}};
    logger_.sink({log_level::info, "mcp_server", "MCP server wrote", fields});
}

// ---- ending

error stdio_channel::how_it_ended() const
{
    const auto ending = child_->ending();
    auto sentence =
        fmt::format("The MCP server {} {}.", base::excerpt(server_.command.front(), 200),
            ending.empty() ? "closed its standard output" : ending);
    if (!last_words_.empty())
        sentence += fmt::format(" Its last words on standard error: {}", last_words_);
    return {errc::connection_lost, sentence, {phase::open, 0, last_words_}};
}

void stdio_channel::report(error why)
{
    if (std::exchange(is_over_, true)) return;
    has_work_.set();
    receiver_.on_end(std::move(why));
}

asio::awaitable<void> stdio_channel::end_child(self_pointer self)
{
    auto& child = *self->child_;
    asio::error_code ignored;
    child.input.close(ignored);
    const auto grace = self->server_.exit_grace;
    const bool exits = co_await child.exits_within(grace);
    if (!exits) {
        child.signal(SIGTERM);
        co_await child.exits_within(grace);
    }
    self->abort();
}

asio::awaitable<void> stdio_channel::close()
{
    const auto self = shared_from_this();
    struct abort_at_the_end {
        stdio_channel& channel;
        ~abort_at_the_end() { channel.abort(); }
    } const guard{*self};
    is_over_ = true;
    has_work_.set();
    if (child_) co_await end_child(self);
}

void stdio_channel::abort() noexcept
{
    is_over_ = true;
    has_work_.set();
    if (!child_) return;
    child_->kill();
    asio::error_code ignored;
    child_->input.close(ignored);
    child_->output.close(ignored);
    child_->errors.close(ignored);
}

} // namespace

std::shared_ptr<channel> make_stdio_channel(const asio::any_io_executor& executor,
    channel_receiver receiver, stdio_server server, std::size_t max_message, live::logger logger)
{
    return std::make_shared<stdio_channel>(
        executor, std::move(receiver), std::move(server), max_message, std::move(logger));
}

} // namespace gemini::live::mcp
