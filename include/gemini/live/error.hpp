// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What happened. Compare `error::code()` with one of these for the cause, or with a `condition`
/// for what to do about it; each code has the condition in parentheses.
enum class errc {
    /// The host name could not be resolved (retryable).
    resolve_failed = 1,
    /// TCP could not connect: refused, unreachable, or out of descriptors (retryable).
    connect_failed,
    /// The certificate is not trusted, or the TLS handshake failed (configuration).
    tls_failed,
    /// The proxy refused or broke the tunnel (configuration). If it answered with an HTTP status,
    /// `error::http_status()` has it: 407 asks for another user or password.
    proxy_failed,
    /// A deadline passed (retryable). `error::phase()` says which; it is phase::none for that of
    /// `live::within`.
    timed_out,
    /// The connection ended without a close frame, or with one that allows another try (retryable).
    connection_lost,
    /// The server is overloaded or restarting: HTTP 5xx, close 1011 to 1013 (retryable).
    unavailable,
    /// Too many sessions or requests: HTTP 429, close 1011 with a quota text (quota).
    quota_exceeded,
    /// The key or token is wrong, expired or without permission: HTTP 401, 403, close 1007, 1008
    /// (credentials).
    unauthorized,
    /// The server does not accept the request: HTTP 400, 404, close 1007, 1008 (invalid_request).
    rejected,
    /// The server broke RFC 6455 (retryable).
    protocol_violation,
    /// A message was longer than `limits::message`, or had too many members, or too much arrived
    /// before setupComplete (invalid_request).
    message_too_big,
    /// A server message was not the JSON that the API describes (invalid_request).
    malformed_message,
    /// The library refused an argument before anything was sent (invalid_request).
    invalid_argument,
    /// No API key, token or usable credential file was given or found, or its source has none at
    /// present (credentials).
    missing_credentials,
    /// The session was closed by its owner (closed).
    closed,
    /// A rule of the interface was broken, e.g. by two readers at once (misuse).
    misuse,
    /// libwebsockets lacks its libuv plugin (configuration).
    event_loop_unavailable,
    /// The server has forgotten the conversation, and `context_loss::fail` is set (retryable, as a
    /// new conversation).
    context_lost,
    /// A file or the program's store could not be read or written (configuration).
    storage_failed,
};

/// What to do about an error.
enum class condition {
    retryable = 1,   ///< Try again later. A session does so by itself, as its policy allows.
    credentials,     ///< Use another key or token.
    quota,           ///< Wait, or ask for more quota.
    invalid_request, ///< Change the request: model, setup or message.
    configuration,   ///< Change the environment: certificates, proxy, installed packages.
    closed,          ///< Nothing: the owner closed the session.
    misuse,          ///< Change the program.
};

/// The part of a connection's life in which an error happened.
enum class phase {
    none,    ///< Not tied to a connection: an argument, a file, a refusal by a token endpoint.
    resolve, ///< Resolving the host name.
    connect, ///< Connecting TCP, to the server or through a proxy.
    tls,     ///< The TLS handshake, or loading certificates and keys.
    upgrade, ///< The HTTP exchange: an upgrade to WebSocket, or a call for a token.
    setup,   ///< Between the upgrade and setupComplete.
    open,    ///< While the WebSocket was open. Includes a close that answers the setup.
    write,   ///< Sending: the network accepted nothing for too long.
    close    ///< After the owner closed the connection.
};

/// Returns the category of `errc` values, whose name is "gemini.live".
[[nodiscard]] const std::error_category& error_category() noexcept;
/// Returns the category of `condition` values, whose name is "gemini.live.condition".
[[nodiscard]] const std::error_category& condition_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc) noexcept;
[[nodiscard]] std::error_condition make_error_condition(condition) noexcept;
/// Returns the enumerator's name, such as "resolve_failed"; "unknown" for a value out of range.
[[nodiscard]] const char* to_string(errc) noexcept;
[[nodiscard]] const char* to_string(phase) noexcept;

/// What the network reported when an error happened.
struct error_details {
    live::phase phase = live::phase::none; ///< When it happened; none: not on a connection.
    /// WebSocket close code as received, 1005 for a close frame without one. 0: no close frame.
    std::uint16_t close_code = 0;
    /// Close reason (at most 123 bytes), or the words of a refusal, as the server or the proxy sent
    /// them.
    std::string reason{};
    /// HTTP status of a refused upgrade, call or tunnel, or `server_error::code`. 0: none.
    int http_status = 0;
    /// From `Retry-After`: seconds from its arrival, 0 or more. Absent: the server named no time.
    std::optional<std::chrono::seconds> retry_after{};
};

/// The only exception type of this library. `what()` is a whole sentence that a user can act on; it
/// never contains a key, a token or a resumption handle.
class error : public std::system_error {
public:
    /// `sentence` is returned by `what()` unchanged.
    error(errc code, const std::string& sentence, error_details details = {});

    [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }
    /// Returns what happened.
    [[nodiscard]] errc value() const noexcept { return static_cast<errc>(code().value()); }
    /// Returns what to do about it.
    [[nodiscard]] live::condition condition() const noexcept;
    /// Returns all that the network reported.
    [[nodiscard]] const error_details& details() const noexcept { return details_; }
    /// Returns the part of the connection's life in which it happened.
    [[nodiscard]] live::phase phase() const noexcept { return details_.phase; }
    /// Returns the WebSocket close code; 0 if there was no close frame.
    [[nodiscard]] std::uint16_t close_code() const noexcept { return details_.close_code; }
    /// Returns the server's words; empty if it sent none.
    [[nodiscard]] const std::string& reason() const noexcept { return details_.reason; }
    /// Returns the HTTP status; 0 if there was none.
    [[nodiscard]] int http_status() const noexcept { return details_.http_status; }
    /// Returns how long the server asked to wait; nothing if it named no time.
    [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const noexcept
    {
        return details_.retry_after;
    }

private:
    std::string sentence_;
    error_details details_;
};

} // namespace gemini::live

template <>
struct std::is_error_code_enum<gemini::live::errc> : std::true_type {
};
template <>
struct std::is_error_condition_enum<gemini::live::condition> : std::true_type {
};
#pragma GCC visibility pop
