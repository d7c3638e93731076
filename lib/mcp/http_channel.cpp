// SPDX-License-Identifier: Apache-2.0
#include "mcp/http_channel.hpp"

#include "async/event.hpp"
#include "async/spawn.hpp"
#include "auth/headers.hpp"
#include "base/ascii.hpp"
#include "base/excerpt.hpp"
#include "base/loopback.hpp"
#include "mcp/event_stream.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/url.hpp"
#include "transport/http_fields.hpp"

#include <gemini/live/within.hpp>

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace gemini::live::mcp {
namespace {

using transport::http_request;
using transport::http_response;

constexpr std::chrono::milliseconds shortest_pause(100); // before a stream is continued
constexpr std::chrono::milliseconds first_pause(1'000);  // unless the server names another
constexpr std::chrono::milliseconds longest_pause(30'000);
constexpr std::size_t longest_session_id = 1'024;
constexpr std::size_t longest_refusal = 300;
constexpr std::size_t shortest_secret = 8; // shorter values of headers are no secrets

bool is_event_stream(const http_response& head)
{
    const auto type = base::lowered(transport::header_of(head.fields, "content-type"));
    return head.status == 200 && type.starts_with("text/event-stream");
}

bool can_be_session_id(std::string_view text)
{
    return text.size() <= longest_session_id &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// The words of a refusal, which may be JSON-RPC.
std::string words_of(const http_response& response)
{
    try {
        const auto body = protocol::json_value::parse(response.body);
        const auto failure = body.find("error");
        const auto words = failure ? failure->find("message") : std::nullopt;
        if (words && words->string()) return *words->string();
    } catch (const error&) { // it is no JSON
    }
    const auto type = transport::header_of(response.fields, "content-type");
    return type.find("html") == type.npos ? response.body : std::string("a web page");
}

errc cause_of(int status)
{
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status == 429) return errc::quota_exceeded;
    return status >= 500 || status == 408 ? errc::unavailable : errc::rejected;
}

/// What is known of a stream, over all the connections that carry it.
struct stream_state {
    explicit stream_state(std::size_t most) : events(most) {}

    event_stream events;
    async::event is_too_long{};
};
using stream_pointer = std::shared_ptr<stream_state>;

class http_channel final : public channel, public std::enable_shared_from_this<http_channel> {
public:
    struct world {
        std::shared_ptr<transport::connector> connector;
        std::shared_ptr<async::clock> clock;
        http_server server;
        http_request model; ///< What all requests have in common.
        std::size_t max_message;
    };

    http_channel(std::shared_ptr<const world> world, channel_receiver receiver)
        : world_(std::move(world)), receiver_(std::move(receiver))
    {
    }

    void open() override {}
    asio::awaitable<void> send(std::string text) override
    {
        return post_message(shared_from_this(), std::move(text));
    }
    asio::awaitable<void> send_request(std::string text, std::function<bool()> is_answered) override
    {
        return post_request(shared_from_this(), std::move(text), std::move(is_answered));
    }
    void initialized(const std::string& version) override;
    asio::awaitable<void> close() override { return delete_session(shared_from_this()); }
    void abort() noexcept override;

private:
    using self_pointer = std::shared_ptr<http_channel>;

    static asio::awaitable<void> post_message(self_pointer self, std::string text);
    static asio::awaitable<void> post_request(
        self_pointer self, std::string text, std::function<bool()> is_answered);
    static asio::awaitable<void> resume(
        self_pointer self, stream_pointer stream, std::function<bool()> is_answered);
    static asio::awaitable<void> listen(self_pointer self);
    static asio::awaitable<http_response> listen_once(self_pointer self, stream_pointer stream);
    static asio::awaitable<void> delete_session(self_pointer self);
    static asio::awaitable<http_response> fetch(
        self_pointer self, http_request request, stream_pointer stream);

    [[nodiscard]] http_request request_by(std::string_view method) const;
    [[nodiscard]] http_request post_of(std::string text) const;
    [[nodiscard]] http_request get_of(const stream_state& stream) const;
    void take_session_id(const http_response& head);
    [[nodiscard]] error refusal(const http_response& response);
    void pass_on(std::string_view text);

    const std::shared_ptr<const world> world_;
    const channel_receiver receiver_;
    std::string version_;    // empty before `initialized`
    std::string session_id_; // empty: the server has none
    bool is_over_ = false;
    asio::cancellation_signal stop_listening_;
};

// ---- requests

http_request http_channel::request_by(std::string_view method) const
{
    auto request = world_->model;
    request.method = method;
    if (!session_id_.empty()) request.fields.emplace_back("MCP-Session-Id", session_id_);
    if (!version_.empty()) request.fields.emplace_back("MCP-Protocol-Version", version_);
    return request;
}

http_request http_channel::post_of(std::string text) const
{
    auto request = request_by("POST");
    request.fields.emplace_back("Accept", "application/json, text/event-stream");
    request.fields.emplace_back("Content-Type", "application/json");
    request.body = std::move(text);
    return request;
}

http_request http_channel::get_of(const stream_state& stream) const
{
    auto request = request_by("GET");
    request.fields.emplace_back("Accept", "text/event-stream");
    const auto& last = stream.events.last_event_id();
    if (!last.empty()) request.fields.emplace_back("Last-Event-ID", last);
    return request;
}

/// Returns the response, and passes on the messages if it is a stream of events. Has no deadline
/// beyond TCP: a server may take its time, and who waits knows how long.
asio::awaitable<http_response> http_channel::fetch(
    self_pointer self, http_request request, stream_pointer stream)
{
    stream->events.restart();
    request.deadlines.upgrade = std::chrono::milliseconds::zero();
    request.choose_sink = [self, stream](const http_response& head) -> transport::body_sink {
        if (!is_event_stream(head)) return nullptr;
        self->take_session_id(head);
        return [self, stream](std::string_view piece) {
            for (const auto& each : stream->events.feed(piece)) self->pass_on(each);
            if (stream->events.is_too_long()) stream->is_too_long.set();
        };
    };
    auto fetching = self->world_->connector->fetch(std::move(request));
    auto first = co_await live::race(std::move(fetching), stream->is_too_long.wait());
    if (first.index() == 1) {
        throw error(errc::message_too_big,
            fmt::format("The MCP server sent a message of more than {} bytes, the limit of "
                        "client_options::max_message.",
                self->world_->max_message),
            {phase::open});
    }
    co_return std::get<0>(std::move(first));
}

void http_channel::pass_on(std::string_view text)
{
    if (!is_over_) receiver_.on_message(text);
}

/// Only the answer to `initialize` names a session.
void http_channel::take_session_id(const http_response& head)
{
    const auto id = transport::header_of(head.fields, "mcp-session-id");
    if (version_.empty() && head.status == 200 && can_be_session_id(id)) session_id_ = id;
}

error http_channel::refusal(const http_response& response)
{
    if (response.status == 404 && !session_id_.empty() && !version_.empty()) {
        session_id_.clear();
        abort();
        return {errc::context_lost, "The MCP server has forgotten its session.",
            {phase::upgrade, 0, {}, 404}};
    }
    auto words = words_of(response);
    const auto hide = [&words](const std::string& hidden) {
        if (hidden.size() < shortest_secret) return;
        for (auto at = words.find(hidden); at != words.npos; at = words.find(hidden, at))
            words.replace(at, hidden.size(), "…");
    };
    hide(world_->server.bearer_token.reveal());
    for (const auto& [name, value] : world_->server.headers) hide(value);
    words = base::excerpt(words, longest_refusal);
    const auto location = transport::header_of(response.fields, "location");
    const bool leads_on = response.status / 100 == 3;
    const auto what = leads_on ? "redirects " + transport::where_it_leads(location) +
                                     ": give that URL, if you trust it"
                               : "answered " + (words.empty() ? std::string("nothing") : words);
    error_details details{phase::upgrade, 0, words, response.status};
    details.retry_after = transport::parse_retry_after(
        transport::header_of(response.fields, "retry-after"), world_->clock->wall_clock());
    return {cause_of(response.status),
        fmt::format("The MCP server at {} refused a request with HTTP status {}: it {}.",
            world_->model.host, response.status, what),
        std::move(details)};
}

asio::awaitable<void> http_channel::post_message(self_pointer self, std::string text)
{
    auto request = self->post_of(std::move(text));
    const auto response = co_await self->world_->connector->fetch(std::move(request));
    if (response.status / 100 != 2) throw self->refusal(response);
}

asio::awaitable<void> http_channel::post_request(
    self_pointer self, std::string text, std::function<bool()> is_answered)
{
    auto request = self->post_of(std::move(text));
    const auto stream = std::make_shared<stream_state>(self->world_->max_message);
    bool is_broken = false;
    http_response response;
    try {
        response = co_await fetch(self, std::move(request), stream);
    } catch (const error& failure) {
        is_broken =
            failure.value() == errc::connection_lost && !stream->events.last_event_id().empty();
        if (!is_broken) throw;
    }
    if (!is_broken && response.status != 200) throw self->refusal(response);
    if (!is_broken && !is_event_stream(response)) {
        self->take_session_id(response);
        self->pass_on(response.body);
    }
    co_await resume(self, stream, std::move(is_answered));
}

/// Asks for the rest of the stream of an answer, as often as it breaks off before the answer.
asio::awaitable<void> http_channel::resume(
    self_pointer self, stream_pointer stream, std::function<bool()> is_answered)
{
    while (!is_answered()) {
        if (stream->events.last_event_id().empty()) {
            throw error(errc::connection_lost,
                "The MCP server ended its response before the answer.", {phase::open});
        }
        const auto pause = stream->events.retry().value_or(first_pause);
        co_await self->world_->clock->sleep_until(
            self->world_->clock->now() + std::max(pause, shortest_pause));
        auto request = self->get_of(*stream);
        bool is_broken = false;
        http_response response;
        try {
            response = co_await fetch(self, std::move(request), stream);
        } catch (const error& failure) {
            is_broken = failure.condition() == condition::retryable;
            if (!is_broken) throw;
        }
        if (!is_broken && !is_event_stream(response)) throw self->refusal(response);
    }
}

// ---- what belongs to no request

void http_channel::initialized(const std::string& version)
{
    version_ = version;
    if (!world_->server.listen) return;
    async::spawn(
        world_->connector->executor(), listen(shared_from_this()), {}, stop_listening_.slot());
}

asio::awaitable<void> http_channel::listen(self_pointer self)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    const auto stream = std::make_shared<stream_state>(self->world_->max_message);
    auto pause = first_pause;
    while (!self->is_over_) {
        const auto response = co_await listen_once(self, stream);
        const bool is_offered = is_event_stream(response);
        if (response.status != 0 && !is_offered) co_return;
        pause = is_offered ? first_pause : std::min(pause * 2, longest_pause);
        const auto wait = std::max(stream->events.retry().value_or(pause), shortest_pause);
        co_await self->world_->clock->sleep_until(self->world_->clock->now() + wait);
    }
}

/// Returns the status 0 if there was no response.
asio::awaitable<http_response> http_channel::listen_once(self_pointer self, stream_pointer stream)
{
    auto request = self->get_of(*stream);
    try {
        co_return co_await fetch(std::move(self), std::move(request), std::move(stream));
    } catch (const error& failure) {
        if (failure.condition() != condition::retryable) throw;
    }
    co_return http_response{};
}

// ---- the end

asio::awaitable<void> http_channel::delete_session(self_pointer self)
{
    const auto is_known = !self->session_id_.empty();
    auto request = self->request_by("DELETE");
    self->abort();
    if (!is_known) co_return;
    try {
        auto deleting = self->world_->connector->fetch(std::move(request));
        co_await live::within(self->world_->server.deadlines.close, std::move(deleting));
    } catch (const error&) { // it will forget the session by itself
    }
}

void http_channel::abort() noexcept
{
    if (std::exchange(is_over_, true)) return;
    stop_listening_.emit(asio::cancellation_type::terminal);
}

http_request model_for(const http_server& server, std::size_t max_message)
{
    constexpr std::string_view advice =
        "mcp::http_server::url must look like https://host[:port]/path.";
    auto place = protocol::read_url(server.url, "The URL of the MCP server", advice);
    if (!place.tls && !server.allow_plain_text && !base::is_loopback(place.host)) {
        throw error(errc::invalid_argument,
            fmt::format("The URL of the MCP server would send tokens and calls to {} unencrypted: "
                        "use https://, or set mcp::http_server::allow_plain_text if you trust all "
                        "of the network in between.",
                place.host));
    }
    http_request model;
    model.tls = place.tls;
    model.host = std::move(place.host);
    model.port = place.port;
    model.target = std::move(place.target);
    if (!model.target.starts_with('/')) model.target.insert(0, "/");
    model.trust = server.tls;
    model.proxy = server.proxy;
    model.deadlines = server.deadlines;
    model.max_body = max_message;
    model.fields = server.headers;
    const auto& token = server.bearer_token.reveal();
    if (!token.empty()) model.fields.emplace_back("Authorization", "Bearer " + token);
    auth::check(model.fields);
    return model;
}

} // namespace

channel_maker http_channels(std::shared_ptr<transport::connector> connector,
    std::shared_ptr<async::clock> clock, http_server server, std::size_t max_message)
{
    auto model = model_for(server, max_message);
    auto outside = std::make_shared<const http_channel::world>(http_channel::world{
        std::move(connector), std::move(clock), std::move(server), std::move(model), max_message});
    return [outside](const asio::any_io_executor&, channel_receiver receiver) {
        return std::make_shared<http_channel>(outside, std::move(receiver));
    };
}

} // namespace gemini::live::mcp
