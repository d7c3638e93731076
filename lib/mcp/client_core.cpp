// SPDX-License-Identifier: Apache-2.0
#include "mcp/client_core.hpp"

#include "async/spawn.hpp"

#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace gemini::live::mcp {
namespace {

error closed() { return {errc::closed, "The MCP client has been closed.", {phase::close}}; }

void check(const client_options& options)
{
    const auto require = [](bool is_right, std::string_view member) {
        if (is_right) return;
        throw error(errc::invalid_argument,
            fmt::format("mcp::client_options::{} must be above zero.", member));
    };
    require(options.connect_deadline.count() > 0, "connect_deadline");
    require(options.list_deadline.count() > 0, "list_deadline");
    require(options.call_deadline.count() > 0, "call_deadline");
    require(options.max_message > 0, "max_message");
    require(options.max_tools > 0, "max_tools");
    require(options.max_calls > 0, "max_calls");
}

client_options checked(client_options options)
{
    check(options);
    return options;
}

} // namespace

client_core::client_core(asio::any_io_executor executor, std::shared_ptr<async::clock> clock,
    client_options options, channel_maker make)
    : executor_(std::move(executor)), clock_(std::move(clock)),
      options_(checked(std::move(options))), make_(std::move(make)),
      connecting_(std::make_shared<async::semaphore>(1)),
      calls_(std::make_shared<async::semaphore>(options_.max_calls))
{
}

base::time_point client_core::after(std::chrono::milliseconds time) const
{
    return clock_->now() + time;
}

// ---- the connection

asio::awaitable<server_info> client_core::connect(std::shared_ptr<client_core> self)
{
    co_await connected(self);
    co_return *self->info_;
}

asio::awaitable<client_core::session_pointer> client_core::connected(
    std::shared_ptr<client_core> self)
{
    const auto permit = co_await async::semaphore::acquire(self->connecting_);
    if (self->is_closed_) throw closed();
    if (self->info_) co_return self->session_;
    if (self->end_ && !self->options_.restart) throw error(*self->end_);
    const std::weak_ptr<client_core> weak = self;
    const auto number = std::make_shared<std::weak_ptr<rpc_session>>();
    rpc_session::receiver into;
    into.on_notification = [weak](const notification_message& message) {
        if (const auto core = weak.lock()) core->on_notification(message);
    };
    into.on_ended = [weak, number](const error& why) {
        const auto core = weak.lock();
        if (!core || core->is_closed_) return;
        core->end_ = why;
        const bool was_ready = core->info_.has_value();
        core->forget(number->lock());
        if (was_ready && core->options_.on_ended) core->options_.on_ended(why);
    };
    const auto session = std::make_shared<rpc_session>(
        self->executor_, self->clock_, std::move(into), self->options_.logger);
    *number = session;
    struct abort_unless_ready {
        client_core& core;
        rpc_session& session;
        ~abort_unless_ready()
        {
            if (core.info_) return;
            core.session_.reset();
            session.end(closed());
            session.abort();
        }
    } const guard{*self, *session};
    session->open(self->make_);
    self->session_ = session;
    co_await shake_hands(self, session);
    co_return session;
}

asio::awaitable<void> client_core::shake_hands(
    std::shared_ptr<client_core> self, session_pointer session)
{
    rpc_request hello{session->next_id(), "initialize", initialize_params(),
        self->after(self->options_.connect_deadline)};
    hello.is_cancelable = false;
    const auto answer = co_await rpc_session::request(session, std::move(hello));
    auto info = read_server_info(answer);
    session->connection().initialized(info.protocol_version);
    co_await session->connection().send(notification_text("notifications/initialized"));
    if (self->is_closed_) throw closed();
    if (self->session_ != session) throw error(*self->end_);
    self->end_.reset();
    self->info_ = std::move(info);
}

void client_core::forget(const session_pointer& session) noexcept
{
    if (!session || session_ != session) return;
    session_.reset();
    info_.reset();
}

asio::awaitable<void> client_core::close(std::shared_ptr<client_core> self)
{
    self->is_closed_ = true;
    self->end_ = closed();
    self->info_.reset();
    const auto session = std::exchange(self->session_, nullptr);
    if (!session) co_return;
    session->end(closed());
    co_await rpc_session::close(session);
}

/// Makes a request on the connection, and again on another one if the server has forgotten this
/// one.
asio::awaitable<protocol::json_value> client_core::request(std::shared_ptr<client_core> self,
    rpc_request what, std::function<std::string(std::int64_t id)> params)
{
    for (bool may_repeat = true;; may_repeat = false) {
        const auto session = co_await connected(self);
        auto again = what;
        again.id = session->next_id();
        again.params = params(again.id);
        try {
            co_return co_await rpc_session::request(session, std::move(again));
        } catch (const error& failure) {
            if (failure.value() == errc::context_lost) self->forget(session);
            if (failure.value() != errc::context_lost || !may_repeat) throw;
        }
    }
}

// ---- tools

asio::awaitable<tool_page> client_core::ask_for_page(
    std::shared_ptr<client_core> self, std::string cursor, base::time_point deadline)
{
    rpc_request what;
    what.method = "tools/list";
    what.deadline = deadline;
    std::function<std::string(std::int64_t)> params = [cursor = std::move(cursor)](std::int64_t) {
        return list_params(cursor);
    };
    const auto answer = co_await request(std::move(self), std::move(what), std::move(params));
    co_return read_tool_page(answer);
}

asio::awaitable<tool_list> client_core::list_tools(std::shared_ptr<client_core> self)
{
    tool_list all;
    const auto info = co_await connect(self);
    if (!info.has_tools) co_return all;
    const auto deadline = self->after(self->options_.list_deadline);
    std::string cursor;
    for (std::size_t pages = 0; pages <= self->options_.max_tools; ++pages) {
        auto page = co_await ask_for_page(self, cursor, deadline);
        auto& list = page.list;
        std::move(list.tools.begin(), list.tools.end(), std::back_inserter(all.tools));
        std::move(list.refused.begin(), list.refused.end(), std::back_inserter(all.refused));
        if (all.tools.size() + all.refused.size() > self->options_.max_tools) break;
        if (page.next_cursor.empty()) co_return all;
        cursor = std::move(page.next_cursor);
    }
    throw error(errc::message_too_big,
        fmt::format("The MCP server has more than {} tools, the limit of "
                    "mcp::client_options::max_tools.",
            self->options_.max_tools),
        {phase::open});
}

asio::awaitable<call_result> client_core::call_tool(std::shared_ptr<client_core> self,
    std::string name, json arguments, std::function<void(const progress&)> on_progress)
{
    rpc_request what;
    what.method = "tools/call";
    what.deadline = self->after(self->options_.call_deadline);
    what.on_progress = std::move(on_progress);
    const bool wants_progress = what.on_progress != nullptr;
    std::function<std::string(std::int64_t)> params = [name = std::move(name),
                                                          arguments = std::move(arguments),
                                                          wants_progress](std::int64_t id) {
        return call_params(name, arguments, wants_progress ? std::optional(id) : std::nullopt);
    };
    const auto permit = co_await async::semaphore::acquire(self->calls_);
    const auto answer = co_await request(self, std::move(what), std::move(params));
    co_return read_call_result(answer);
}

void client_core::on_notification(const notification_message& message)
{
    if (message.method != "notifications/tools/list_changed" || !options_.on_tools_changed) return;
    has_changed_ = true;
    if (std::exchange(is_listing_, true)) return;
    async::spawn(executor_, report_tools(shared_from_this()),
        [self = shared_from_this()](std::exception_ptr) { self->is_listing_ = false; });
}

asio::awaitable<void> client_core::report_tools(std::shared_ptr<client_core> self)
{
    while (std::exchange(self->has_changed_, false) && !self->is_closed_) {
        const auto list = co_await list_tools(self);
        self->options_.on_tools_changed(list);
    }
}

} // namespace gemini::live::mcp
