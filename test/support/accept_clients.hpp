// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_socket.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <system_error>
#include <utility>

namespace test {

/// Accepts clients of a peer, and serves each by itself, until the `acceptor` of its state is
/// closed.
template <class State>
asio::awaitable<void> accept_clients(
    std::shared_ptr<State> peer, asio::awaitable<void> (*serve)(std::shared_ptr<State>, raw_socket))
{
    while (true) {
        std::error_code closed;
        auto tcp =
            co_await peer->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, closed));
        if (closed) co_return;
        raw_socket client(std::move(tcp));
        asio::co_spawn(
            peer->acceptor.get_executor(), serve(peer, std::move(client)), asio::detached);
    }
}

} // namespace test
