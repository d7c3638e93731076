// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"
#include "transport/transport.hpp"

#include <asio/ip/address.hpp>

#include <functional>
#include <optional>
#include <system_error>

namespace gemini::live::transport {

/// A client's upgrade request.
struct upgrade_request {
    std::string path;  ///< Without the query. libwebsockets merges two slashes into one.
    std::string query; ///< Without the question mark. Here and in the path, only those characters
                       ///< are percent-encoded that must be, however they were sent.
    headers fields;    ///< Names in lower case. Of those that libwebsockets does not know, only
                       ///< metadata-flavor, x-goog-api-key, -api-client, -user-project and
                       ///< -request-params.
};

/// A request without an upgrade, whole.
struct plain_request : upgrade_request {
    std::string method; ///< For example "GET".
    std::string body;
};

/// The answer to a plain request.
struct plain_answer : http_response {
    enum class fate {
        whole,
        half,    ///< Half of it, then the connection is cut.
        nothing, ///< The connection is cut at once.
        silence, ///< Nothing is sent for as long as the client waits.
    };

    plain_answer() = default;
    plain_answer(http_response response) // NOLINT(google-explicit-constructor)
        : http_response(std::move(response))
    {
    }

    fate sent = fate::whole;
};

/// The answer to an upgrade: 101, or a refusal with another status.
struct upgrade_verdict {
    int status = 101;
    headers fields;
    std::string body;
};

struct listen_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::optional<std::pair<std::string, std::string>>
        identity; ///< Certificate and key in PEM; absent: no TLS.
    std::size_t max_message = 16u << 20;
    /// Called for every upgrade, within the handshake, so it may not wait. Clients that ask for no
    /// upgrade, or for one that breaks RFC 6455, are refused without a call. An exception refuses
    /// with 500.
    std::function<upgrade_verdict(const upgrade_request&)> decide;
    /// Called for every request without an upgrade. It may not wait either, and an exception
    /// answers with 500. Absent: such requests are refused with 426.
    std::function<plain_answer(const plain_request&)> answer;
    std::size_t max_request = 1u << 20; ///< The longest body of a plain request; else 413.
};

/// The server's end of a WebSocket. Its `send` sends binary frames. While `receive` is not called,
/// it reads on until 64 KiB wait. libwebsockets 4.1.6 turns the close codes 1012, 1013 and 1014 of
/// a client into 1002.
class server_connection : public connection {
public:
    [[nodiscard]] virtual const upgrade_request& request() const noexcept = 0;
    /// Like `send`, but in text frames.
    virtual asio::awaitable<void> send_text(std::vector<base::frame> batch) = 0;
};

/// A WebSocket server on libwebsockets. It also answers plain requests, one on each connection.
/// Listens from construction to `close()` or destruction, both from any thread. A client has 10 s
/// to complete its handshake, and 5 s to answer a close.
class listener {
public:
    virtual ~listener() = default;
    [[nodiscard]] virtual asio::any_io_executor executor() const noexcept = 0;
    [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
    /// Returns the next upgraded client. Call on `executor()`, one call at a time. Throws
    /// errc::closed after `close()`. Cancellation: loses no client.
    virtual asio::awaitable<std::unique_ptr<server_connection>> accept() = 0;
    /// Stops listening and drops clients that have not been accepted; other connections stay.
    /// Idempotent.
    virtual void close() noexcept = 0;
};

/// Returns the address to listen on. Throws errc::invalid_argument for what is no IP address.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] asio::ip::address address_of(const listen_options& options);

/// The error for an address and port that cannot be listened on.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] error cannot_listen(
    const listen_options& options, std::error_code why);

/// Callable from any thread. Throws `live::error` when it cannot listen.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::unique_ptr<listener> listen(
    asio::any_io_executor executor, listen_options options);

} // namespace gemini::live::transport
