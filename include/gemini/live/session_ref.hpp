// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/counters.hpp>
#include <gemini/live/error.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/session_event.hpp>
#include <gemini/live/setup.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

class [[gnu::visibility("hidden")]] session_core;

/// A reference to a session, for handlers, tools and coroutines that may outlive it. Copies refer
/// to the same session, and so does one made from a `session`. It does not keep the session open:
/// after that has been destroyed, operations fail with errc::closed, as after `close()`.
///
/// A `session` has all of these operations, and besides those that connect and read.
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
/// Threads: any, also at once. An operation completes on the executor of the coroutine that awaits
/// it.
/// Lifetime: any order. It may be destroyed after its session, its client, and the execution
/// context.
class session_ref {
public:
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
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> stop_speaking();

    /// Changes instruction or tools in the middle of the conversation, in order with the messages
    /// around it. Wire: contextUpdate.
    ///
    /// Completion: as `send`.
    /// Errors: as `send`; errc::invalid_argument also, with `client_options::validate`, for tools
    /// that the model does not accept, and for a model that accepts no context updates.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_context_update(context_update update);

    /// Sends a client message that this version has no function for: a JSON object with one member,
    /// which is not checked.
    ///
    /// Completion: as `send`.
    /// Errors: errc::closed after `close()`; what ended the session if it has failed.
    /// Cancellation, threads: as `send`.
    [[nodiscard]] asio::awaitable<void> send_raw(json message);

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

    /// Tells the session that the first sample of the present turn's audio is being played, for
    /// `turn_record::first_heard`. Call it once for each turn. Without turn records, or after the
    /// session's end, it does nothing.
    ///
    /// From the first call on, a record is complete only when its turn has been heard, or has been
    /// interrupted and fallen silent, or the next turn begins.
    ///
    /// Threads: any.
    void playback_started() const;

    /// Tells the session that playback has stopped after `interrupted`, for `turn_record::silence`.
    ///
    /// Threads: any.
    void playback_stopped() const;

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

    /// Closes the session when the present turn is over: the model has finished or been
    /// interrupted, no function call is open, and nothing waits to be sent but audio and video.
    /// Messages are accepted until then. Idempotent; the earliest deadline counts. Returns false if
    /// the turn was not over by the deadline, or the session was closed or failed first.
    ///
    /// `deadline`: 0 or more; zero: no limit.
    ///
    /// Completion: as `close`.
    /// Errors: errc::invalid_argument for a negative deadline.
    /// Cancellation: ends the wait. A session that is not closing yet stays open.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<bool> close_after_turn(
        std::chrono::milliseconds deadline = std::chrono::seconds(10));

    /// The type of `get_executor()`.
    using executor_type = asio::any_io_executor;
    /// The client's executor, on which the session works.
    [[nodiscard]] executor_type get_executor() const noexcept;

private:
    friend struct access;
    friend class session;
    explicit session_ref(std::shared_ptr<session_core> core) noexcept;

    std::shared_ptr<session_core> core_;
};

} // namespace gemini::live
#pragma GCC visibility pop
