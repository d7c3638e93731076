// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_connect_test.cpp
#pragma once

#include "transport/lws_client.hpp"

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace gemini::live::transport {

/// Begins to connect to an address, within a limit, as one of the rivals. May throw `live::error`.
using connect_attempt = std::function<std::shared_ptr<lws_client>(
    const asio::ip::address&, std::chrono::milliseconds, const std::shared_ptr<connect_rivals>&)>;

/// Races connections to the addresses of a host, at least one, as `connect_schedule` says; returns
/// the first with which TCP is established, and gives up the others. Throws `live::error` when all
/// have failed. Cancellation: total; all are given up.
[[nodiscard]] asio::awaitable<std::shared_ptr<lws_client>> first_to_connect(
    std::vector<asio::ip::address> addresses, std::chrono::milliseconds limit,
    connect_attempt begin);

} // namespace gemini::live::transport
