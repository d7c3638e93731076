// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "base/exported.hpp"
#include "base/fifo.hpp"
#include "base/frame_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::engine {

/// What one end of a WebSocket has to send: which frame is next, and when a send is complete. Pure:
/// whoever owns the socket asks for `next` and reports `written`.
///
/// Messages leave in order, long ones in fragments. Pongs and pings go between fragments. A Close
/// goes after all messages.
class write_queue {
public:
    static constexpr std::size_t most_control_payload = 125;

    /// A frame to be written. The `base::frame::headroom` bytes before its payload are free.
    struct output {
        base::frame_kind kind;
        bool is_final;
        std::span<char> payload; ///< Valid until `written` or `clear`.
        std::uint64_t ping = 0;  ///< The number of a numbered ping.
    };

    /// Messages that one call sends. Its destructor drops those that have not begun, so that a
    /// canceled call sends each message whole or not at all.
    class batch {
    public:
        batch(write_queue& queue, std::vector<base::frame> messages, base::frame_kind kind);
        batch(const batch&) = delete;
        batch& operator=(const batch&) = delete;
        ~batch();

        /// Whether the socket has accepted the last byte of the last message.
        [[nodiscard]] bool is_complete() const noexcept { return queue_.flushed_ >= last_; }

    private:
        write_queue& queue_;
        std::uint64_t last_;
    };

    /// Longer messages are sent in fragments of this size.
    explicit write_queue(std::size_t most_in_frame) noexcept : most_in_frame_(most_in_frame) {}

    /// Answers a ping. A pong that still waits is replaced, since answering the latest ping
    /// suffices.
    void pong(std::string payload) noexcept { pong_ = std::move(payload); }
    /// Queues a ping without a payload.
    void ping() noexcept { ping_due_ = true; }
    /// Queues a ping that carries a number of 1 or more. A smaller number that still waits is
    /// replaced, since a pong counts for all pings before it.
    void ping(std::uint64_t number) noexcept { numbered_ping_ = number; }
    /// Sends a Close after all messages; see `close_payload`.
    void close(std::string payload) noexcept { close_ = std::move(payload); }
    /// Whether a Close waits.
    [[nodiscard]] bool has_close() const noexcept { return close_.has_value(); }
    void drop_close() noexcept { close_.reset(); }

    /// Returns the next frame to write, or nullopt. Call it again before `written` only while
    /// `can_add` returns true.
    [[nodiscard]] std::optional<output> next();
    /// Whether a frame waits, of at most `most` bytes of payload, that can be handed out together
    /// with those at hand.
    [[nodiscard]] bool can_add(std::size_t most) const noexcept;
    /// Call when the socket has accepted the frames at hand entirely. Returns whether this
    /// completed a message. Does nothing when no frame is at hand.
    bool written() noexcept;

    /// Drops the messages of which no byte has been handed out by `next`.
    void drop_unbegun() noexcept;
    /// Drops everything; nothing more will be written.
    void clear() noexcept;

private:
    struct message {
        base::frame_kind kind = base::frame_kind::text;
        base::frame bytes{};
    };

    [[nodiscard]] output next_fragment();
    [[nodiscard]] output control(base::frame_kind kind, std::string_view payload);

    std::size_t most_in_frame_;
    base::fifo<message> waiting_;
    std::vector<message> at_hand_; ///< Handed out, the last one perhaps only in part.
    bool in_message_ = false;      ///< The last one has been handed out in part.
    std::size_t offset_ = 0;       ///< Of it: the end of the fragment that was handed out last.
    std::uint64_t accepted_ = 0;   ///< Messages in total, without dropped ones.
    std::uint64_t begun_ = 0;      ///< Of these, the ones that `next` has begun.
    std::uint64_t flushed_ = 0;    ///< Of these, the ones that the socket has accepted entirely.
    std::optional<std::string> pong_{};
    bool ping_due_ = false;
    std::uint64_t numbered_ping_ = 0; ///< 0: none.
    std::optional<std::string> close_{};
    std::optional<base::frame> control_{}; ///< A frame at hand that is no part of a message.
};

/// The payload of a Close. The reason is cut to what fits, between two characters.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::string close_payload(
    std::uint16_t code, std::string_view reason);

} // namespace gemini::live::engine
