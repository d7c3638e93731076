// SPDX-License-Identifier: Apache-2.0
#include "support/relay.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace test {

using asio::ip::tcp;

namespace {

tcp::endpoint at_port(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

/// One client and its way to the server.
struct passage {
    explicit passage(tcp::socket from)
        : client(std::move(from)), server(client.get_executor()), waiting(client.get_executor())
    {
        waiting.expires_at(std::chrono::steady_clock::time_point::max());
    }

    void reset()
    {
        for (auto* each : {&client, &server}) {
            std::error_code gone;
            each->set_option(asio::socket_base::linger(true, 0), gone);
            each->close(gone);
        }
        waiting.cancel();
    }

    /// From now on nothing is read that somebody would receive.
    void suffer(trouble what)
    {
        suffers = what;
        std::error_code gone;
        if (what == trouble::rst) reset();
        if (what == trouble::fin) {
            client.shutdown(tcp::socket::shutdown_send, gone);
            server.shutdown(tcp::socket::shutdown_send, gone);
        }
        if (what != trouble::stall) waiting.cancel();
    }

    void go_on()
    {
        if (suffers != trouble::stall) return;
        suffers.reset();
        waiting.cancel();
    }

    tcp::socket client;
    tcp::socket server;
    asio::steady_timer waiting; ///< Canceled when a stall is over.
    std::array<std::uint64_t, 2> passed{};
    std::optional<misfortune> coming{};
    std::optional<trouble> suffers{};
    int directions = 2; ///< Those that have not ended.
};
using passage_ptr = std::shared_ptr<passage>;

asio::awaitable<void> write_all(tcp::socket& to, const char* bytes, std::size_t size)
{
    if (size != 0) co_await asio::async_write(to, asio::buffer(bytes, size), asio::use_awaitable);
}

/// Throws when either end has disconnected.
asio::awaitable<void> pass_on(passage_ptr between, way where)
{
    auto& from = where == way::up ? between->client : between->server;
    auto& to = where == way::up ? between->server : between->client;
    auto& passed = between->passed[static_cast<std::size_t>(where)];
    std::array<char, 16 * 1024> piece;
    for (;;) {
        const auto size = co_await from.async_read_some(asio::buffer(piece), asio::use_awaitable);
        std::size_t done = 0;
        const auto& coming = between->coming;
        if (coming && coming->where == where && coming->after <= passed + size) {
            done = static_cast<std::size_t>(coming->after - passed);
            co_await write_all(to, piece.data(), done);
            passed += done;
            between->suffer(std::exchange(between->coming, std::nullopt)->what);
        }
        while (between->suffers == trouble::stall) {
            std::error_code woken;
            co_await between->waiting.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        }
        if (between->suffers) continue; // there is nobody to receive this
        co_await write_all(to, piece.data() + done, size - done);
        passed += size - done;
    }
}

} // namespace

struct relay::state {
    state(asio::io_context& io, std::uint16_t server_) : acceptor(io), server(server_) {}

    tcp::acceptor acceptor;
    std::uint16_t server;
    std::uint16_t port = 0;
    std::optional<misfortune> next{};
    std::set<passage_ptr> open{};
    passage_ptr latest{};
    std::size_t accepted = 0;
};

namespace {

template <class State>
asio::awaitable<void> pass_until_the_end(std::shared_ptr<State> all, passage_ptr between, way where)
{
    try {
        co_await pass_on(between, where);
    } catch (const std::system_error& end) {
        auto& to = where == way::up ? between->server : between->client;
        std::error_code gone;
        if (end.code() != asio::error::eof)
            between->reset();
        else if (!between->suffers)
            to.shutdown(tcp::socket::shutdown_send, gone);
    }
    if (--between->directions == 0) all->open.erase(between);
}

template <class State>
asio::awaitable<void> connect(std::shared_ptr<State> all, passage_ptr between)
{
    try {
        co_await between->server.async_connect(at_port(all->server), asio::use_awaitable);
    } catch (const std::system_error&) {
        between->reset();
        all->open.erase(between);
        co_return;
    }
    std::error_code gone;
    between->client.set_option(tcp::no_delay(true), gone);
    between->server.set_option(tcp::no_delay(true), gone);
    const auto executor = between->client.get_executor();
    asio::co_spawn(executor, pass_until_the_end(all, between, way::up), asio::detached);
    asio::co_spawn(executor, pass_until_the_end(all, between, way::down), asio::detached);
}

template <class State>
asio::awaitable<void> accept(std::shared_ptr<State> all)
{
    for (;;) {
        std::error_code closed;
        auto socket =
            co_await all->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, closed));
        if (closed) co_return;
        auto between = std::make_shared<passage>(std::move(socket));
        between->coming = std::exchange(all->next, std::nullopt);
        ++all->accepted;
        all->latest = between;
        all->open.insert(between);
        asio::co_spawn(all->acceptor.get_executor(), connect(all, between), asio::detached);
    }
}

} // namespace

relay::relay(asio::io_context& io, std::uint16_t server)
    : state_(std::make_shared<state>(io, server))
{
    listen();
}

relay::~relay()
{
    refuse();
    strike(trouble::rst);
}

std::uint16_t relay::port() const { return state_->port; }

void relay::strike_next(misfortune what) { state_->next = what; }

void relay::strike(trouble what)
{
    for (const auto& each : state_->open) each->suffer(what);
}

void relay::go_on()
{
    for (const auto& each : state_->open) each->go_on();
}

void relay::refuse() { state_->acceptor.close(); }

void relay::listen()
{
    state_->acceptor.open(tcp::v4());
    state_->acceptor.set_option(tcp::acceptor::reuse_address(true));
    state_->acceptor.bind(at_port(state_->port));
    state_->acceptor.listen();
    state_->port = state_->acceptor.local_endpoint().port();
    asio::co_spawn(state_->acceptor.get_executor(), accept(state_), asio::detached);
}

std::size_t relay::accepted() const { return state_->accepted; }

std::size_t relay::connected() const { return state_->open.size(); }

std::uint64_t relay::passed(way where) const
{
    return state_->latest ? state_->latest->passed[static_cast<std::size_t>(where)] : 0;
}

} // namespace test
