// SPDX-License-Identifier: Apache-2.0
#include "support/raw_client.hpp"

#include <asio/ip/address_v4.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <stdexcept>

namespace test {

using asio::ip::tcp;

std::string upgrade_request(std::string_view target, const header_fields& fields)
{
    auto text = "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
                "Sec-WebSocket-Key: " + std::string(client_key) + "\r\n";
    for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

asio::awaitable<raw_socket> raw_connect(std::uint16_t port)
{
    tcp::socket tcp(co_await asio::this_coro::executor);
    const tcp::endpoint server(asio::ip::address_v4::loopback(), port);
    co_await tcp.async_connect(server, asio::use_awaitable);
    raw_socket socket(std::move(tcp));
    co_return socket;
}

asio::awaitable<void> upgrade(raw_socket& socket, std::string target)
{
    co_await socket.write(upgrade_request(target));
    const auto answer = co_await socket.read_head();
    if (answer.target() != "101" || answer.header("sec-websocket-accept") != accept_key(client_key))
        throw std::runtime_error("not upgraded: " + answer.start_line);
}

asio::awaitable<raw_socket> raw_websocket(std::uint16_t port, std::string target)
{
    auto socket = co_await raw_connect(port);
    co_await upgrade(socket, std::move(target));
    co_return socket;
}

} // namespace test
