// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/catch.hpp"
#include "support/raw_peer.hpp"
#include "support/run.hpp"
#include "transport/lws_connector.hpp"

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// Shared by the tests of connections over libwebsockets.
namespace test {

namespace live = gemini::live;
namespace transport = gemini::live::transport;
using namespace std::chrono_literals;

/// One authority for all tests, since keys take time to generate.
inline const certificate_authority& authority()
{
    static const certificate_authority one;
    return one;
}

inline const pem_identity& localhost_identity()
{
    static const auto one = authority().issue("DNS:localhost,IP:127.0.0.1,IP:::1");
    return one;
}

inline std::optional<pem_identity> identity_for(bool tls)
{
    return tls ? std::optional(localhost_identity()) : std::nullopt;
}

inline transport::connect_request request_to(std::uint16_t port, bool tls = false)
{
    transport::connect_request request;
    request.tls = tls;
    request.host = "127.0.0.1";
    request.port = port;
    request.target = "/live?alt=ws";
    if (tls) request.trust.ca_pem = authority().pem();
    request.trust.system_store = false;
    return request;
}

/// The error that `work` ends with.
template <class T>
asio::awaitable<live::error> error_of(asio::awaitable<T> work)
{
    try {
        co_await std::move(work);
    } catch (const live::error& expected) {
        co_return expected;
    }
    throw std::runtime_error("no error came");
}

/// Client and server side by side.
inline asio::awaitable<void> side_by_side(asio::awaitable<void> one, asio::awaitable<void> other)
{
    using namespace asio::experimental::awaitable_operators;
    co_await (std::move(one) && std::move(other));
}

/// A peer whose client may leave it anywhere.
inline asio::awaitable<void> until_abandoned(asio::awaitable<void> peer)
{
    try {
        co_await std::move(peer);
    } catch (const std::system_error&) {
        // as expected
    }
}

inline asio::awaitable<void> accept_one(raw_peer& peer) { co_await peer.accept(); }

/// Calls `attempt` with a deadline of 50 ms, and with twice as much until it returns true: on a
/// busy machine a client may not reach the step that a test is about within a short deadline.
inline void with_growing_deadline(const std::function<bool(std::chrono::milliseconds)>& attempt)
{
    auto deadline = 50ms;
    while (!attempt(deadline)) {
        deadline *= 2;
        REQUIRE(deadline < 20s);
    }
}

inline std::vector<live::base::frame> batch_of(const std::vector<std::string>& texts)
{
    std::vector<live::base::frame> batch;
    for (const auto& each : texts) batch.emplace_back(each);
    return batch;
}

inline asio::awaitable<void> send_text(transport::connection& to, std::string text)
{
    std::vector<live::base::frame> batch;
    batch.emplace_back(text);
    co_await to.send(std::move(batch));
}

inline asio::awaitable<std::string> receive_text(transport::connection& from)
{
    const auto message = co_await from.receive();
    co_return std::string(message.payload.view());
}

/// A connection and the server's end of it.
struct pair {
    std::unique_ptr<transport::connection> client;
    std::optional<raw_socket> server;
};

inline asio::awaitable<void> connect_into(
    pair& both, std::shared_ptr<transport::connector> connector, transport::connect_request request)
{
    both.client = co_await connector->connect(std::move(request));
}

inline asio::awaitable<void> accept_into(pair& both, raw_peer& peer)
{
    both.server.emplace(co_await peer.accept_websocket());
}

/// An io_context, a connector on it and a server.
class bench {
public:
    explicit bench(bool tls = false) : peer(io, identity_for(tls)), tls_(tls) {}

    [[nodiscard]] transport::connect_request request() const
    {
        return request_to(peer.port(), tls_);
    }
    asio::awaitable<pair> open(transport::connect_request request)
    {
        pair both;
        co_await side_by_side(
            connect_into(both, connector, std::move(request)), accept_into(both, peer));
        co_return both;
    }
    asio::awaitable<pair> open() { return open(request()); }
    void run(asio::awaitable<void> work) { test::run(io, std::move(work)); }

    asio::io_context io;
    std::shared_ptr<transport::connector> connector =
        transport::make_lws_connector(io.get_executor());
    raw_peer peer;

private:
    bool tls_;
};

/// A client that does not trust the server, or is not trusted by it, ends the handshake.
inline asio::awaitable<void> fail_handshake(raw_peer& peer)
{
    try {
        co_await peer.accept();
    } catch (const std::system_error&) {
        // as expected
    }
}

} // namespace test
