// SPDX-License-Identifier: Apache-2.0
#include "support/raw_peer.hpp"

#include <asio/ip/address_v4.hpp>
#include <asio/use_awaitable.hpp>

namespace test {

using asio::ip::tcp;

namespace {

tcp::endpoint any_port() { return {asio::ip::address_v4::loopback(), 0}; }

} // namespace

raw_peer::raw_peer(asio::io_context& io, std::optional<pem_identity> identity)
    : acceptor_(io, any_port()), tls_(identity ? make_tls_server(*identity) : nullptr)
{
}

std::uint16_t raw_peer::port() const { return acceptor_.local_endpoint().port(); }

asio::awaitable<raw_socket> raw_peer::accept()
{
    auto tcp = co_await acceptor_.async_accept(asio::use_awaitable);
    raw_socket socket(std::move(tcp));
    if (tls_) co_await socket.accept_tls(tls_);
    co_return socket;
}

asio::awaitable<raw_socket> raw_peer::accept_websocket()
{
    auto socket = co_await accept();
    request_ = co_await socket.read_head();
    co_await socket.write(switching_protocols(request_));
    co_return socket;
}

std::string switching_protocols(const http_head& request)
{
    return http_response(
        101, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Accept", accept_key(request.header("sec-websocket-key"))}});
}

std::uint16_t closed_port(asio::io_context& io)
{
    const tcp::acceptor was_open(io, any_port());
    return was_open.local_endpoint().port();
}

/// Linux drops what arrives for a listener whose backlog is full.
silent_port::silent_port(asio::io_context& io) : acceptor_(io, tcp::v4())
{
    acceptor_.bind(any_port());
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i) {
        auto& filler = fillers_.emplace_back(io, tcp::v4());
        filler.native_non_blocking(true);
        const auto to = acceptor_.local_endpoint();
        ::connect(filler.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
}

std::uint16_t silent_port::port() const { return acceptor_.local_endpoint().port(); }

} // namespace test
