// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/async_generator.hpp>
#include <gemini/live/client.hpp>
#include <gemini/live/music.hpp>
#include <gemini/live/session.hpp>

#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Generates music (Lyria RealTime): accepts prompts and settings at any time and returns stereo
/// sound. Gemini API only; version v1alpha unless `client_options::api_version` is set.
///
/// It connects, queues, reconnects and closes as a `session` does; what is said there of arguments,
/// cancellation, threads and lifetime holds here too. The service cannot resume music. Each new
/// connection is therefore sent the latest prompts, settings and play state, and a new piece begins
/// (`status_change::context_lost`). With `context_loss::fail`, a lost connection ends the session
/// instead.
class music_session {
public:
    /// Does no I/O. Throws errc::invalid_argument for a client of Vertex AI.
    explicit music_session(const client& client, std::string model = "models/lyria-realtime-exp");
    music_session(music_session&&) noexcept;
    music_session& operator=(music_session&&) noexcept;
    ~music_session();

    /// Makes the first connection. Called again, it waits for the same connection.
    ///
    /// Completion: as `session::connect`.
    /// Errors: as `session::connect`; errc::invalid_argument also for an ephemeral token.
    /// Cancellation, threads: as `session::connect`.
    [[nodiscard]] asio::awaitable<void> connect();

    /// Sets what the music sounds like from now on. Replaces all earlier prompts. Wire:
    /// clientContent.weightedPrompts.
    ///
    /// Completion: as `session_ref::send`.
    /// Errors: as `session_ref::send`; errc::invalid_argument also for no prompts, and for a weight
    /// of 0.
    /// Cancellation: accepted whole or not at all. What was not accepted is not sent on later
    /// connections either.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> set_weighted_prompts(std::vector<weighted_prompt> prompts);
    /// Replaces all earlier settings: absent members return to the service's defaults. A new bpm or
    /// scale takes effect at `reset_context()`. Wire: musicGenerationConfig.
    ///
    /// Completion: as `session_ref::send`.
    /// Errors: as `session_ref::send`; errc::invalid_argument also for a value out of its range.
    /// Cancellation, threads: as `set_weighted_prompts`.
    [[nodiscard]] asio::awaitable<void> set_music_generation_config(music_generation_config config);
    /// Sends a command to the player. Wire: playbackControl.
    ///
    /// Completion, errors: as `session_ref::send`.
    /// Cancellation, threads: as `set_weighted_prompts`.
    [[nodiscard]] asio::awaitable<void> playback(playback_control control);
    /// Starts the music, or continues it after `pause()`. Wire: playbackControl PLAY.
    ///
    /// Completion, errors: as `session_ref::send`.
    /// Cancellation, threads: as `set_weighted_prompts`.
    [[nodiscard]] asio::awaitable<void> play() { return playback(playback_control::play); }
    /// Pauses the music. Wire: playbackControl PAUSE.
    ///
    /// Completion, errors: as `session_ref::send`.
    /// Cancellation, threads: as `set_weighted_prompts`.
    [[nodiscard]] asio::awaitable<void> pause() { return playback(playback_control::pause); }
    /// Stops the music; `play()` begins a new piece. Wire: playbackControl STOP.
    ///
    /// Completion, errors: as `session_ref::send`.
    /// Cancellation, threads: as `set_weighted_prompts`.
    [[nodiscard]] asio::awaitable<void> stop() { return playback(playback_control::stop); }
    /// Begins a new piece without stopping; prompts, settings and play state are kept. Not repeated
    /// on later connections. Wire: playbackControl RESET_CONTEXT.
    ///
    /// Completion, errors: as `session_ref::send`.
    /// Cancellation, threads: as `set_weighted_prompts`.
    [[nodiscard]] asio::awaitable<void> reset_context()
    {
        return playback(playback_control::reset_context);
    }

    /// Returns the server's messages. `server_message::audio()` is stereo pcm16, little endian,
    /// 48 kHz, interleaved. `filtered_prompt` reports a prompt that is not followed.
    ///
    /// Completion, errors, cancellation, threads: as `session::messages`.
    [[nodiscard]] async_generator<server_message> messages();
    /// Returns the server's messages, status changes and other events in their true order.
    ///
    /// Completion, errors, cancellation, threads: as `session::messages`.
    [[nodiscard]] async_generator<session_event> events();

    /// The session's present status.
    [[nodiscard]] live::session_status status() const noexcept;
    /// Waits until the outbox has no message left that was accepted before.
    ///
    /// Completion, errors, cancellation, threads: as `session_ref::drain`.
    [[nodiscard]] asio::awaitable<void> drain();
    /// Ends the session; drops what has not been sent.
    ///
    /// Completion, errors, cancellation, threads: as `session_ref::close`.
    [[nodiscard]] asio::awaitable<void> close();

private:
    struct [[gnu::visibility("hidden")]] wishes;
    std::shared_ptr<session_core> core_;
    std::shared_ptr<wishes> wishes_;
};

} // namespace gemini::live
#pragma GCC visibility pop
