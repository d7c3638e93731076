// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/access.hpp"
#include "session/client_core.hpp"
#include "support/memory_connector.hpp"

#include "support/virtual_time.hpp"

#include <gemini/live/client.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vectors {

/// Whole sessions against a server in memory, in virtual time.
class stage {
public:
    using peer = std::shared_ptr<test::memory_peer>;

    /// What the server does on each connection after it has completed the setup; by default it only
    /// listens.
    using script = std::function<asio::awaitable<void>(peer)>;

    explicit stage(gemini::live::client_options options_, script serve_ = {})
        : options(std::move(options_)), serve(std::move(serve_))
    {
    }

    [[nodiscard]] gemini::live::client client()
    {
        namespace live = gemini::live;
        auto connector = test::make_memory_connector(
            io.get_executor(), [this](peer client) { return attend(std::move(client)); },
            [this](const live::transport::connect_request& request) { dials.push_back(request); },
            answer);
        return live::access::make_client(std::make_shared<live::client_core>(
            options, std::move(connector), clock, [] { return 0.5; }));
    }

    /// Runs `work` to its end; throws what it throws.
    void play(asio::awaitable<void> work) { test::play(io, *clock, std::move(work)); }

    /// Runs everything that is ready.
    static asio::awaitable<void> settle()
    {
        for (int i = 0; i < 50; ++i)
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }

    gemini::live::client_options options;
    script serve;
    test::memory_answer answer{}; ///< The answer to calls; set before `client()`.
    std::shared_ptr<test::virtual_clock> clock = std::make_shared<test::virtual_clock>();
    asio::io_context io{1};
    std::vector<std::string> heard{}; ///< What the server received, over all connections.
    std::vector<gemini::live::transport::connect_request> dials{};

private:
    asio::awaitable<void> attend(peer client)
    {
        auto setup = co_await client->receive();
        if (!setup) co_return;
        heard.push_back(*setup);
        client->send(R"({"setupComplete":{}})");
        if (serve) co_await serve(client);
        while (auto message = co_await client->receive()) heard.push_back(*message);
    }
};

} // namespace vectors
