// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "session/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gemini::live::sessions {

/// What a message is worth across an outage.
enum class worth {
    durable,    ///< Kept until it has been given to a connection whole.
    perishable, ///< Audio and video: dropped once it is older than the realtime window.
};

/// Messages that wait to be sent, in the order of their sends. Pure data; its owner locks it.
class outbox {
public:
    explicit outbox(std::size_t limit) noexcept : limit_(limit) {}

    /// True when a message may be added: below the limit, or empty (so that one large message
    /// passes).
    [[nodiscard]] bool has_room(std::size_t size) const noexcept
    {
        return bytes_ == 0 || bytes_ + size <= limit_;
    }

    /// Gives the message's number; numbers grow by one.
    std::uint64_t push(base::frame message, worth kind, time_point now);

    /// The next messages, about `most` bytes of them, to be sent as one batch. They stay here until
    /// `written()`; `lost()` puts those that are durable back in their place.
    [[nodiscard]] std::vector<base::frame> take(std::size_t most);
    /// True when a durable message was among them.
    bool written() noexcept;
    void lost() noexcept;

    /// Drops perishable messages accepted before `oldest`; gives their number.
    std::size_t expire(time_point oldest);

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Number of the last message accepted / of the oldest one still waiting or being written, else
    /// one past the last.
    [[nodiscard]] std::uint64_t last() const noexcept { return next_ - 1; }
    [[nodiscard]] std::uint64_t oldest() const noexcept
    {
        return waiting_.empty() ? next_ : waiting_.front().number;
    }

private:
    struct entry {
        base::frame message;
        worth kind;
        time_point accepted;
        std::uint64_t number;
        std::size_t size; ///< The frame's bytes are gone once a perishable message has been taken.
    };

    std::size_t limit_;
    std::size_t bytes_ = 0;
    std::size_t taken_ = 0; ///< So many entries at the front are being written.
    std::uint64_t next_ = 1;
    std::vector<entry> waiting_;
};

} // namespace gemini::live::sessions
