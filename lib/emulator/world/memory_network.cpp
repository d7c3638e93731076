// SPDX-License-Identifier: Apache-2.0
#include "emulator/world/memory_network.hpp"

#include "async/alarm.hpp"
#include "base/ascii.hpp"
#include "base/loopback.hpp"
#include "transport/client_upgrade.hpp"
#include "transport/http_answer.hpp"
#include "transport/http_text.hpp"

#include <gemini/live/error.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace gemini::live::emulator {
namespace {

using transport::http_answer;
using transport::http_response;
using transport::lws_handshake;
using transport::request_head;

/// Refuses what this network does not have, before it is mistaken for something that works.
void check_reachable(const request_head& request)
{
    if (!request.proxy.url.empty()) {
        throw error(errc::invalid_argument,
            "There are no proxies in virtual time: leave proxy_options::url empty.");
    }
    if (request.tls) {
        throw error(errc::invalid_argument,
            fmt::format("There is no TLS in virtual time, and nothing but emulators: connect to "
                        "the url() of one instead of {}.",
                request.host));
    }
}

int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    const char letter = base::lower(digit);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Returns part of a target as `transport::upgrade_request` shows it.
std::string normalized(std::string_view encoded)
{
    std::string decoded;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        const bool is_code = encoded[i] == '%' && i + 2 < encoded.size() &&
                             hex_value(encoded[i + 1]) >= 0 && hex_value(encoded[i + 2]) >= 0;
        if (is_code) {
            decoded +=
                static_cast<char>(hex_value(encoded[i + 1]) * 16 + hex_value(encoded[i + 2]));
            i += 2;
        } else {
            decoded += encoded[i];
        }
    }
    std::string shown;
    transport::append_encoded(shown, decoded);
    return shown;
}

/// Fills in what the server sees of a request.
void show(const request_head& from, const lws_handshake& handshake, transport::upgrade_request& to)
{
    const auto mark = std::min(from.target.find('?'), from.target.size());
    to.path = normalized(std::string_view(from.target).substr(0, mark));
    for (auto at = to.path.find("//"); at != std::string::npos; at = to.path.find("//", at))
        to.path.erase(at, 1);
    auto query = std::string_view(from.target).substr(std::min(mark + 1, from.target.size()));
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        if (!to.query.empty()) to.query += '&';
        to.query += normalized(query.substr(0, end));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    to.fields.emplace_back("host", handshake.host_header());
    for (const auto& [name, value] : from.fields)
        to.fields.emplace_back(base::lowered(name), value);
}

asio::awaitable<void> throw_if_canceled()
{
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none)
        throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
}

/// Returns what a client makes of these bytes and the end of the connection after them, or throws
/// what it throws.
http_response read_answer(std::string_view bytes, std::size_t most, const lws_handshake& handshake)
{
    http_answer answer(http_answer::request::any, most);
    answer.feed(bytes);
    if (!answer.has_head()) throw handshake.why();
    if (answer.end() == http_answer::ending::none) {
        throw error(errc::connection_lost,
            fmt::format("{} ended the connection before its answer was whole.", handshake.peer()),
            {phase::upgrade, 0, {}, answer.status()});
    }
    if (answer.end() == http_answer::ending::too_long) {
        throw error(errc::message_too_big,
            fmt::format("{} sent an answer of more than {} bytes.", handshake.peer(), most),
            {phase::upgrade, 0, {}, answer.status()});
    }
    return {answer.status(), answer.fields(), answer.take_body()};
}

} // namespace

/// Where clients arrive, as long as the listener is open.
class memory_network::acceptor {
public:
    explicit acceptor(transport::listen_options given) : options(std::move(given)) {}

    static asio::awaitable<std::unique_ptr<transport::server_connection>> next(
        std::shared_ptr<acceptor> self)
    {
        while (self->ready_.empty() && !self->is_closed_) co_await self->arrivals_.wait();
        if (self->is_closed_) throw error(errc::closed, "The listener has been closed.");
        auto first = std::move(self->ready_.front());
        self->ready_.pop_front();
        co_return first;
    }
    void admit(std::unique_ptr<transport::server_connection> client)
    {
        ready_.push_back(std::move(client));
        arrivals_.set();
    }
    void close() noexcept
    {
        is_closed_ = true;
        ready_.clear();
        arrivals_.set();
    }
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }

    [[nodiscard]] transport::upgrade_verdict decide(const transport::upgrade_request& request) const
    {
        try {
            return options.decide ? options.decide(request) : transport::upgrade_verdict{};
        } catch (const std::exception&) {
            return {500, {}, "The server failed to decide on this request.\n"};
        }
    }
    [[nodiscard]] transport::plain_answer answer(const transport::plain_request& request) const
    {
        if (!options.answer)
            return http_response{
                426, {{"Upgrade", "websocket"}}, "This server speaks WebSocket only.\n"};
        if (request.body.size() > options.max_request)
            return http_response{
                413, {}, fmt::format("The body is over {} bytes.\n", options.max_request)};
        try {
            return options.answer(request);
        } catch (const std::exception&) {
            return http_response{500, {}, "The server failed to answer this request.\n"};
        }
    }

    const transport::listen_options options;

private:
    std::deque<std::unique_ptr<transport::server_connection>> ready_;
    async::event arrivals_;
    bool is_closed_ = false;
};

class memory_network::memory_listener final : public transport::listener {
public:
    memory_listener(
        asio::any_io_executor executor, std::shared_ptr<acceptor> acceptor, std::uint16_t port)
        : executor_(std::move(executor)), acceptor_(std::move(acceptor)), port_(port)
    {
    }
    ~memory_listener() override { acceptor_->close(); }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override { return executor_; }
    [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }
    asio::awaitable<std::unique_ptr<transport::server_connection>> accept() override
    {
        return acceptor::next(acceptor_);
    }
    void close() noexcept override { acceptor_->close(); }

private:
    asio::any_io_executor executor_;
    std::shared_ptr<acceptor> acceptor_;
    std::uint16_t port_;
};

class memory_network::memory_connector final : public transport::connector {
public:
    memory_connector(asio::any_io_executor executor, self_ptr network)
        : executor_(std::move(executor)), network_(std::move(network))
    {
    }

    [[nodiscard]] asio::any_io_executor executor() const noexcept override { return executor_; }
    asio::awaitable<std::unique_ptr<transport::connection>> connect(
        transport::connect_request request) override
    {
        return memory_network::connect(network_, executor_, std::move(request));
    }
    asio::awaitable<http_response> fetch(transport::http_request request) override
    {
        return memory_network::fetch(network_, std::move(request));
    }

private:
    asio::any_io_executor executor_;
    self_ptr network_;
};

std::shared_ptr<transport::connector> memory_network::make_connector(asio::any_io_executor executor)
{
    return std::make_shared<memory_connector>(std::move(executor), shared_from_this());
}

std::unique_ptr<transport::listener> memory_network::listen(
    asio::any_io_executor executor, transport::listen_options options)
{
    static_cast<void>(transport::address_of(options));
    if (options.identity) {
        throw error(errc::invalid_argument,
            "There is no TLS in virtual time: leave the tls option of the emulator absent.");
    }
    const auto port = find_port(options);
    auto opened = std::make_shared<acceptor>(std::move(options));
    acceptors_[port] = opened;
    return std::make_unique<memory_listener>(std::move(executor), std::move(opened), port);
}

std::uint16_t memory_network::find_port(const transport::listen_options& options)
{
    const auto is_free = [this](std::uint16_t port) {
        const auto found = acceptors_.find(port);
        const auto open = found == acceptors_.end() ? nullptr : found->second.lock();
        return !open || open->is_closed();
    };
    if (options.port == 0) {
        auto port = next_port_;
        while (!is_free(port)) port = std::max<std::uint16_t>(port + 1, first_port);
        next_port_ = std::max<std::uint16_t>(port + 1, first_port);
        return port;
    }
    if (!is_free(options.port))
        throw transport::cannot_listen(options, make_error_code(asio::error::address_in_use));
    return options.port;
}

std::shared_ptr<memory_network::acceptor> memory_network::find(const request_head& request) const
{
    const auto found = acceptors_.find(request.port);
    if (found == acceptors_.end() || !base::is_loopback(request.host)) return nullptr;
    auto open = found->second.lock();
    return open && !open->is_closed() ? open : nullptr;
}

/// Waits until the request has arrived at its server, and notes this in the handshake.
asio::awaitable<std::shared_ptr<memory_network::acceptor>> memory_network::reach(
    self_ptr self, const request_head& request, lws_handshake& handshake)
{
    check_reachable(request);
    co_await asio::post(asio::use_awaitable);
    co_await throw_if_canceled();
    auto to = self->find(request);
    if (!to) throw handshake.why();
    bool is_late = false;
    if (self->held_) {
        const auto limit = request.deadlines.upgrade;
        async::event changed;
        std::optional<async::alarm> alarm;
        if (limit.count() != 0) {
            const auto executor = co_await asio::this_coro::executor;
            alarm.emplace(executor, self->clock_, base::later(self->clock_->now(), limit), [&] {
                is_late = true;
                changed.set();
            });
        }
        struct place {
            place(std::vector<async::event*>& all, async::event& mine) : all_(all), mine_(&mine)
            {
                all_.push_back(mine_);
            }
            ~place() { std::erase(all_, mine_); }
            std::vector<async::event*>& all_;
            async::event* mine_;
        };
        const place in_line(self->held_requests_, changed);
        while (self->held_ && !is_late) co_await changed.wait();
    }
    handshake.connected();
    handshake.asked();
    if (is_late) throw handshake.timeout(request.deadlines.upgrade);
    co_return to;
}

asio::awaitable<std::unique_ptr<transport::connection>> memory_network::connect(
    self_ptr self, asio::any_io_executor executor, transport::connect_request request)
{
    transport::check_sendable(request);
    lws_handshake handshake(request, std::nullopt);
    const auto to = co_await reach(self, request, handshake);
    transport::upgrade_request seen;
    show(request, handshake, seen);
    const auto verdict = to->decide(seen);
    if (verdict.status != 101) {
        const auto text = transport::response_text({verdict.status, verdict.fields, verdict.body});
        transport::client_upgrade upgrade(request.read_refusal);
        std::span<const char> bytes(text);
        upgrade.feed(bytes);
        static_cast<void>(upgrade.judge(handshake));
        throw handshake.why();
    }
    link_options options{executor, self->clock_, std::move(seen), request.deadlines,
        to->options.max_message, request.max_message};
    memory_link link(std::move(options));
    std::erase_if(self->links_, [](const memory_link& each) { return each.is_over(); });
    auto made = link.client_end();
    to->admit(link.server_end());
    self->links_.push_back(std::move(link));
    co_return made;
}

asio::awaitable<http_response> memory_network::fetch(self_ptr self, transport::http_request request)
{
    transport::check_sendable(request);
    lws_handshake handshake(request, std::nullopt);
    const auto to = co_await reach(self, request, handshake);
    transport::plain_request seen;
    show(request, handshake, seen);
    seen.method = request.method;
    seen.body = request.body;
    const auto answer = to->answer(seen);
    const auto text = transport::response_text(answer);
    std::string_view bytes = text;
    switch (answer.sent) {
    case transport::plain_answer::fate::whole: break;
    case transport::plain_answer::fate::half: bytes = bytes.substr(0, bytes.size() / 2); break;
    case transport::plain_answer::fate::nothing: bytes = {}; break;
    case transport::plain_answer::fate::silence: {
        const auto limit = request.deadlines.upgrade;
        auto until = base::time_point::max();
        if (limit.count() != 0) until = base::later(self->clock_->now(), limit);
        co_await self->clock_->sleep_until(until);
        throw handshake.timeout(limit);
    }
    }
    co_return read_answer(bytes, request.max_body, handshake);
}

void memory_network::hold(bool on)
{
    held_ = on;
    for (auto& each : links_) each.hold(on);
    for (auto* each : held_requests_) each->set();
}

std::string memory_network::open_connections() const
{
    std::string all;
    for (const auto& each : links_) {
        if (each.is_over() || !each.is_open()) continue;
        all += fmt::format("{}a connection ({})", all.empty() ? "" : ", ", each.last_messages());
    }
    return all;
}

} // namespace gemini::live::emulator
