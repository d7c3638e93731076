// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"
#include "base/time.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/network.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gemini::live::engine {

/// How long a message may take of which `received` bytes have arrived. A fixed limit would either
/// cut long messages on a slow network, or let a server hold up a reader for minutes by sending a
/// byte at a time.
[[nodiscard]] constexpr std::chrono::milliseconds time_for(
    std::size_t received, std::chrono::milliseconds limit) noexcept
{
    constexpr std::size_t slowest = 16 * 1024; // bytes a second: a quarter of speech
    return limit + std::chrono::milliseconds(received * 1000 / slowest);
}

/// Decides when to ping the peer of an open connection, and when the connection is dead. Pure:
/// report what happens, call `check` when a timer fires, and set the next one to `next_check`.
class GEMINI_LIVE_FOR_EMULATOR keepalive {
public:
    using time_point = base::time_point;

    enum class action {
        nothing,
        ping,
        abort, ///< The connection is dead.
    };
    struct decision {
        action what = action::nothing;
        std::optional<error> why{}; ///< Set for `abort`.
    };
    /// What the connection is doing at this moment.
    struct traffic {
        bool reads = false;       ///< Bytes of the peer would be read at once.
        bool is_blocked = false;  ///< Bytes wait for the network to accept them.
        std::size_t received = 0; ///< Bytes of the message that the peer has begun.
    };

    explicit keepalive(const deadlines& limits) noexcept : limits_(limits) {}

    /// Call when bytes have arrived, and when the connection has opened.
    void heard(time_point now) noexcept;
    /// `message`: the number of what the peer has begun and not ended; 0: nothing.
    void underway(std::uint64_t message, time_point now) noexcept;
    /// Call when the network has accepted bytes, and when a frame begins to be written.
    void progressed(time_point now) noexcept { progress_ = now; }
    /// Call when the network accepts nothing more. `unacknowledged`: the number of bytes that it
    /// has accepted and the peer has not acknowledged.
    void blocked(std::size_t unacknowledged) noexcept { unacknowledged_ = unacknowledged; }

    /// Returns what to do now that a timer set for `due` has fired. After `ping` a ping counts as
    /// sent. `unacknowledged`: as for `blocked`; any number while not blocked.
    [[nodiscard]] decision check(
        time_point now, time_point due, const traffic& state, std::size_t unacknowledged);
    /// When to call `check` if nothing else happens before.
    [[nodiscard]] time_point next_check(const traffic& state) const noexcept;

private:
    void restart(time_point now) noexcept;
    [[nodiscard]] bool peer_accepts(std::size_t unacknowledged, time_point now) noexcept;
    [[nodiscard]] time_point message_due(const traffic& state) const noexcept;

    deadlines limits_;
    time_point heard_{};
    std::optional<time_point> pinged_{}; ///< Since then nothing was heard.
    std::uint64_t underway_ = 0;
    time_point underway_since_{};
    time_point progress_{};
    std::size_t unacknowledged_ = 0; ///< At the last check of a stalled write.
    bool spared_ = false;            ///< A late timer has restarted all waits since data was heard.
};

} // namespace gemini::live::engine
