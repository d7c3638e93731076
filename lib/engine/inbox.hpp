// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/stale_audio_test.cpp, test/unit/engine/session_fsm_test.cpp
#pragma once

#include "base/fifo.hpp"
#include "engine/turn_tracker.hpp"

#include <gemini/live/session_event.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <variant>

namespace gemini::live::engine {

/// Messages and events that wait to be read. Pure data; the owner locks it.
class inbox {
public:
    explicit inbox(std::size_t limit) noexcept : limit_(limit) {}

    void push(session_event event, turn_mark mark = {});

    /// Removes and returns the oldest event, or the oldest message; the events before that message
    /// are dropped.
    template <class Element>
    [[nodiscard]] std::optional<Element> take();

    /// An event, and what it means for the turns. Messages are by far the most and the smallest.
    struct entry {
        entry(session_event event, turn_mark mark = {});

        [[nodiscard]] const server_message* message() const noexcept
        {
            return std::get_if<server_message>(&what);
        }
        /// The event that is no message; null for a message.
        [[nodiscard]] const session_event* other() const noexcept
        {
            const auto* rest = std::get_if<std::unique_ptr<session_event>>(&what);
            return rest ? rest->get() : nullptr;
        }
        [[nodiscard]] session_event take_event() &&;

        std::variant<server_message, std::unique_ptr<session_event>> what;
        turn_mark mark;
    };
    /// The oldest entry; null when there is none. Valid until the next call.
    [[nodiscard]] const entry* front() const noexcept
    {
        return queue_.empty() ? nullptr : &queue_.front().what;
    }
    [[nodiscard]] std::optional<entry> take_entry();

    /// Drops the model's speech from the messages of the turn that waits to be read. Returns the
    /// number of messages that held nothing else and are dropped entirely.
    std::size_t drop_audio();

    /// Judged by the memory that the entries occupy, whatever their size on the wire.
    [[nodiscard]] bool is_full() const noexcept { return bytes_ > limit_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    struct queued {
        entry what;
        std::size_t size;
    };

    std::size_t limit_;
    std::size_t bytes_ = 0;
    base::fifo<queued> queue_;
};

} // namespace gemini::live::engine
