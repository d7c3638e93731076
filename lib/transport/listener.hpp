// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <functional>
#include <optional>

namespace gemini::live::transport {

/// A client's upgrade request.
struct upgrade_request {
    std::string path;  ///< Without the query; libwebsockets makes one slash of two.
    std::string query; ///< Without the question mark. Here and in the path, only those characters
                       ///< are percent-encoded that must be, however they were sent.
    headers fields;    ///< Names in lower case. Of those that libwebsockets does not know, only
                       ///< metadata-flavor, x-goog-api-key, -api-client, -user-project and
                       ///< -request-params.
};

/// A request without an upgrade, whole.
struct plain_request : upgrade_request {
    std::string method; ///< "GET"
    std::string body;
};

/// What a plain request gets.
struct plain_answer : http_response {
    enum class fate {
        whole,
        half,    ///< Then the connection is cut.
        nothing, ///< The connection is cut at once.
        silence, ///< As long as the client waits.
    };

    plain_answer() = default;
    plain_answer(http_response response) // NOLINT(google-explicit-constructor)
        : http_response(std::move(response))
    {
    }

    fate sent = fate::whole;
};

/// The answer to an upgrade: 101, or a refusal with this status.
struct upgrade_verdict {
    int status = 101;
    headers fields;
    std::string body;
};

struct listen_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::optional<std::pair<std::string, std::string>>
        identity; ///< Certificate and key in PEM: TLS.
    std::size_t max_message = 16u << 20;
    /// Asked for every upgrade, within the handshake, so it may not wait. Who asks for no upgrade,
    /// or for one that breaks RFC 6455, is refused without it; what it throws refuses with 500.
    std::function<upgrade_verdict(const upgrade_request&)> decide;
    /// Asked for every request without an upgrade; may not wait either, and what it throws is 500.
    /// Absent: such requests are refused with 426.
    std::function<plain_answer(const plain_request&)> answer;
    std::size_t max_request = 1u << 20; ///< The longest body of one; longer ones get 413.
};

/// The server's end of a WebSocket. Its `send` sends binary frames. It reads on while `receive` is
/// not called, until 64 KiB wait. Of a client's close codes libwebsockets 4.1.6 makes 1002 out of
/// 1012, 1013 and 1014.
class server_connection : public connection {
public:
    [[nodiscard]] virtual const upgrade_request& request() const noexcept = 0;
    /// As `send`, in text frames.
    virtual asio::awaitable<void> send_text(std::vector<base::frame> batch) = 0;
};

/// A WebSocket server on libwebsockets, which also answers plain requests, one on each connection.
/// Listens from construction to `close()` or destruction, both from any thread. A client has 10 s
/// to complete its handshake, and 5 s to answer a close.
class listener {
public:
    virtual ~listener() = default;
    [[nodiscard]] virtual asio::any_io_executor executor() const noexcept = 0;
    [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
    /// The next upgraded client. On `executor()`, one call at a time. Throws errc::closed after
    /// `close()`. Cancellation: loses no client.
    virtual asio::awaitable<std::unique_ptr<server_connection>> accept() = 0;
    /// Stops listening and drops who has not been accepted; other connections stay. Idempotent.
    virtual void close() noexcept = 0;
};

/// From any thread. Throws `live::error` when it cannot listen.
[[nodiscard]] std::unique_ptr<listener> listen(
    asio::any_io_executor executor, listen_options options);

} // namespace gemini::live::transport
