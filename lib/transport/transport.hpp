// SPDX-License-Identifier: Apache-2.0
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

/// One WebSocket connection, or one HTTP exchange, whoever makes it. Nothing above this header
/// knows libwebsockets, TLS or sockets.
namespace gemini::live::transport {

using headers = std::vector<std::pair<std::string, std::string>>;

/// Where to connect and how, and what to ask for. What stands here is used as it is: no defaults
/// are filled in below.
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
};

/// An upgrade to WebSocket.
struct connect_request : request_head {
    std::size_t max_message = 16u << 20;
    /// What the body of a refusal says to a person, on one line, without secrets; a web page begins
    /// with `web_page`. Absent: bodies are not looked at.
    std::function<std::string(std::string_view body)> read_refusal{};
};
inline constexpr std::string_view web_page = "web page";

/// A small HTTP/1.1 call. Host, Content-Length and Connection are filled in below;
/// `deadlines::upgrade` is the time for all that comes after TCP.
struct http_request : request_head {
    std::string method = "GET"; ///< Or "POST".
    std::string body;
    std::size_t max_body = 1u << 20; ///< Of the answer.
};

struct http_response {
    int status = 0;
    headers fields; ///< Names in lower case. Of those that libwebsockets does not know, only
                    ///< metadata-flavor.
    std::string body;
};

enum class opcode : std::uint8_t { text = 1, binary = 2 };

/// One whole message as it was received.
struct message {
    opcode kind = opcode::text;
    base::padded_buffer payload;
    std::uint64_t pongs = 0; ///< The newest `connection::ping` that was answered before it came.
    std::chrono::nanoseconds round_trip{0}; ///< Of that ping, where it was measured; else 0.
};

/// What it takes to keep one: its bytes, and what holds them, here and above.
[[nodiscard]] inline std::size_t cost_of(const message& one) noexcept
{
    constexpr std::size_t overhead = 512;
    return overhead + one.payload.capacity();
}

/// An open WebSocket. All calls on its executor; one `receive` and one `send` at a time, beside
/// each other. Destruction aborts it.
class connection {
public:
    connection() = default;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    virtual ~connection() = default;

    /// Sends text messages in order; completes when the last has been given to the socket whole.
    /// Their bytes are used up. Throws what ended the connection. Cancellation: a message is sent
    /// whole or not at all; those not begun are dropped.
    virtual asio::awaitable<void> send(std::vector<base::frame> batch) = 0;

    /// The next message. Throws `live::error` when the connection has ended, with the peer's close
    /// code and reason where it gave them; after that, always the same error. Not being asked, it
    /// stops reading from the network: what one read has given waits, as bytes where it is more
    /// than some messages.
    /// Cancellation: loses nothing.
    virtual asio::awaitable<message> receive() = 0;

    /// Asks the peer for a pong behind all that a completed `send` has written, so that a message
    /// with `message::pongs` of at least the number returned was sent by a peer that had received
    /// all of it. Numbers begin at 1; 0: this connection has no pings, and nothing is known.
    virtual std::uint64_t ping() { return 0; }

    /// The closing handshake: sends Close, discards what still comes, completes at the peer's Close
    /// or after `deadlines::close`. A waiting `receive` ends with errc::closed. Does not throw but
    /// for cancellation.
    virtual asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;

    /// Ends at once, without a word to the peer. Waiting calls end with errc::closed. Idempotent.
    virtual void abort() noexcept = 0;
};

/// What calls on a connection throw that its owner has closed.
[[nodiscard]] inline error closed_by_owner()
{
    return {errc::closed, "The connection has been closed.", {phase::close}};
}

/// Makes connections and calls.
class connector {
public:
    connector() = default;
    connector(const connector&) = delete;
    connector& operator=(const connector&) = delete;
    virtual ~connector() = default;

    /// The executor on which connections live: the calls above are to be made from there.
    [[nodiscard]] virtual asio::any_io_executor executor() const noexcept = 0;

    /// Resolves, connects, encrypts and upgrades, each within its deadline. Throws `live::error`.
    /// Cancellation: total; the attempt is given up.
    virtual asio::awaitable<std::unique_ptr<connection>> connect(connect_request request) = 0;

    /// Resolves, connects, encrypts, asks and reads the answer, whatever its status; a redirection
    /// is an answer like any other. Throws `live::error` as `connect` does, with phase::upgrade for
    /// what goes wrong behind TLS; errc::message_too_big for an answer over `max_body`.
    /// Cancellation: total; the server may have heard the request.
    virtual asio::awaitable<http_response> fetch(http_request request) = 0;
};

} // namespace gemini::live::transport
