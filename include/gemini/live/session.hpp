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

namespace gemini::live {

class session_core;

/// One conversation, which outlives its connections.
///
/// `connect()` starts a coroutine of the session's own which connects, sends the setup, reads, and
/// reconnects as the policy says. Sends are accepted from the first moment, also before `connect()`
/// and during an outage: they wait and go out in order once setup is complete. What would wait for
/// ever without a connection makes it: reading, `turn()` and `drain()` begin to connect where
/// `connect()` has not been called, and throw what that fails with; so does a send that has waited
/// for room for a second.
///
/// Threads: distinct sessions are independent; one session may be used from several threads at
/// once, except that `messages()`, `events()` and `turn()` share one reader. Awaitables complete on
/// the awaiting coroutine's executor. Lifetime: destroying a session drops its connection at once
/// and leaves awaited calls to end with errc::closed.
class session {
public:
    /// Cheap; nothing happens yet. With a name, and `client_options::resumption_store`, it goes on
    /// with the conversation that was held under this name (unless the setup has a handle), and
    /// saves its own handles. Throws errc::invalid_argument for a setup that can never be accepted.
    session(const client& client, live::setup setup, std::string name = {});
    session(session&&) noexcept;
    session& operator=(session&&) noexcept;
    ~session();

    /// Connects and completes at setupComplete. Throws the real cause when the first connection
    /// cannot be made (see `reconnect_policy::first_connect_attempts`). Called again it waits for,
    /// or returns with, the same connection. Cancellation: the waiting ends; the session goes on
    /// connecting.
    [[nodiscard]] asio::awaitable<void> connect();

    /// Sends one user turn the way the model wants it: clientContent, or realtimeInput.text for
    /// models that take clientContent as initial history only. This and all further sends complete
    /// when the message has been accepted into the outbox, in the order of the awaits; they suspend
    /// while more than `limits::outbox` bytes wait. Throw errc::closed after `close()`,
    /// errc::invalid_argument for text that is not UTF-8, and what ended the session when it has
    /// failed. Arguments are copied before the call returns. Cancellation: a message is accepted
    /// whole or not at all.
    [[nodiscard]] asio::awaitable<void> send(std::string_view text);

    /// Appends turns to the conversation. With `turn_complete` the model answers; it also
    /// interrupts a running answer. Wire: clientContent {turns, turnComplete}.
    [[nodiscard]] asio::awaitable<void> send_client_content(
        std::vector<content> turns, bool turn_complete = true);
    [[nodiscard]] asio::awaitable<void> send_client_content(
        content turn, bool turn_complete = true);

    /// Streams one item of audio, video, text or an activity mark. Audio and video do not outlive
    /// an outage of more than `reconnect_policy::realtime_window`. Audio without a sample is
    /// accepted and sends nothing. Wire: realtimeInput.
    [[nodiscard]] asio::awaitable<void> send_realtime_input(realtime_input input);

    /// Sends one chunk of the user's speech: mono pcm16, little endian, at `rate` samples a second;
    /// whole samples, 20 to 100 ms is a good chunk; an empty one is accepted and sends nothing.
    /// Wire: realtimeInput.audio, "audio/pcm;rate=16000".
    [[nodiscard]] asio::awaitable<void> send_audio(
        std::span<const std::byte> pcm, int rate = 16'000);
    /// The same of samples in this machine's byte order.
    [[nodiscard]] asio::awaitable<void> send_audio(
        std::span<const std::int16_t> samples, int rate = 16'000);

    /// Sends one picture. Wire: realtimeInput.video, "image/jpeg".
    [[nodiscard]] asio::awaitable<void> send_video(std::span<const std::byte> jpeg);

    /// Answers function calls, in any order, together or apart. Throws errc::misuse for a call that
    /// has had its final answer (`function_response::will_continue` announces more); an answer to a
    /// call that the server has forgotten is dropped and counted (`counters::obsolete`). Wire:
    /// toolResponse.
    [[nodiscard]] asio::awaitable<void> send_tool_response(
        std::vector<function_response> responses);
    [[nodiscard]] asio::awaitable<void> send_tool_response(function_response response);

    /// Stops the model without saying anything: what it says is interrupted, and its turn ends
    /// (`turn_end::interrupted`). Function calls stay open and are still to be answered. Wire:
    /// clientContent {turnComplete: false}. Models that accept clientContent as history only
    /// (`model_quirks::content_is_history`) are stopped by activityStart and activityEnd where
    /// activity marks are manual, else by a realtimeInput.text of ".", and only while they are in a
    /// turn. It completes when the message has been accepted, as all sends do; it does not outlive
    /// the connection. Errors and cancellation: as `send`.
    [[nodiscard]] asio::awaitable<void> stop_speaking();

    /// Changes instruction or tools in the middle of the conversation, in order with what is said.
    /// Wire: contextUpdate.
    [[nodiscard]] asio::awaitable<void> send_context_update(context_update update);

    /// Sends a client message that this version has no function for: a JSON object with one member.
    [[nodiscard]] asio::awaitable<void> send_raw(json message);

    /// The server's messages, in wire order, over all connections of the session. Ends after
    /// `close()`; throws the one error that ended the session otherwise.
    [[nodiscard]] async_generator<server_message> messages();

    /// The same stream with the changes of status in their true place.
    [[nodiscard]] async_generator<session_event> events();

    /// Collects the model's next turn: returns at its end or at a function call. The turnComplete
    /// of a turn that made a call is not the end of the answer to that call, whichever comes first.
    /// What arrives after a turn has been returned is in `turn::late` of the next one, never among
    /// its words. `messages()`, `events()` and `turn()` share one stream, in which everything is
    /// seen in wire order.
    ///
    /// Returns also when no end can be waited for (see `turn_end`); the stream then continues, and
    /// so does the next `turn()`. Throws what ended a session that has failed; what had been
    /// collected is dropped with it. Cancellation: nothing is lost, the next `turn()` continues.
    [[nodiscard]] asio::awaitable<live::turn_result> turn();

    [[nodiscard]] live::session_status status() const noexcept;

    /// With which another session, also of another process or machine, goes on with this
    /// conversation (`session_resumption::handle`); empty when there is none yet. It is the newest;
    /// the service keeps it for 2 hours. A secret: who has it hears the conversation.
    [[nodiscard]] std::string resumption_handle() const;

    /// The newest count of tokens that the server gave.
    [[nodiscard]] std::optional<usage_metadata> usage() const;

    [[nodiscard]] live::session_counters counters() const;

    /// Completes when all that was accepted so far has been handed to the network. Throws
    /// errc::closed, or what ended the session, when that can no longer happen.
    [[nodiscard]] asio::awaitable<void> drain();

    /// Ends the conversation: tells the server (close 1000), waits for its answer at most
    /// `deadlines::close`, and ends the stream. What waits unsent is dropped: `drain()` first to
    /// keep it. Idempotent; safe while others wait. Cancellation: the waiting ends; the session
    /// closes all the same.
    [[nodiscard]] asio::awaitable<void> close();

    using executor_type = asio::any_io_executor;
    /// The executor of the client, on which the session works.
    [[nodiscard]] executor_type get_executor() const noexcept;

private:
    friend struct access;

    std::shared_ptr<session_core> core_;
};

/// A completion token's handler for `asio::co_spawn` that lets what the coroutine threw out of
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
