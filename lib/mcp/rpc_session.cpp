// SPDX-License-Identifier: Apache-2.0
#include "mcp/rpc_session.hpp"

#include "async/spawn.hpp"
#include "base/excerpt.hpp"
#include "mcp/tool_messages.hpp"

#include <gemini/live/within.hpp>

#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <array>
#include <exception>
#include <utility>

namespace gemini::live::mcp {
namespace {

constexpr std::size_t most_posted = 64; // a server that asks for more at once gets no answer
constexpr std::size_t longest_words = 500;

} // namespace

rpc_session::rpc_session(asio::any_io_executor executor, std::shared_ptr<async::clock> clock,
    receiver receiver, live::logger logger)
    : executor_(std::move(executor)), clock_(std::move(clock)), receiver_(std::move(receiver)),
      logger_(std::move(logger))
{
}

void rpc_session::open(const channel_maker& make)
{
    channel_receiver into;
    into.on_message = [weak = weak_from_this()](std::string_view text) {
        if (const auto self = weak.lock()) self->receive(text);
    };
    into.on_end = [weak = weak_from_this()](error why) {
        const auto self = weak.lock();
        if (!self || self->end_) return;
        self->end(why);
        self->receiver_.on_ended(why);
    };
    channel_ = make(executor_, std::move(into));
    channel_->open();
}

// ---- requests

asio::awaitable<protocol::json_value> rpc_session::request(
    std::shared_ptr<rpc_session> self, rpc_request what)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    if (self->end_) throw error(*self->end_);
    struct registration {
        rpc_session& session;
        std::int64_t id;
        ~registration() { session.pending_.erase(id); }
    } const registered{*self, what.id};
    const auto pending = std::make_shared<pending_request>();
    pending->on_progress = std::move(what.on_progress);
    self->pending_.emplace(what.id, pending);
    std::exception_ptr failure;
    try {
        auto text = request_text(what.id, what.method, what.params);
        co_await live::race(
            exchange(self, pending, std::move(text)), self->clock_->sleep_until(what.deadline));
    } catch (...) {
        failure = std::current_exception();
    }
    if (pending->answer && pending->answer->result) co_return *pending->answer->result;
    if (pending->answer) {
        const auto& refusal = *pending->answer->failure;
        const auto words = base::excerpt(refusal.message, longest_words);
        throw error(errc::rejected,
            fmt::format(
                "The MCP server refused {}: {} (code {}).", what.method, words, refusal.code),
            {phase::open, 0, words});
    }
    if (pending->end) throw error(*pending->end);
    const bool is_given_up = !failure || live::detail::is_cancellation(failure);
    if (is_given_up && what.is_cancelable) {
        const auto* const reason = failure ? "It is no longer needed." : "It took too long.";
        self->post(notification_text("notifications/cancelled", cancel_params(what.id, reason)));
    }
    if (failure) std::rethrow_exception(failure);
    throw error(errc::timed_out,
        fmt::format("The MCP server did not answer {} in time.", what.method), {phase::open});
}

/// Completes when the request is over.
asio::awaitable<void> rpc_session::exchange(
    std::shared_ptr<rpc_session> self, pending_pointer pending, std::string text)
{
    const auto until_over = [](pending_pointer of) -> asio::awaitable<void> {
        while (!of->is_over()) co_await of->changed.wait();
    };
    std::function<bool()> is_answered = [pending] { return pending->is_over(); };
    auto sending = self->channel_->send_request(std::move(text), std::move(is_answered));
    co_await live::race(std::move(sending), until_over(pending));
    co_await until_over(pending);
}

// ---- what the server sends

void rpc_session::receive(std::string_view text)
{
    try {
        auto all = read_messages(text);
        for (const auto& each : all.notifications) receive(each);
        for (const auto& each : all.requests) receive(each);
        for (auto& each : all.answers) receive(std::move(each));
    } catch (const error& failure) {
        log(log_level::warning, "mcp_trouble", failure.what());
    }
}

void rpc_session::receive(const notification_message& message)
{
    if (message.method == "notifications/progress") {
        const auto report = message.params ? read_progress(*message.params) : std::nullopt;
        const auto found = report ? pending_.find(report->token) : pending_.end();
        if (found == pending_.end() || found->second->is_over()) return;
        if (found->second->on_progress) found->second->on_progress(report->progress);
    } else if (message.method == "notifications/message") {
        const auto data = message.params ? message.params->find("data") : std::nullopt;
        if (data) log(log_level::info, "mcp_server", data->string().value_or(data->text()));
    } else {
        receiver_.on_notification(message);
    }
}

void rpc_session::receive(const request_message& message)
{
    const bool is_ping = message.method == "ping";
    post(is_ping ? empty_result_text(message.id)
                 : method_not_found_text(message.id, message.method));
}

void rpc_session::receive(answer_message message)
{
    const auto found = message.id ? pending_.find(*message.id) : pending_.end();
    if (found == pending_.end()) {
        // a late answer to a call that was given up, or a refusal of something unreadable
        if (message.failure) log(log_level::warning, "mcp_trouble", message.failure->message);
        return;
    }
    if (found->second->is_over()) return;
    found->second->answer = std::move(message);
    found->second->changed.set();
}

/// Sends what nobody waits for.
void rpc_session::post(std::string text)
{
    if (end_ || posting_ == most_posted) return;
    ++posting_;
    const auto done = [self = shared_from_this()](std::exception_ptr) { --self->posting_; };
    async::spawn(executor_, channel_->send(std::move(text)), done);
}

void rpc_session::log(log_level level, std::string_view event, std::string_view text) const
{
    if (!logger_.wants(level)) return;
    const auto line = base::excerpt(text, longest_words);
    const std::array fields{log_field{"line", std::string_view(line)}};
    const auto* const what = level == log_level::info ? "MCP server says" : "MCP server errs";
    logger_.sink({level, event, what, fields});
}

// ---- the end

void rpc_session::end(error why)
{
    if (end_) return;
    end_ = why;
    for (const auto& [id, each] : pending_) {
        if (!each->is_over()) each->end = why;
        each->changed.set();
    }
}

void rpc_session::abort() noexcept
{
    if (channel_) channel_->abort();
}

asio::awaitable<void> rpc_session::close(std::shared_ptr<rpc_session> self)
{
    if (self->channel_) co_await self->channel_->close();
}

} // namespace gemini::live::mcp
