// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/memory_network_test.cpp
#pragma once

#include "base/exported.hpp"
#include "transport/listener.hpp"
#include "transport/transport.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/execution_context.hpp>

#include <memory>

namespace gemini::live::transport {

/// What takes the place of sockets on an execution context.
class network {
public:
    network() = default;
    network(const network&) = delete;
    network& operator=(const network&) = delete;
    virtual ~network() = default;

    [[nodiscard]] virtual std::shared_ptr<connector> make_connector(
        asio::any_io_executor executor) = 0;
    /// Throws as `transport::listen` does.
    [[nodiscard]] virtual std::unique_ptr<listener> listen(
        asio::any_io_executor executor, listen_options options) = 0;
};

/// Puts `other` in place of sockets, before anything else uses the context, until the context is
/// destroyed.
GEMINI_LIVE_FOR_EMULATOR void replace_network(
    asio::execution_context& context, std::shared_ptr<network> other);

/// Returns what has been put in place of sockets; null: nothing.
[[nodiscard]] std::shared_ptr<network> replaced_network(const asio::any_io_executor& executor);

/// Makes connections on the execution context of `executor`: over libwebsockets, unless there is
/// another network in its place.
[[nodiscard]] std::shared_ptr<connector> make_connector(asio::any_io_executor executor);

} // namespace gemini::live::transport
