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

/// How a message survives an outage, and what may overtake it while it waits.
enum class delivery_class {
    durable,        ///< Kept until it has done its work; overtakes waiting media.
    context,        ///< Durable, but does not ask for an answer.
    activity_start, ///< Durable. Media do not move past it, nor past the next two kinds.
    activity_end,
    stream_end,
    audio, ///< Dropped once it is older than the realtime window.
    video, ///< Dropped like audio; moreover, only the latest one waits.
};
[[nodiscard]] constexpr bool is_media(delivery_class kind) noexcept
{
    return kind >= delivery_class::audio;
}

/// When a message has done its work and is no longer kept here.
enum class keeps {
    until_written,
    until_answered, ///< Until the model answers, or a handle is known to hold it. Media: until
                    ///< written.
    until_handle,   ///< Until a handle is known to hold it. Media: until written.
    until_consumed, ///< The server reports what it has consumed; everything else is sent again.
};

/// A message from the user.
struct outgoing {
    outgoing(base::frame message_, delivery_class kind_, std::vector<std::string> answers_ = {})
        : message(std::move(message_)), kind(kind_), answers(std::move(answers_))
    {
    }

    base::frame message;
    delivery_class kind;
    std::vector<std::string> answers;     ///< For a tool response: ids of the calls it answers.
    std::vector<std::string> continues{}; ///< Those of `answers` that will get more responses.
    std::string words{};                  ///< Its words for the history, if one is kept.
    std::function<void()> accepted{};     ///< Called once, with the session's lock held.
    bool is_momentary = false;            ///< Useless on another connection: not kept once written.
    bool is_loud = false;                 ///< Audio that may be speech; see engine::is_loud.
};

/// Messages on their way to the server: those that a connection has accepted and that are kept all
/// the same, those being written, and those that wait. Durable messages keep the order in which
/// they were sent. Pure data; the owner locks it.
class outbox {
public:
    explicit outbox(std::size_t limit, keeps keeps = keeps::until_written)
        : limit_(limit), keeps_(keeps)
    {
    }

    [[nodiscard]] bool keeps_unconsumed() const noexcept { return keeps_ == keeps::until_consumed; }

    [[nodiscard]] bool keeps_written() const noexcept { return keeps_ != keeps::until_written; }

    /// Approximate memory that a message of this many bytes takes.
    [[nodiscard]] static std::size_t cost_of(std::size_t size) noexcept;

    /// Returns true when a message may be added: the waiting messages are below the limit, or there
    /// are none (so that a single large message passes).
    [[nodiscard]] bool has_room(std::size_t size) const noexcept
    {
        return cost_ == 0 || cost_ + cost_of(size) <= limit_;
    }

    /// Returns the message's number; numbers increase by one.
    std::uint64_t push(outgoing message, base::time_point now);

    /// Returns the next messages, about `most` bytes of them, to be sent as one batch. With
    /// `hold_media` the batch stops before the first media message, with `hold_answers` before the
    /// first tool response. The messages stay here until `written()`.
    [[nodiscard]] std::vector<base::frame> take(
        std::size_t most, bool hold_media = false, bool hold_answers = false);
    /// Calls `what` for each message of that batch.
    template <class Function>
    void for_each_taken(Function what) const
    {
        for (auto each = sent_; each != sent_ + taken_; ++each) what(entries_[each].what);
    }
    struct batch {
        std::size_t messages = 0;
        std::size_t bytes = 0;
        std::size_t durable = 0; ///< Number of messages that are not media.
        bool asks = false;       ///< At least one message asks for an answer.
        int questions = 0;       ///< Number of messages that ask for an answer.
        bool answers = false;    ///< A tool response is among them.
        bool media = false;      ///< Audio or video is among them.
    };
    batch written(base::time_point now = {});
    /// Records that this ping, of this round, follows what has been written so far; 0: no ping
    /// does.
    void pinged(std::uint64_t number, std::uint64_t round = 0) noexcept;

    /// Records that other messages have been sent on this connection; the server counts them too.
    void sent_besides(std::size_t messages) noexcept
    {
        next_index_ += static_cast<std::int64_t>(messages);
    }

    /// The server has consumed the messages of this connection up to this index; the first is 1. It
    /// may report that before the batch being written has ended. Only with `until_consumed`.
    void consumed(std::int64_t index);
    /// The model calls a function. It has taken note of the questions that were certainly heard
    /// and, of several that may not have been, of the oldest. `received`: what the server has;
    /// `heard`: what has also had time to matter.
    void noted(const proof& received = {}, const proof& heard = {});
    /// The model begins to answer. It has taken note of the same questions as in `noted()`.
    void answered(const proof& received = {}, const proof& heard = {});
    /// The server has made a handle, which holds what it had heard, and perhaps more.
    void handle_issued(const proof& heard = {});

    /// The connection is gone. Messages that had been written and are kept wait again, ahead of all
    /// others. Without `until_consumed`, media that were being written do not wait again; returns
    /// their number. Calling it again does no harm.
    std::size_t lost();
    /// Number of messages that wait to be sent a second time.
    [[nodiscard]] std::size_t waiting_again() const noexcept;
    /// Number of messages that wait to be sent a second time though the newest handle may hold
    /// them.
    [[nodiscard]] std::size_t waiting_in_doubt() const noexcept;
    /// Whether a message that waits to be sent a second time asks for an answer.
    [[nodiscard]] bool asks_again() const noexcept;

    /// Ids of the calls that waiting messages answer.
    [[nodiscard]] std::vector<std::string> answers() const;
    /// Drops the answers to these calls, which the server no longer knows; returns their number.
    /// Call after `lost()`.
    std::size_t drop_answers(const std::vector<std::string>& calls);
    /// Drops what the model had taken note of. Call after `lost()`.
    void drop_noted();

    /// Drops waiting media that were accepted before `oldest`; returns their number.
    std::size_t expire(base::time_point oldest);
    /// When the oldest waiting media were accepted.
    [[nodiscard]] std::optional<base::time_point> oldest_media() const noexcept;
    /// Number of media dropped in favor of newer ones since the last call.
    [[nodiscard]] std::size_t superseded() noexcept;

    /// What `shed()` has dropped. Messages kept after they have been written never hold up a
    /// sender. Once they outgrow the limit, media are dropped first, then the oldest of the rest.
    struct given_up {
        std::size_t media = 0;
        std::size_t durable = 0; ///< It is not known whether these have arrived.
    };
    given_up shed();

    /// The words of messages that the conversation has come to hold since the last call, in order.
    [[nodiscard]] std::vector<std::string> settled() noexcept;

    /// Whether nothing waits or is being written.
    [[nodiscard]] bool empty() const noexcept { return entries_.size() == sent_; }
    /// Whether something waits or is being written that is not audio or video.
    [[nodiscard]] bool has_durable() const noexcept;
    /// Whether nothing is being written.
    [[nodiscard]] bool is_idle() const noexcept { return taken_ == 0; }
    /// Whether a message that is being written asks for an answer.
    [[nodiscard]] bool is_asking() const noexcept;
    /// Whether a message that is being written asks for an answer and responds to a function call.
    [[nodiscard]] bool is_responding() const noexcept;
    /// Memory of the messages that wait or are being written.
    [[nodiscard]] std::size_t cost() const noexcept { return cost_; }
    /// Memory of the messages that have been written and are kept.
    [[nodiscard]] std::size_t kept_cost() const noexcept { return kept_; }
    /// Number of the last message accepted.
    [[nodiscard]] std::uint64_t last() const noexcept { return next_ - 1; }
    /// Number of the oldest message that waits or is being written, else one past the last.
    [[nodiscard]] std::uint64_t oldest() const noexcept;

private:
    struct entry {
        outgoing what;
        base::time_point accepted;
        std::uint64_t number;
        std::size_t size;   ///< Kept since the frame's bytes may be gone once taken.
        std::size_t aside;  ///< Memory of what is kept besides the frame: ids, words.
        std::int64_t index; ///< On the connection it was last written to; 0: none yet.
        bool noted;         ///< The model has noted it: the history, if kept, holds its words.
        bool heard;         ///< By the server, on that connection: the next handle holds it.
        bool in_doubt;      ///< The newest handle may hold it, or may not.
        waypoint where;     ///< On the connection it was last written to.

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
    std::size_t sent_ = 0;  ///< Number of entries at the front that are written and kept.
    std::size_t taken_ = 0; ///< Number of entries after those that are being written.
    std::size_t superseded_ = 0;
    std::uint64_t next_ = 1;
    std::int64_t next_index_ = 1;
    std::int64_t consumed_ = 0; ///< The last index consumed on this connection.
    std::vector<entry> entries_;
    std::vector<std::string> settled_;
};

} // namespace gemini::live::engine
