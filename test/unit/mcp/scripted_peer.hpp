// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/spawn.hpp"
#include "mcp/client_core.hpp"
#include "support/virtual_time.hpp"

#include <asio/co_spawn.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// An MCP client and a scripted server, in memory and in virtual time.
namespace test::mcp_peer {

namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
using gemini::live::protocol::json_value;

inline constexpr auto hello = R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},)"
                              R"("serverInfo":{"name":"peer","version":"1"}})";

/// A server in memory: what it has been sent, and what it does about it.
struct peer {
    explicit peer(asio::io_context& io) : executor(io.get_executor()) {}

    /// Sends text to the client, not within its call.
    void say(std::string text)
    {
        live::async::post(executor, [this, text = std::move(text), to = generation] {
            if (to == generation) receiver.on_message(text);
        });
    }
    void answer(std::int64_t id, const std::string& result)
    {
        say(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" + result + "}");
    }
    void die(live::error why)
    {
        live::async::post(executor, [this, why, to = generation] {
            if (to == generation) receiver.on_end(why);
        });
    }
    [[nodiscard]] std::vector<std::string> methods() const
    {
        std::vector<std::string> all;
        for (const auto& each : received) all.push_back(method_of(each));
        return all;
    }
    [[nodiscard]] static std::string method_of(const json_value& message)
    {
        const auto method = message.find("method");
        return method ? *method->string() : "";
    }

    asio::any_io_executor executor;
    mcp::channel_receiver receiver{};
    std::vector<json_value> received{};
    int generation = 0; ///< Of connections.
    int closed = 0;
    int aborted = 0;
    std::function<void(const std::string& method, std::int64_t id, const json_value&)> on_request{};
    std::optional<live::error> refuses_requests{};
    std::optional<live::error> refuses_to_open{};
};

class peer_channel final : public mcp::channel {
public:
    explicit peer_channel(peer& to) : to_(to) {}

    void open() override
    {
        if (to_.refuses_to_open) throw live::error(*to_.refuses_to_open);
    }
    asio::awaitable<void> send(std::string text) override
    {
        to_.received.push_back(json_value::parse(text));
        co_return;
    }
    asio::awaitable<void> send_request(std::string text, std::function<bool()>) override
    {
        const auto message = json_value::parse(text);
        to_.received.push_back(message);
        const auto method = peer::method_of(message);
        if (to_.refuses_requests && method != "initialize") {
            const auto why = *std::exchange(to_.refuses_requests, std::nullopt);
            throw live::error(why);
        }
        to_.on_request(method, *message.find("id")->integer(), message);
        co_return;
    }
    void initialized(const std::string&) override {}
    asio::awaitable<void> close() override
    {
        ++to_.closed;
        co_return;
    }
    void abort() noexcept override { ++to_.aborted; }

private:
    peer& to_;
};

/// A client and its server, in virtual time.
struct bench {
    bench()
    {
        server.on_request = [this](const std::string& method, std::int64_t id,
                                const json_value& message) { serve(method, id, message); };
    }

    void serve(const std::string& method, std::int64_t id, const json_value& message)
    {
        if (method == "initialize") return server.answer(id, hello);
        if (on_request) on_request(method, id, message);
    }

    std::shared_ptr<mcp::client_core> make(mcp::client_options options = {})
    {
        return std::make_shared<mcp::client_core>(io.get_executor(), clock, std::move(options),
            [this](const asio::any_io_executor&, mcp::channel_receiver receiver) {
                ++server.generation;
                server.receiver = std::move(receiver);
                return std::make_shared<peer_channel>(server);
            });
    }

    template <class T>
    T run(asio::awaitable<T> work)
    {
        std::optional<T> result;
        const auto keep = [](std::optional<T>& into,
                              asio::awaitable<T> from) -> asio::awaitable<void> {
            into.emplace(co_await std::move(from));
        };
        io.restart();
        test::play(io, *clock, keep(result, std::move(work)));
        return std::move(*result);
    }
    void run(asio::awaitable<void> work)
    {
        io.restart();
        test::play(io, *clock, std::move(work));
    }
    /// Runs what can run without waiting for time.
    void settle()
    {
        io.restart();
        io.poll();
    }

    template <class T>
    std::optional<live::error> failure(asio::awaitable<T> work)
    {
        try {
            static_cast<void>(run(std::move(work)));
        } catch (const live::error& why) {
            return why;
        }
        return std::nullopt;
    }

    asio::io_context io;
    std::shared_ptr<test::virtual_clock> clock = std::make_shared<test::virtual_clock>();
    peer server{io};
    std::function<void(const std::string&, std::int64_t, const json_value&)> on_request{};
};

inline constexpr auto done = R"({"content":[{"type":"text","text":"done"}]})";

} // namespace test::mcp_peer
