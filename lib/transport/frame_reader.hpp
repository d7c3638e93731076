// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "base/exported.hpp"
#include "base/utf8.hpp"
#include "transport/transport.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace gemini::live::transport {

struct ping_frame {
    std::string payload; ///< To be sent back in a pong.
};

struct pong_frame {
    std::string payload;
};

struct close_frame {
    std::uint16_t code = 1005; ///< 1005: the peer gave none.
    std::string reason;
};

/// What ended a connection that the server has closed.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] error closed_by_peer(const close_frame& frame);

/// The peer broke a rule. `close_code` is for the peer, `why` is for the user.
struct violation {
    error why; ///< errc::protocol_violation or errc::message_too_big
    std::uint16_t close_code = 1002;
};

using frame_event = std::variant<message, ping_frame, pong_frame, close_frame, violation>;

/// The client's side of RFC 6455, without extensions and without I/O. Accepts the bytes of the
/// stream as they arrive; returns whole messages and control frames.
///
///     std::span<const char> bytes = what was read;
///     while (auto event = reader.next(bytes)) ...
///
/// The caller may stop between two events and continue later with what is left in `bytes`. The
/// stream may be cut anywhere; the events do not depend on it. The buffer of a partial
/// message exceeds what has arrived by at most half of it or 64 KiB, and never `max_message`.
class GEMINI_LIVE_FOR_EMULATOR frame_reader {
public:
    static constexpr std::size_t max_fragments = 4096; ///< In one message.

    explicit frame_reader(std::size_t max_message) noexcept : max_message_(max_message) {}

    /// Returns the next event and removes its bytes from the front of `bytes`; nullopt once all of
    /// them have been consumed. After a `close_frame` or a `violation` there are no more events,
    /// and all bytes are discarded.
    [[nodiscard]] std::optional<frame_event> next(std::span<const char>& bytes);

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    /// Number of what has begun and not ended: a message with everything between its fragments, or
    /// a control frame outside of messages. 0: nothing.
    [[nodiscard]] std::uint64_t underway() const noexcept
    {
        const bool is_midway = head_size_ != 0 || in_payload_ || fragments_ != 0;
        return is_midway && !ended_ ? begun_ : 0;
    }
    /// Number of bytes that have arrived of the message at hand.
    [[nodiscard]] std::size_t received() const noexcept { return message_.size(); }

    /// Number of bytes reserved for the message at hand.
    [[nodiscard]] std::size_t capacity() const noexcept { return message_.capacity(); }

private:
    bool take_head(std::span<const char>& bytes) noexcept;
    std::optional<frame_event> begin_frame();
    std::optional<frame_event> take_data(std::span<const char> piece);
    std::optional<frame_event> take_control(std::span<const char> piece);
    void make_room(std::size_t arriving);
    message finish_message() noexcept;
    frame_event finish_close();
    violation fail(errc what, std::uint16_t close_code, const std::string& sentence);
    violation protocol_fault(const char* fault);

    std::size_t max_message_;
    bool ended_ = false;

    std::uint64_t begun_ = 0; // messages, and control frames outside of messages

    // the frame at hand
    std::array<std::uint8_t, 10> head_{};
    std::size_t head_size_ = 0;
    bool in_payload_ = false;
    std::uint8_t opcode_ = 0;
    bool final_ = false;
    std::size_t left_ = 0; // bytes of payload still to come
    std::string control_;

    // the message at hand, which control frames may interrupt
    std::size_t fragments_ = 0; // number that have begun; 0 between messages
    opcode kind_ = opcode::text;
    base::padded_buffer message_;
    base::utf8_checker text_;
};

} // namespace gemini::live::transport
