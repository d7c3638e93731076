// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"
#include "base/time.hpp"
#include "engine/proof.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live::engine {

/// What a message is worth across an outage, and what may pass it while it waits.
enum class delivery_class {
    durable,        ///< Kept until it has done its work; passes media that wait.
    context,        ///< So, too; but it asks the model nothing.
    activity_start, ///< Durable. The media around it stay on their side; so with the next two.
    activity_end,
    stream_end,
    audio, ///< Dropped once it is older than the realtime window.
    video, ///< So, too; and only the latest waits.
};
[[nodiscard]] constexpr bool is_media(delivery_class kind) noexcept
{
    return kind >= delivery_class::audio;
}

/// When a message has done its work here.
enum class keeps {
    until_written,
    until_answered, ///< By the model, or known to be in a handle. Media: until written.
    until_handle,   ///< Known to be in a handle. Media: until written.
    until_consumed, ///< The server tells how far it has come: what it has not, is sent again.
};

/// A message of the user's.
struct outgoing {
    outgoing(base::frame message_, delivery_class kind_, std::vector<std::string> answers_ = {})
        : message(std::move(message_)), kind(kind_), answers(std::move(answers_))
    {
    }

    base::frame message;
    delivery_class kind;
    std::vector<std::string> answers;     ///< A tool response: ids of the calls.
    std::vector<std::string> continues{}; ///< Of these, the ones that are to get more.
    std::string words{};                  ///< For the history, where one is kept.
    std::function<void()> accepted{};     ///< Called once, with the session's lock held.
    bool is_momentary = false; ///< Of no use on another connection: not kept once written.
};

/// Messages on their way to the server: those that a connection has taken and that are kept all the
/// same, those being written, those that wait. Durable messages keep the order of their sends.
/// Pure data; its owner locks it.
class outbox {
public:
    explicit outbox(std::size_t limit, keeps keeps = keeps::until_written) noexcept
        : limit_(limit), keeps_(keeps)
    {
    }

    [[nodiscard]] bool keeps_unconsumed() const noexcept { return keeps_ == keeps::until_consumed; }

    [[nodiscard]] bool keeps_written() const noexcept { return keeps_ != keeps::until_written; }

    /// The memory that a message of so many bytes takes, about.
    [[nodiscard]] static std::size_t cost_of(std::size_t size) noexcept;

    /// True when a message may be added: what waits is below the limit, or nothing does (so that
    /// one large message passes).
    [[nodiscard]] bool has_room(std::size_t size) const noexcept
    {
        return cost_ == 0 || cost_ + cost_of(size) <= limit_;
    }

    /// Gives the message's number; numbers grow by one.
    std::uint64_t push(outgoing message, base::time_point now);

    /// The next messages, about `most` bytes of them, to be sent as one batch; with `hold_media`
    /// none of or behind the first that is media, with `hold_answers` none of or behind the first
    /// tool response. They stay here until `written()`.
    [[nodiscard]] std::vector<base::frame> take(
        std::size_t most, bool hold_media = false, bool hold_answers = false);
    struct batch {
        std::size_t messages = 0;
        std::size_t bytes = 0;
        std::size_t durable = 0; ///< All that are not media.
        bool asks = false;       ///< One of them wants an answer.
        int questions = 0;       ///< So many do.
        bool answers = false;    ///< A tool response was among them / audio or video.
        bool media = false;
    };
    batch written(base::time_point now = {});
    /// Such a ping, of such a round, follows what has been written so far; 0: none does.
    void pinged(std::uint64_t number, std::uint64_t round = 0) noexcept;

    /// So many other messages have been sent on this connection; the server counts them, too.
    void sent_besides(std::size_t messages) noexcept
    {
        next_index_ += static_cast<std::int64_t>(messages);
    }

    /// The server has consumed the messages of this connection up to the one of this index; the
    /// first is 1. It may be faster than the end of the batch that is being written. Only with
    /// `until_consumed`.
    void consumed(std::int64_t index);
    /// The model calls a function / begins to answer. It has taken note of the questions that were
    /// certainly heard, and, of several that may not have been, of the oldest. `received`: what the
    /// server has, `heard`: what had also had the time to matter.
    void noted(const proof& received = {}, const proof& heard = {});
    void answered(const proof& received = {}, const proof& heard = {});
    /// The server made a handle; it holds what it had heard, and perhaps more.
    void handled(const proof& heard = {});

    /// The connection is gone. What had been written and is kept waits again, before all else;
    /// without `until_consumed`, media that were being written do not: gives their number. Harmless
    /// when called again.
    std::size_t lost();
    /// Number of the messages that wait to be sent a second time / of those that may be in the
    /// newest handle all the same.
    [[nodiscard]] std::size_t waiting_again() const noexcept;
    [[nodiscard]] std::size_t waiting_in_doubt() const noexcept;
    /// What waits to be sent a second time wants an answer.
    [[nodiscard]] bool asks_again() const noexcept;

    /// The calls that messages which wait are the answers to.
    [[nodiscard]] std::vector<std::string> answers() const;
    /// Drops the answers to these calls, which the server does not know any more; gives their
    /// number. After `lost()`.
    std::size_t drop_answers(const std::vector<std::string>& calls);
    /// Drops what the model had taken note of. After `lost()`.
    void drop_noted();

    /// Drops media that wait and were accepted before `oldest`; gives their number.
    std::size_t expire(base::time_point oldest);
    /// When the oldest media that wait were accepted.
    [[nodiscard]] std::optional<base::time_point> oldest_media() const noexcept;
    /// Media dropped because newer ones came, since the last call.
    [[nodiscard]] std::size_t superseded() noexcept;

    /// What is kept though it has been written never holds up a sender; it is forgotten when it
    /// outgrows the limit: media first, then the oldest of the rest.
    struct given_up {
        std::size_t media = 0;
        std::size_t durable = 0; ///< Nobody knows whether these have arrived.
    };
    given_up shed();

    /// The words of messages that the conversation now holds, in order, since the last call.
    [[nodiscard]] std::vector<std::string> settled() noexcept;

    /// Whether nothing waits or is being written / nothing is being written.
    [[nodiscard]] bool empty() const noexcept { return entries_.size() == sent_; }
    [[nodiscard]] bool is_idle() const noexcept { return taken_ == 0; }
    /// Whether something is being written that wants an answer.
    [[nodiscard]] bool is_asking() const noexcept;
    /// So, and it is the response to a function call.
    [[nodiscard]] bool is_responding() const noexcept;
    /// The memory of what waits or is being written / of what has been written and is kept.
    [[nodiscard]] std::size_t cost() const noexcept { return cost_; }
    [[nodiscard]] std::size_t kept_cost() const noexcept { return kept_; }
    /// Number of the last message accepted / of the oldest one still waiting or being written, else
    /// one past the last.
    [[nodiscard]] std::uint64_t last() const noexcept { return next_ - 1; }
    [[nodiscard]] std::uint64_t oldest() const noexcept;

private:
    struct entry {
        outgoing what;
        base::time_point accepted;
        std::uint64_t number;
        std::size_t size;   ///< The frame's bytes may be gone once it has been taken.
        std::size_t aside;  ///< Memory of what is kept beside them: ids, words.
        std::int64_t index; ///< On the connection that it was last written to; 0: none yet.
        bool noted;         ///< So that the history holds its words, where one is kept.
        bool heard;         ///< On that connection, by the server: a handle to come holds it.
        bool in_doubt;      ///< The newest handle may hold it, or not.
        waypoint where;     ///< On that connection.

        [[nodiscard]] std::size_t cost() const noexcept { return cost_of(size + aside); }
    };
    using position = std::vector<entry>::iterator;

    [[nodiscard]] position at(std::size_t index) noexcept
    {
        return entries_.begin() + static_cast<std::ptrdiff_t>(index);
    }
    [[nodiscard]] bool outlives_writing(const outgoing& message) const noexcept;
    void settle(entry& done);
    [[nodiscard]] position reached(const proof& received, const proof& heard);
    template <class Predicate>
    std::size_t forget_written(Predicate gone);
    template <class Predicate>
    std::size_t forget_waiting(Predicate gone);

    std::size_t limit_;
    keeps keeps_;
    std::size_t cost_ = 0;
    std::size_t kept_ = 0;
    std::size_t sent_ = 0;  ///< So many entries at the front are written and kept.
    std::size_t taken_ = 0; ///< So many behind them are being written.
    std::size_t superseded_ = 0;
    std::uint64_t next_ = 1;
    std::int64_t next_index_ = 1;
    std::int64_t consumed_ = 0; ///< Index, on this connection.
    std::vector<entry> entries_;
    std::vector<std::string> settled_;
};

} // namespace gemini::live::engine
