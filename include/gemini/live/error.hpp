// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

namespace gemini::live {

/// What happened. Compare `error::code()` with one of these for the cause, with a `condition` for
/// what to do about it.
enum class errc {
    resolve_failed = 1, ///< The host name could not be resolved. retryable
    connect_failed,  ///< TCP could not connect: refused, unreachable, out of descriptors. retryable
    tls_failed,      ///< The certificate was not trusted or the handshake failed. configuration
    proxy_failed,    ///< The proxy refused or broke the tunnel. configuration
    timed_out,       ///< A deadline passed; `error::phase()` names it, phase::none for that of
                     ///< `live::within`. retryable
    connection_lost, ///< The connection ended: no close frame, or one that invites another try.
                     ///< retryable
    unavailable,     ///< The server is overloaded or restarting (HTTP 5xx, close 1011 to 1013).
                     ///< retryable
    quota_exceeded,  ///< Too many sessions or requests (HTTP 429, close 1011 with a quota text).
                     ///< quota
    unauthorized, ///< Key or token wrong, expired or without permission (HTTP 401, 403, close 1007,
                  ///< 1008). credentials
    rejected,     ///< The server does not accept the request (HTTP 400, 404, close 1007, 1008).
                  ///< invalid_request
    protocol_violation,  ///< The server broke RFC 6455. retryable
    message_too_big,     ///< A message was over `limits::message`, or became too much; or too much
                         ///< came before setupComplete. invalid_request
    malformed_message,   ///< A server message was not the JSON that the API describes.
                         ///< invalid_request
    invalid_argument,    ///< The SDK refused an argument before anything was sent. invalid_request
    missing_credentials, ///< No API key, token or usable credential file was given or found, or its
                         ///< source has none for now. credentials
    closed,              ///< The session has been closed by its owner. closed
    misuse,              ///< Two readers at once, or another broken rule of the interface. misuse
    event_loop_unavailable, ///< libwebsockets lacks its libuv plugin. configuration
    context_lost, ///< The server has forgotten the conversation, and `context_loss::fail` was asked
                  ///< for. retryable (as a new one)
    storage_failed, ///< A file or a store of the program could not be read or written.
                    ///< configuration
};

/// What to do about it.
enum class condition {
    retryable =
        1, ///< Trying again later can help; the session does so by itself as its policy allows.
    credentials,     ///< Give another key or token.
    quota,           ///< Wait, or ask for more quota.
    invalid_request, ///< Change the request: model, setup or message.
    configuration,   ///< Change the environment: certificates, proxy, installed packages.
    closed,          ///< Nothing to do: the owner closed the session.
    misuse,          ///< Change the program.
};

/// The part of a connection's life in which an error happened.
enum class phase { none, resolve, connect, tls, upgrade, setup, open, write, close };

[[nodiscard]] const std::error_category& error_category() noexcept;
[[nodiscard]] const std::error_category& condition_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc) noexcept;
[[nodiscard]] std::error_condition make_error_condition(condition) noexcept;
/// "resolve_failed", as it is spelled in C++; "unknown" for a value out of range.
[[nodiscard]] const char* to_string(errc) noexcept;
[[nodiscard]] const char* to_string(phase) noexcept;

/// What the network said when an error happened. All members are optional; absent means that it
/// never came so far.
struct error_details {
    live::phase phase = live::phase::none;
    std::uint16_t close_code =
        0;                ///< WebSocket close code as received, 0 when there was no close frame.
    std::string reason{}; ///< Close reason or HTTP status text as the server sent it, at most 123
                          ///< bytes for a close.
    int http_status = 0;  ///< Status of a refused upgrade or call, 0 when there was none.
    std::optional<std::chrono::seconds>
        retry_after{}; ///< From `Retry-After`, in seconds from its arrival; at least 0.
};

/// The one exception type of this library. `what()` is a whole sentence that a user can act on; it
/// never contains a key, a token or a handle.
class error : public std::system_error {
public:
    error(errc code, const std::string& sentence, error_details details = {});

    [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }
    [[nodiscard]] errc value() const noexcept { return static_cast<errc>(code().value()); }
    [[nodiscard]] live::condition condition() const noexcept;
    [[nodiscard]] const error_details& details() const noexcept { return details_; }
    [[nodiscard]] live::phase phase() const noexcept { return details_.phase; }
    [[nodiscard]] std::uint16_t close_code() const noexcept { return details_.close_code; }
    [[nodiscard]] const std::string& reason() const noexcept { return details_.reason; }
    [[nodiscard]] int http_status() const noexcept { return details_.http_status; }
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
