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

namespace gemini::live {

/// Music made as it is asked for (Lyria RealTime): prompts and settings go in at any time, stereo
/// sound comes out. Gemini API only; version v1alpha unless `client_options::api_version` says
/// otherwise.
///
/// Its life is that of a `session`: it connects, queues, reconnects and closes in the same way.
/// The service does not resume music, so each new connection is told the latest prompts, settings
/// and play state, and the music goes on as a new piece.
///
/// Threads, lifetime: as of `session`.
class music_session {
public:
    /// Cheap; nothing happens yet. Throws errc::invalid_argument for a client of Vertex AI.
    explicit music_session(const client& client, std::string model = "models/lyria-realtime-exp");
    music_session(music_session&&) noexcept;
    music_session& operator=(music_session&&) noexcept;
    ~music_session();

    /// Connects and completes at setupComplete. See `session::connect`.
    [[nodiscard]] asio::awaitable<void> connect();

    // All sends complete and throw as `session::send` does.

    /// What the music is to sound like from now on; takes the place of all earlier prompts. Throws
    /// errc::invalid_argument for no prompts and for a weight of 0. Wire:
    /// clientContent.weightedPrompts.
    [[nodiscard]] asio::awaitable<void> set_weighted_prompts(std::vector<weighted_prompt> prompts);
    /// Takes the place of all earlier settings: what is absent is the service's default again. New
    /// bpm or scale want a `reset_context()`. Throws errc::invalid_argument for a value out of its
    /// range. Wire: musicGenerationConfig.
    [[nodiscard]] asio::awaitable<void> set_music_generation_config(music_generation_config config);
    /// Wire: playbackControl.
    [[nodiscard]] asio::awaitable<void> playback(playback_control control);
    [[nodiscard]] asio::awaitable<void> play() { return playback(playback_control::play); }
    [[nodiscard]] asio::awaitable<void> pause() { return playback(playback_control::pause); }
    [[nodiscard]] asio::awaitable<void> stop() { return playback(playback_control::stop); }
    [[nodiscard]] asio::awaitable<void> reset_context()
    {
        return playback(playback_control::reset_context);
    }

    /// The server's messages: `server_message::audio()` is stereo pcm16, little endian, 48 kHz,
    /// interleaved; `filtered_prompt` tells of prompts that are not followed. Ends after `close()`.
    [[nodiscard]] async_generator<server_message> messages();
    /// The same stream with the changes of status in their true place.
    [[nodiscard]] async_generator<session_event> events();

    [[nodiscard]] live::session_status status() const noexcept;
    /// See `session::drain` and `session::close`.
    [[nodiscard]] asio::awaitable<void> drain();
    [[nodiscard]] asio::awaitable<void> close();

private:
    struct wishes;
    std::shared_ptr<session_core> core_;
    std::shared_ptr<wishes> wishes_;
};

} // namespace gemini::live
