// SPDX-License-Identifier: Apache-2.0
#include "support/memory_connector.hpp"

#include "async/event.hpp"

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <deque>
#include <exception>
#include <system_error>
#include <utility>

namespace test {

using namespace gemini::live;
using namespace gemini::live::transport;

namespace {

using serve_function = std::function<asio::awaitable<void>(std::shared_ptr<memory_peer>)>;
using decide_function = std::function<void(const connect_request&)>;

/// What the two ends share. Each end only queues and wakes; no call completes before it is awaited.
struct link {
    explicit link(connect_request asked) : request(std::move(asked)) {}

    const connect_request request;

    // towards the server
    std::deque<std::string> sent;
    std::uint64_t sent_ever = 0;
    std::deque<std::uint64_t> pings; ///< Each: the number of messages sent before it.
    std::uint64_t pongs = 0;
    async::event server_wakes;
    bool stalled = false;
    std::optional<std::uint16_t> client_close_code;

    // towards the client
    std::deque<message> received;
    async::event reader_wakes;
    async::event sender_wakes;
    std::optional<error> end; ///< Why the connection has ended; the first cause is kept.

    /// The server answers a ping once it has received everything sent before.
    void answer_pings()
    {
        const auto taken = sent_ever - sent.size();
        while (!pings.empty() && pings.front() <= taken) {
            pings.pop_front();
            ++pongs;
        }
    }

    void finish(error why)
    {
        if (!end) end.emplace(std::move(why));
        server_wakes.set();
        reader_wakes.set();
        sender_wakes.set();
    }

    void finish_by_client()
    {
        received.clear();
        finish(closed_by_owner());
    }
};

/// Runs everything that was ready before.
asio::awaitable<void> take_turn() { return asio::post(asio::use_awaitable); }

asio::awaitable<void> send_on(std::shared_ptr<link> link, std::vector<base::frame> batch)
{
    co_await take_turn();
    for (const auto& each : batch) {
        while (link->stalled && !link->end) co_await link->sender_wakes.wait();
        if (link->end) throw error(*link->end);
        link->sent.emplace_back(each.view());
        ++link->sent_ever;
        link->server_wakes.set();
    }
}

asio::awaitable<message> receive_from(std::shared_ptr<link> link)
{
    co_await take_turn();
    while (link->received.empty() && !link->end) co_await link->reader_wakes.wait();
    if (link->received.empty()) throw error(*link->end);
    auto first = std::move(link->received.front());
    link->received.pop_front();
    co_return first;
}

/// Without a network the peer's answer is certain, and a peer that stalls has missed its deadline.
asio::awaitable<void> close_link(std::shared_ptr<link> link, std::uint16_t code)
{
    if (!link->end) link->client_close_code = code;
    link->finish_by_client();
    co_await take_turn();
}

asio::awaitable<std::optional<std::string>> next_sent(std::shared_ptr<link> link)
{
    co_await take_turn();
    while (link->sent.empty() && !link->end) co_await link->server_wakes.wait();
    if (link->sent.empty()) co_return std::nullopt;
    auto first = std::move(link->sent.front());
    link->sent.pop_front();
    link->answer_pings();
    co_return first;
}

class memory_connection final : public connection {
public:
    explicit memory_connection(std::shared_ptr<link> link) : link_(std::move(link)) {}
    ~memory_connection() override { abort(); }

    asio::awaitable<void> send(std::vector<base::frame> batch) override
    {
        return send_on(link_, std::move(batch));
    }
    asio::awaitable<message> receive() override { return receive_from(link_); }
    std::uint64_t ping() override
    {
        const auto number = link_->pongs + link_->pings.size() + 1;
        link_->pings.push_back(link_->sent_ever);
        link_->answer_pings();
        return number;
    }
    asio::awaitable<void> close(std::uint16_t code, std::string) override
    {
        return close_link(link_, code);
    }
    void abort() noexcept override { link_->finish_by_client(); }

private:
    std::shared_ptr<link> link_;
};

class server_end final : public memory_peer {
public:
    explicit server_end(std::shared_ptr<link> link) : link_(std::move(link)) {}
    ~server_end() override { drop(); }

    [[nodiscard]] const connect_request& request() const noexcept override
    {
        return link_->request;
    }
    asio::awaitable<std::optional<std::string>> receive() override { return next_sent(link_); }
    void send(std::string text) override
    {
        if (link_->end) return;
        const auto limit = link_->request.max_message;
        if (text.size() > limit) {
            link_->finish(error(errc::message_too_big,
                fmt::format("The server sent a message of {} bytes; the limit is {}: raise "
                            "limits::message if such messages are expected.",
                    text.size(), limit),
                {phase::open}));
            return;
        }
        link_->received.push_back({opcode::binary, base::padded_buffer(text), link_->pongs});
        link_->reader_wakes.set();
    }
    void close(std::uint16_t code, std::string reason) override
    {
        link_->finish(error(errc::connection_lost,
            fmt::format("The server closed the connection (code {}: {}).", code, reason),
            {phase::open, code, reason}));
    }
    void drop() override
    {
        link_->finish(error(
            errc::connection_lost, "The connection was lost without a close.", {phase::open}));
    }
    void stall(bool on) override
    {
        link_->stalled = on;
        if (!on) link_->sender_wakes.set();
    }
    [[nodiscard]] std::optional<std::uint16_t> close_code() const noexcept override
    {
        return link_->client_close_code;
    }

private:
    std::shared_ptr<link> link_;
};

/// What a connector's coroutines share; they may outlive it.
struct world {
    asio::any_io_executor executor;
    serve_function serve;
    decide_function decide;
    memory_answer answer;
};

asio::awaitable<void> throw_if_cancelled()
{
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none)
        throw std::system_error(asio::error::make_error_code(asio::error::operation_aborted));
}

asio::awaitable<void> serve_one(
    std::shared_ptr<const world> world, std::shared_ptr<memory_peer> peer)
{
    co_await world->serve(std::move(peer));
}

asio::awaitable<std::unique_ptr<connection>> connect_in(
    std::shared_ptr<const world> world, connect_request request)
{
    co_await take_turn();
    co_await throw_if_cancelled();
    if (world->decide) world->decide(request);
    auto shared = std::make_shared<link>(std::move(request));
    asio::co_spawn(world->executor, serve_one(world, std::make_shared<server_end>(shared)),
        [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
    co_return std::make_unique<memory_connection>(std::move(shared));
}

asio::awaitable<http_response> fetch_in(std::shared_ptr<const world> world, http_request request)
{
    co_await take_turn();
    co_await throw_if_cancelled();
    if (!world->answer)
        throw error(errc::connect_failed, "Nobody answers calls here.", {phase::connect});
    const auto limit = request.max_body;
    auto response = co_await world->answer(std::move(request));
    if (response.body.size() > limit) {
        throw error(errc::message_too_big,
            fmt::format("The server sent an answer of more than {} bytes.", limit),
            {phase::upgrade, 0, {}, response.status});
    }
    co_return response;
}

class memory_connector final : public connector {
public:
    explicit memory_connector(std::shared_ptr<const world> world) : world_(std::move(world)) {}

    [[nodiscard]] asio::any_io_executor executor() const noexcept override
    {
        return world_->executor;
    }
    asio::awaitable<std::unique_ptr<connection>> connect(connect_request request) override
    {
        return connect_in(world_, std::move(request));
    }
    asio::awaitable<http_response> fetch(http_request request) override
    {
        return fetch_in(world_, std::move(request));
    }

private:
    std::shared_ptr<const world> world_;
};

} // namespace

std::shared_ptr<connector> make_memory_connector(asio::any_io_executor executor,
    serve_function serve, decide_function decide, memory_answer answer)
{
    return std::make_shared<memory_connector>(std::make_shared<const world>(
        world{std::move(executor), std::move(serve), std::move(decide), std::move(answer)}));
}

} // namespace test
