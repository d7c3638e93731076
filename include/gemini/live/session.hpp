// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/async_generator.hpp>
#include <gemini/live/client.hpp>
#include <gemini/live/counters.hpp>
#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/session_event.hpp>
#include <gemini/live/session_ref.hpp>
#include <gemini/live/setup.hpp>
#include <gemini/live/turn.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

class [[gnu::visibility("hidden")]] session_core;

/// One conversation, which outlives its connections.
///
/// `connect()` starts the session's own coroutine. It connects, sends the setup, reads, and
/// reconnects as `client_options::reconnect` says. Messages can be sent at any time, also before
/// `connect()` and during an outage: they wait in the outbox and go out in order once setup is
/// complete. If `connect()` has not been called, an operation that would otherwise wait forever
/// begins to connect: reading, `turn()`, `drain()`, and a send that has waited one second for room
/// in the outbox.
///
/// What it sends, and how it ends, is in `session_ref`. A coroutine that may outlive the session
/// takes a `session_ref` by value in place of a reference: a session converts to one.
///
/// Errors, cancellation: as for every operation of `session_ref`.
/// Threads: one session may be used from several threads at once, except that `messages()`,
/// `events()` and `turn()` share one reader. Distinct sessions are independent. An operation
/// completes on the executor of the coroutine that awaits it.
/// Lifetime: destroying a session drops its connection at once. Pending operations end as after
/// `close()`.
class session : public session_ref {
public:
    /// Does no I/O. With a name and `client_options::resumption_store`, the session continues the
    /// conversation that was held under this name, unless the setup has a handle, and saves its own
    /// handles. Throws errc::invalid_argument for a setup that can never be accepted.
    session(const client& client, live::setup setup, std::string name = {});
    session(session&&) noexcept;
    session& operator=(session&&) noexcept;
    ~session();

    /// Makes the first connection. Called again, it waits for the same connection.
    ///
    /// Completion: at the first setupComplete; at once if that has come before, also during an
    /// outage.
    /// Errors: errc::closed after `close()`, or when that is called meanwhile; what ended the
    /// session if it has failed. Until the first setupComplete that is what the last attempt (see
    /// `reconnect_policy::first_connect_attempts`) failed with:
    /// - errc::resolve_failed, errc::connect_failed, errc::proxy_failed, errc::tls_failed,
    ///   errc::connection_lost: the service, the proxy or a token server cannot be reached;
    ///   `error::phase()` returns how far it came;
    /// - errc::timed_out: one of `client_options::deadlines` passed, or no access token came within
    ///   30 s;
    /// - errc::protocol_violation: the server's answer is not HTTP, or breaks RFC 6455;
    /// - errc::unauthorized, errc::rejected, errc::quota_exceeded, errc::unavailable: the service
    ///   refused the upgrade or the setup, or the source of access tokens refused the credentials;
    /// - errc::missing_credentials: there are no credentials, or none that can be used;
    /// - errc::invalid_argument: options that cannot work and that only a connection can check,
    ///   such as a malformed proxy URL, too long a header, or a Vertex AI project that neither
    ///   options nor credentials name;
    /// - errc::message_too_big: a message exceeds `limits::message`, all messages before
    ///   setupComplete do so together, or the answer of a token server exceeds 64 KiB;
    /// - errc::malformed_message: a message before setupComplete cannot be read, with
    ///   `malformed_policy::fail`;
    /// - errc::context_lost: the service refused the handle, with `context_loss::fail`;
    /// - errc::storage_failed: a credential file or the resumption store cannot be read;
    /// - any other code that `token_provider::ask` or `resumption_store::load` throws.
    /// Cancellation: ends the wait. The session continues to connect.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> connect();

    /// Returns the server's messages in wire order, across all connections of the session. Discards
    /// the other events in between.
    ///
    /// Completion: `async_generator::next` completes when there is a message. It returns nullopt
    /// after `close()`, once all messages have been read.
    /// Errors: `async_generator::next` throws what ended the session if it has failed, once all
    /// messages have been read (see `connect` for a first connection that cannot be made);
    /// errc::misuse while another reader waits.
    /// Cancellation: `async_generator::next` consumes no message.
    /// Threads: any; one reader at a time.
    [[nodiscard]] async_generator<server_message> messages();

    /// Returns the server's messages, status changes and other events in their true order.
    ///
    /// Completion, errors, cancellation, threads: as `messages`.
    [[nodiscard]] async_generator<session_event> events();

    /// Collects the model's next turn from the stream that `messages()` and `events()` read. The
    /// turnComplete of a turn that made a function call is not the end of the answer to that call,
    /// even if it comes after the response was sent. What arrives after a turn has been returned is
    /// in `turn_result::late` of the next one, never among its words.
    ///
    /// Completion: at the end of the turn, at a function call (unless `options` say otherwise), at
    /// the deadline of `options`, or when the end cannot be waited for (see `turn_end`); the next
    /// `turn()` then continues. If what has come may have been the end, waits up to 5 s for more.
    /// After `close()`, returns `turn_end::closed`.
    /// Errors: errc::invalid_argument for options out of their range; what ended the session if it
    /// has failed (see `connect` for a first connection that cannot be made), and the words
    /// collected so far are dropped; errc::misuse while another reader waits.
    /// Cancellation: nothing is lost. The next `turn()` continues.
    /// Threads: any; one reader at a time.
    [[nodiscard]] asio::awaitable<live::turn_result> turn(turn_options options = {});
};

/// A completion handler for `asio::co_spawn`: throws what the coroutine threw, out of
/// `io_context::run()`.
inline constexpr struct rethrow_t {
    void operator()(std::exception_ptr failure) const
    {
        if (failure) std::rethrow_exception(failure);
    }
    template <class T>
    void operator()(std::exception_ptr failure, T&&) const
    {
        (*this)(failure);
    }
} rethrow{};

} // namespace gemini::live
#pragma GCC visibility pop
