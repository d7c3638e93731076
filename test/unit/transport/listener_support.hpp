// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/listener.hpp"

#include "support/raw_client.hpp"
#include "support/raw_frame.hpp"
#include "support/run.hpp"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// A listener, and clients on raw sockets.
namespace listener_support {

namespace transport = gemini::live::transport;
using server_ptr = std::unique_ptr<transport::server_connection>;

inline std::string masked(test::raw_frame frame) { return frame.masked().bytes(); }

inline std::string field_of(const transport::upgrade_request& request, std::string_view name)
{
    for (const auto& [each, value] : request.fields)
        if (each == name) return value;
    return "(absent)";
}

/// A listener, and both ends of a connection to it.
struct fixture {
    explicit fixture(transport::listen_options options = {})
        : identity(options.identity),
          listener(transport::listen(io.get_executor(), std::move(options)))
    {
    }

    asio::awaitable<void> connect(std::string target = "/live")
    {
        client.emplace(co_await test::raw_connect(listener->port()));
        if (identity) co_await client->connect_tls("localhost", identity->first);
        co_await test::upgrade(*client, std::move(target));
        server = co_await listener->accept();
    }
    void connected() { test::run(io, connect()); }
    void run(asio::awaitable<void> work) { test::run(io, std::move(work)); }

    asio::io_context io;
    std::optional<std::pair<std::string, std::string>> identity;
    std::unique_ptr<transport::listener> listener;
    std::optional<test::raw_socket> client;
    server_ptr server;
};

} // namespace listener_support
