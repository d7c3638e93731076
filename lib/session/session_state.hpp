// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_test.cpp, test/unit/session/backpressure_test.cpp
#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"
#include "engine/inbox.hpp"
#include "engine/session_fsm.hpp"
#include "engine/turn_collector.hpp"
#include "session/session_observer.hpp"
#include "session/session_telemetry.hpp"
#include "transport/transport.hpp"

#include <gemini/live/client.hpp>
#include <gemini/live/session_event.hpp>
#include <gemini/live/turn.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace gemini::live {

class session_driver;

/// Wakes the coroutines of a session. Threads: any.
struct session_signals {
    async::event reader; ///< The user's: there is something to read.
    async::event took;   ///< The driver's read loop: the user has read something.
    async::event writer; ///< The driver's write loop: there may be something to send.
};

/// What the user's calls and the driver share. It is reached through `session_core::lock()` only,
/// so every access holds the lock.
class session_state {
public:
    session_state(engine::session_fsm::rules rules, const client_options& options,
        const live::setup& setup, const async::clock& clock, session_signals& signals,
        std::atomic<live::session_status>& status);

    engine::session_fsm fsm;
    engine::inbox inbox;
    session_telemetry telemetry;
    std::uint64_t stale = 0; ///< Messages dropped by `skip_stale_audio`.
    bool ended = false;
    bool closing = false;
    int closes_after_turn = 0;      ///< Number of operations that wait for the end of the turn.
    bool closed_after_turn = false; ///< The session is closing because it has come.
    /// Thrown to the reader and to senders after the end; null after an orderly close.
    std::exception_ptr failure;
    std::vector<async::event*> senders{};  ///< Wait for room in the outbox, in order of arrival.
    std::vector<async::event*> watchers{}; ///< Wait for any other change.
    std::weak_ptr<session_observer> observer{};
    std::vector<async::event*> turn_watchers{}; ///< Wait for the end of a turn.
    std::weak_ptr<session_driver> driver;       ///< Set from the first attempt to connect.
    /// The connection to write to, once its setup is complete.
    std::shared_ptr<transport::connection> open;
    /// The connection that could not be written to, until it has been read to its end.
    std::shared_ptr<transport::connection> failed;

    void announce(status_change change);
    void push(session_event event, engine::turn_mark mark = {});
    /// Passes on the records of turns that are complete. Call when the engine may have made some.
    void report_turns();
    /// Completes and passes on all records, since the session ends.
    void finish_turns();
    [[nodiscard]] session_counters counters() const;
    /// Call when a turn has ended.
    void notify_of_turn();
    /// Call when a waiting message has been sent or dropped: there may be room, and nothing left to
    /// drain.
    void notify();
    void end(std::exception_ptr why);
    /// Ends the session because of an exception such as std::bad_alloc, which readers and senders
    /// then receive.
    void fail(std::exception_ptr why);
    /// Ends an orderly session. Without memory to announce this, the reader is told std::bad_alloc.
    void close() noexcept;
    /// Closes a session whose execution context is being destroyed. Calls nothing of the user's,
    /// such as a logger, which may be gone already.
    void die() noexcept;
    /// Throws what ended the session, or errc::closed.
    void check_open() const;
    /// Returns the turn if its end is among what waits to be read. Throws what ended a session that
    /// has failed.
    [[nodiscard]] std::optional<turn_result> collect();
    /// Made when it is first needed: programs that read message by message have none.
    [[nodiscard]] engine::turn_collector& collector();

private:
    std::unique_ptr<engine::turn_collector> collector_;
    const client_options& options_;
    const async::clock& clock_;
    session_signals& signals_;
    std::atomic<live::session_status>& status_;
};

/// The state while its lock is held. Do not keep it across a co_await.
class locked_state {
public:
    locked_state(std::mutex& mutex, session_state& state) : lock_(mutex), state_(state) {}
    [[nodiscard]] session_state* operator->() const noexcept { return &state_; }
    [[nodiscard]] session_state& operator*() const noexcept { return state_; }

private:
    std::unique_lock<std::mutex> lock_;
    session_state& state_;
};

} // namespace gemini::live
