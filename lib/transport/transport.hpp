// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/client_websocket_test.cpp
#pragma once

#include "base/buffer.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/network.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// One WebSocket connection, or one HTTP exchange, whatever implements it. Nothing above this
/// header knows libwebsockets, TLS or sockets.
namespace gemini::live::transport {

using headers = std::vector<std::pair<std::string, std::string>>;

/// Returns what the body of a refusal says to a person, on one line, without secrets. For a web
/// page it begins with `web_page`.
using refusal_reader = std::function<std::string(std::string_view body)>;
inline constexpr std::string_view web_page = "web page";

/// Where and how to connect, and what to ask for. All values are used unchanged: no defaults are
/// filled in below.
struct request_head {
    bool tls = true;
    std::string host; ///< Name or address, without brackets; names the peer in Host, SNI and
                      ///< certificate check.
    std::uint16_t port = 443;
    std::string target; ///< Path and query.
    headers fields;     ///< Names as they are to be sent.
    tls_options trust;
    proxy_options proxy;
    live::deadlines deadlines;
    /// For refusals by a proxy, and of an upgrade. Absent: their bodies are ignored.
    refusal_reader read_refusal{};
};

/// An upgrade to WebSocket.
struct connect_request : request_head {
    std::size_t max_message = 16u << 20;
};

struct http_response {
    int status = 0;
    headers fields; ///< Names in lower case.
    std::string body;
};

/// Receives a body as it arrives.
using body_sink = std::function<void(std::string_view piece)>;

/// A small HTTP/1.1 call. Host, Content-Length and Connection are filled in below.
/// `deadlines::upgrade` limits all that comes after TCP.
struct http_request : request_head {
    std::string method = "GET";      ///< Or "POST" or "DELETE".
    std::string body{};              ///< Of a POST.
    std::size_t max_body = 1u << 20; ///< Of the answer.
    /// Chooses, by the head of the answer, what receives its body. From then on neither `max_body`
    /// nor a deadline applies, and the response has no body. If it is absent or returns null, the
    /// response has the whole body. Both are called on the connector's executor, until `fetch` has
    /// completed. Must not throw.
    std::function<body_sink(const http_response& head)> choose_sink{};
};

enum class opcode : std::uint8_t { text = 1, binary = 2 };

/// One whole message as it was received.
struct message {
    opcode kind = opcode::text;
    base::padded_buffer payload;
    std::uint64_t pongs = 0; ///< The newest `connection::ping` answered before it arrived.
    std::chrono::nanoseconds round_trip{0}; ///< Of that ping, if measured; else 0.
};

/// What keeping a message costs: its bytes, and what holds them, here and above.
[[nodiscard]] inline std::size_t cost_of(const message& one) noexcept
{
    constexpr std::size_t overhead = 512;
    return overhead + one.payload.capacity();
}

/// An open WebSocket. Make all calls on its executor: one `receive` and one `send` at a time, which
/// may overlap. Destruction aborts it.
class connection {
public:
    connection() = default;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    virtual ~connection() = default;

    /// Sends text messages in order; completes when the socket has accepted the last one entirely.
    /// Their bytes are used up. Throws what ended the connection. Cancellation: a message is sent
    /// whole or not at all; those not begun are dropped.
    virtual asio::awaitable<void> send(std::vector<base::frame> batch) = 0;

    /// Returns the next message. Throws `live::error` when the connection has ended, with the
    /// peer's close code and reason if there were any, and the same error ever after. While it is
    /// not called, reading from the network stops: what the last read returned waits, as bytes if
    /// it is more than some messages. Cancellation: loses nothing.
    virtual asio::awaitable<message> receive() = 0;

    /// Asks the peer for a pong after all that a completed `send` has written. A message with
    /// `message::pongs` of at least the returned number was thus sent by a peer that had received
    /// all of it. Numbers begin at 1. 0: this connection has no pings, and nothing is known.
    virtual std::uint64_t ping() { return 0; }

    /// Performs the closing handshake: sends Close, discards what still arrives, completes at the
    /// peer's Close or after `deadlines::close`. A waiting `receive` ends with errc::closed. Throws
    /// only on cancellation.
    virtual asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;

    /// Ends at once, without a Close. Waiting calls end with errc::closed. Idempotent.
    virtual void abort() noexcept = 0;
};

/// What calls throw on a connection that its owner has closed.
[[nodiscard]] inline error closed_by_owner()
{
    return {errc::closed, "The connection has been closed.", {phase::close}};
}

/// What ended a connection without a Close; `how`: "the server ended it without a close frame".
[[nodiscard]] inline error lost(const std::string& how)
{
    return {errc::connection_lost, "The connection was lost: " + how + '.', {phase::open}};
}

/// Makes connections and calls.
class connector {
public:
    connector() = default;
    connector(const connector&) = delete;
    connector& operator=(const connector&) = delete;
    virtual ~connector() = default;

    /// The executor on which connections live. Make all calls above on it.
    [[nodiscard]] virtual asio::any_io_executor executor() const noexcept = 0;

    /// Resolves, connects, encrypts and upgrades, each within its deadline. Throws `live::error`.
    /// Cancellation: total; the attempt is given up.
    virtual asio::awaitable<std::unique_ptr<connection>> connect(connect_request request) = 0;

    /// Resolves, connects, encrypts, asks and reads the answer, whatever its status; a redirect is
    /// an answer like any other. Throws `live::error` as `connect` does, with phase::upgrade for
    /// failures after TLS, and errc::message_too_big for an answer over `max_body`. Completes at
    /// the end of the body, also of one that goes to a sink. Cancellation: total; the server may
    /// have heard the request.
    virtual asio::awaitable<http_response> fetch(http_request request) = 0;
};

} // namespace gemini::live::transport
