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

/// When a message has done its work here.
enum class keeps {
    until_written,
    until_consumed, ///< The server tells how far it has come: what it has not, is sent again.
};

/// Messages on their way to the server, in the order of their sends: those that a connection has
/// taken and the server has not consumed, those being written, those that wait. Pure data; its
/// owner locks it.
class outbox {
public:
    explicit outbox(std::size_t limit, keeps keeps = keeps::until_written) noexcept
        : limit_(limit), keeps_(keeps)
    {
    }

    [[nodiscard]] bool keeps_unconsumed() const noexcept { return keeps_ == keeps::until_consumed; }

    /// True when a message may be added: what waits is below the limit, or nothing does (so that
    /// one large message passes).
    [[nodiscard]] bool has_room(std::size_t size) const noexcept
    {
        return bytes_ == 0 || bytes_ + size <= limit_;
    }

    /// Gives the message's number; numbers grow by one.
    std::uint64_t push(base::frame message, worth kind, time_point now);

    /// The next messages, about `most` bytes of them, to be sent as one batch. They stay here until
    /// `written()`.
    [[nodiscard]] std::vector<base::frame> take(std::size_t most);
    /// True when a durable message was among them.
    bool written() noexcept;

    /// The server has consumed the messages of this connection up to the one of this index; the
    /// first is 1. What was consumed is forgotten.
    void consumed(std::int64_t index) noexcept;

    /// The connection is gone. What it had taken and the server has not consumed waits again,
    /// before all else; without `until_consumed`, perishable messages that it had begun to take do
    /// not. Gives the number of messages that will be sent a second time. Harmless when called
    /// again.
    std::size_t lost() noexcept;

    /// Drops perishable messages that wait and were accepted before `oldest`; gives their number.
    std::size_t expire(time_point oldest);

    /// What the server has taken and not confirmed never holds up a sender; it is forgotten when it
    /// outgrows the limit: media first, then the oldest of the rest.
    struct given_up {
        std::size_t perishable = 0;
        std::size_t durable = 0; ///< Nobody knows whether these have arrived.
    };
    given_up shed() noexcept;

    /// Whether nothing waits or is being written.
    [[nodiscard]] bool empty() const noexcept { return entries_.size() == sent_; }
    /// Of what waits or is being written / of what has been written and not been consumed.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t unconfirmed_bytes() const noexcept { return unconfirmed_; }
    /// Number of the last message accepted / of the oldest one still waiting or being written, else
    /// one past the last.
    [[nodiscard]] std::uint64_t last() const noexcept { return next_ - 1; }
    [[nodiscard]] std::uint64_t oldest() const noexcept
    {
        return empty() ? next_ : entries_[sent_].number;
    }

private:
    struct entry {
        base::frame message;
        worth kind;
        time_point accepted;
        std::uint64_t number;
        std::size_t size;   ///< The frame's bytes may be gone once it has been taken.
        std::int64_t index; ///< On the present connection; once written.
    };
    using position = std::vector<entry>::iterator;

    [[nodiscard]] position at(std::size_t index) noexcept
    {
        return entries_.begin() + static_cast<std::ptrdiff_t>(index);
    }

    std::size_t limit_;
    keeps keeps_;
    std::size_t bytes_ = 0;
    std::size_t unconfirmed_ = 0;
    std::size_t sent_ = 0;  ///< So many entries at the front are written and not consumed.
    std::size_t taken_ = 0; ///< So many behind them are being written.
    std::uint64_t next_ = 1;
    std::int64_t next_index_ = 1;
    std::vector<entry> entries_;
};

} // namespace gemini::live::sessions
