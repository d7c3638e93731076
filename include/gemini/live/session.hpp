// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/async_generator.hpp>
#include <gemini/live/client.hpp>
#include <gemini/live/counters.hpp>
#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/session_event.hpp>
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
/// Arguments are copied at the call and need not outlive it. Argument errors are thrown when the
/// result is awaited, never at the call. Messages go out in the order in which their sends are
/// awaited, but text and tool responses overtake audio and video that wait. Nothing overtakes an
/// activity mark.
///
/// Errors: `live::error`. Another exception in the session's own work, such as std::bad_alloc, ends
/// the session and is thrown as it is.
/// Cancellation: every operation honors every cancellation type and then throws std::system_error
/// with asio::error::operation_aborted. A coroutine started by asio::co_spawn lets only `terminal`
/// through unless it enables the others.
/// Threads: one session may be used from several threads at once, except that `messages()`,
/// `events()` and `turn()` share one reader. Distinct sessions are independent. An operation
/// completes on the executor of the coroutine that awaits it.
/// Lifetime: destroying a session drops its connection at once. Pending operations end as after
/// `close()`.
class session {
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

    /// Sends one user turn. Wire: clientContent for models with `model_quirks::text_by_turns`, else
    /// realtimeInput.text.
    ///
    /// Completion: when the message has been accepted into the outbox. Waits while the message
    /// would exceed `limits::outbox`, and while earlier sends wait.
    /// Errors: errc::invalid_argument for what cannot be sent, such as text that is not UTF-8;
    /// errc::closed after `close()`; what ended the session if it has failed.
    /// Cancellation: a message is accepted whole or not at all.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> send(std::string_view text);

    /// Appends turns to the conversation. With `turn_complete`, the model answers. Either way a
    /// running answer is interrupted. Wire: clientContent {turns, turnComplete}.
    ///
    /// Completion: as `send`.
    /// Errors: as `send`; errc::invalid_argument also for a role other than "user" and "model",
    /// and, with `client_options::validate`, for a model that accepts clientContent only as the
    /// history of a new conversation (`model_quirks::content_is_history`).
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_client_content(
        std::vector<content> turns, bool turn_complete = true);
    [[nodiscard]] asio::awaitable<void> send_client_content(
        content turn, bool turn_complete = true);

    /// Streams one item of audio, video, text or an activity mark. Audio and video older than
    /// `reconnect_policy::realtime_window` are dropped during an outage. Of the pictures that wait,
    /// only the newest is kept. Audio without samples is left out; if nothing else remains, the
    /// call completes at once and sends nothing. Wire: realtimeInput.
    ///
    /// Completion: as `send`.
    /// Errors: as `send`; errc::invalid_argument also for an empty picture, and for audio or video
    /// of another media type.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_realtime_input(realtime_input input);

    /// Sends one chunk of the user's speech: mono pcm16 at `rate` samples a second (1 or more). 20
    /// to 100 ms is a good chunk. Bytes are little endian and hold whole samples; `samples` are in
    /// this machine's byte order. Wire: realtimeInput.audio, "audio/pcm;rate=16000".
    ///
    /// Completion: as `send`. An empty chunk completes at once, never fails, and sends nothing.
    /// Errors: as `send`; errc::invalid_argument also for half a sample, and for a rate below 1.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_audio(
        std::span<const std::byte> pcm, int rate = 16'000);
    [[nodiscard]] asio::awaitable<void> send_audio(
        std::span<const std::int16_t> samples, int rate = 16'000);

    /// Sends one picture. Wire: realtimeInput.video, "image/jpeg".
    ///
    /// Completion: as `send`.
    /// Errors: as `send`; errc::invalid_argument also for an empty picture.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_video(std::span<const std::byte> jpeg);

    /// Answers function calls, in any order, together or apart. A message whose calls the server
    /// has all forgotten is dropped and counted (`session_counters::obsolete`). Wire: toolResponse.
    ///
    /// Completion: as `send`.
    /// Errors: as `send`; errc::invalid_argument also for no responses, for a response without a
    /// name or, on the Gemini API, without an id, and, with `client_options::validate`, for
    /// scheduling that the model does not accept; errc::misuse for a second final response to a
    /// call (`function_response::will_continue` announces more).
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_tool_response(
        std::vector<function_response> responses);
    [[nodiscard]] asio::awaitable<void> send_tool_response(function_response response);

    /// Stops the model without saying anything: its answer is interrupted, and its turn ends
    /// (`turn_end::interrupted`). Function calls stay open and must still be answered. The message
    /// is not sent again on another connection. Wire: clientContent {turnComplete: false}.
    ///
    /// Models that accept clientContent only as history (`model_quirks::content_is_history`) are
    /// stopped by activityStart and activityEnd if activity marks are manual and interrupt, else by
    /// a realtimeInput.text of ".". They are sent nothing unless they are in a turn or messages to
    /// them wait, and nothing while an activity of the user is open.
    ///
    /// Completion: as `send`.
    /// Errors: errc::closed after `close()`; what ended the session if it has failed.
    /// Cancellation: as `send`, for each message: activityStart may be accepted without its
    /// activityEnd.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> stop_speaking();

    /// Changes instruction or tools in the middle of the conversation, in order with the messages
    /// around it. Wire: contextUpdate.
    ///
    /// Completion: as `send`.
    /// Errors: as `send`; errc::invalid_argument also, with `client_options::validate`, for tools
    /// that the model does not accept.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_context_update(context_update update);

    /// Sends a client message that this version has no function for: a JSON object with one member,
    /// which is not checked.
    ///
    /// Completion: as `send`.
    /// Errors: errc::closed after `close()`; what ended the session if it has failed.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_raw(json message);

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
    /// Completion: at the end of the turn, at a function call, or when the end cannot be waited for
    /// (see `turn_end`); the next `turn()` then continues. If what has come may have been the end,
    /// waits up to 5 s for more. After `close()`, returns `turn_end::closed`.
    /// Errors: what ended the session if it has failed (see `connect` for a first connection that
    /// cannot be made), and the words collected so far are dropped; errc::misuse while another
    /// reader waits.
    /// Cancellation: nothing is lost. The next `turn()` continues.
    /// Threads: any; one reader at a time.
    [[nodiscard]] asio::awaitable<live::turn_result> turn();

    /// The session's present status.
    [[nodiscard]] live::session_status status() const noexcept;

    /// The newest handle (`session_resumption::handle`), with which another session, also of
    /// another process or machine, can resume this conversation. Empty: none yet. The service keeps
    /// it for 2 hours. A secret: whoever has it can listen to the conversation.
    [[nodiscard]] std::string resumption_handle() const;

    /// The server's newest token count; nullopt: none yet.
    [[nodiscard]] std::optional<usage_metadata> usage() const;

    /// What the session has done so far, for metrics.
    [[nodiscard]] live::session_counters counters() const;

    /// Waits until the outbox has no message left that was accepted before.
    ///
    /// Completion: when each of these messages has been handed to the network, or has been dropped
    /// because it is too old or no longer wanted.
    /// Errors: errc::closed, or what ended the session if it has failed, when that can no longer
    /// happen. None when no message waits.
    /// Cancellation: ends the wait. What waits is still sent.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> drain();

    /// Ends the conversation: closes the connection (code 1000) and ends the stream. Drops what has
    /// not been sent; `drain()` first to keep it. Idempotent; allowed while other operations wait.
    ///
    /// Completion: when the server has answered the close, after `deadlines::close` at the latest.
    /// Also waits for a running `client_options::on_reconnecting` or `resumption_store::load`,
    /// which it cancels. At once if the session has ended.
    /// Errors: none.
    /// Cancellation: ends the wait. The session closes nevertheless.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> close();

    /// The type of `get_executor()`.
    using executor_type = asio::any_io_executor;
    /// The client's executor, on which the session works.
    [[nodiscard]] executor_type get_executor() const noexcept;

private:
    friend struct access;

    std::shared_ptr<session_core> core_;
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
