// SPDX-License-Identifier: Apache-2.0
#include "support/socks_peer.hpp"

#include "support/accept_clients.hpp"
#include "support/raw_socket.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/use_awaitable.hpp>

#include <set>
#include <stdexcept>
#include <utility>

namespace test {

using asio::ip::tcp;

struct socks_peer::state {
    state(asio::io_context& io, socks_behavior how)
        : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), behavior(std::move(how))
    {
    }

    tcp::acceptor acceptor;
    socks_behavior behavior;
    std::vector<socks_request> requests;
    std::set<raw_socket*> open;
};

namespace {

struct refused_client : std::runtime_error {
    using std::runtime_error::runtime_error;
};

asio::awaitable<std::uint8_t> read_byte(raw_socket& from)
{
    const auto byte = co_await from.read(1);
    co_return static_cast<std::uint8_t>(byte[0]);
}

asio::awaitable<std::string> read_counted(raw_socket& from)
{
    const auto size = co_await read_byte(from);
    auto text = co_await from.read(size);
    co_return text;
}

std::string bytes(std::initializer_list<int> all)
{
    std::string text;
    for (const int each : all) text += static_cast<char>(each);
    return text;
}

/// Agrees on a method, and has user and password shown.
asio::awaitable<void> authenticate(
    raw_socket& client, const socks_behavior& wants, socks_request& shown)
{
    const auto version = co_await read_byte(client);
    const auto methods = co_await read_counted(client);
    const char method = wants.user.empty() ? 0 : 2;
    const bool is_offered = methods.find(method) != std::string::npos;
    auto answer = bytes({5, is_offered ? method : 0xff});
    co_await client.write(std::move(answer));
    if (version != 5 || !is_offered) throw refused_client("no method");
    if (method == 0) co_return;
    co_await read_byte(client); // the version of this exchange
    shown.user = co_await read_counted(client);
    shown.password = co_await read_counted(client);
    const bool is_right = shown.user == wants.user && shown.password == wants.password;
    auto verdict = bytes({1, is_right ? 0 : 1});
    co_await client.write(std::move(verdict));
    if (!is_right) throw refused_client("wrong password");
}

asio::awaitable<void> read_target(raw_socket& client, socks_request& asked)
{
    const auto head = co_await client.read(4);
    asked.type = static_cast<std::uint8_t>(head[3]);
    const std::size_t size_of_address = asked.type == 1 ? 4 : 16;
    if (asked.type == 3)
        asked.host = co_await read_counted(client);
    else
        asked.host = co_await client.read(size_of_address);
    const auto high = co_await read_byte(client);
    const auto low = co_await read_byte(client);
    asked.port = static_cast<std::uint16_t>(high << 8 | low);
}

template <class State>
asio::awaitable<void> serve_socks_client(std::shared_ptr<State> proxy, raw_socket client)
{
    proxy->open.insert(&client);
    try {
        socks_request asked{};
        co_await authenticate(client, proxy->behavior, asked);
        co_await read_target(client, asked);
        proxy->requests.push_back(asked);
        const int code = proxy->behavior.code;
        auto reply = bytes({5, code, 0, 1, 127, 0, 0, 1, 0, 0});
        if (code != 0) {
            co_await client.write(std::move(reply));
            throw refused_client("as planned");
        }
        tcp::socket tcp(client.tcp().get_executor());
        const tcp::endpoint target(asio::ip::address_v4::loopback(), asked.port);
        co_await tcp.async_connect(target, asio::use_awaitable);
        co_await client.write(std::move(reply));
        raw_socket server(std::move(tcp));
        co_await client.join(server);
    } catch (const std::runtime_error&) {
        // either end has gone, or the client was refused
    }
    proxy->open.erase(&client);
}

} // namespace

socks_peer::socks_peer(asio::io_context& io, socks_behavior behavior)
    : state_(std::make_shared<state>(io, std::move(behavior)))
{
    asio::co_spawn(io, accept_clients(state_, &serve_socks_client<state>), asio::detached);
}

socks_peer::~socks_peer()
{
    state_->acceptor.close();
    for (auto* each : state_->open) each->close();
}

std::uint16_t socks_peer::port() const { return state_->acceptor.local_endpoint().port(); }

const std::vector<socks_request>& socks_peer::requests() const { return state_->requests; }

} // namespace test
