// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What a session has done so far, for metrics. All values only grow, except the memory sizes at
/// the end.
struct session_counters {
    std::uint64_t messages_sent = 0; ///< Messages written entirely to a connection, without setups.
    std::uint64_t bytes_sent = 0;    ///< Size of `messages_sent` as JSON.
    std::uint64_t messages_received = 0; ///< Server messages that could be read, at least in part.
    std::uint64_t bytes_received = 0;    ///< Size of `messages_received` as JSON.
    std::uint64_t malformed = 0;       ///< Server messages skipped because they could not be read.
    std::uint64_t members_omitted = 0; ///< Members left out of messages that were delivered.

    std::uint64_t connections = 0;       ///< Connections that reached setupComplete.
    std::uint64_t attempts = 0;          ///< Attempts to connect, including failed ones.
    std::uint64_t losses = 0;            ///< Connections that ended unexpectedly.
    std::uint64_t resumed = 0;           ///< Connections that resumed the conversation.
    std::uint64_t handovers = 0;         ///< Changes of connection because of a goAway.
    std::uint64_t contexts_lost = 0;     ///< Times that the server had forgotten the conversation.
    std::chrono::milliseconds outage{0}; ///< Total time without a connection after the first one.
    std::chrono::milliseconds longest_outage{0}; ///< The longest part of `outage`.

    std::uint64_t replayed = 0;    ///< Messages sent again.
    std::uint64_t maybe_heard = 0; ///< Sum of `status_change::maybe_heard`.
    std::uint64_t dropped = 0;     ///< Audio and video messages dropped.
    std::uint64_t uncertain = 0;   ///< Durable messages that may not have arrived.
    std::uint64_t obsolete = 0;    ///< Tool responses dropped: the server had forgotten the calls.
    std::uint64_t stale = 0; ///< Server messages dropped by `client_options::skip_stale_audio`.

    std::uint64_t turns = 0;            ///< Turns of the model that ended, empty ones included.
    std::uint64_t empty_turns = 0;      ///< Turns that ended without text, audio or function call.
    std::uint64_t cut_turns = 0;        ///< Times that `status_change::ask_again` was set.
    std::uint64_t stalls = 0;           ///< Reports of `live::stalled`.
    std::uint64_t nudges = 0;           ///< Of these, those with `watchdog_action::nudge`.
    std::uint64_t stall_reconnects = 0; ///< Those with `watchdog_action::reconnect`.
    std::uint64_t memory_doubts = 0;    ///< Resumes reported as `live::memory_doubtful`.

    // Present memory in bytes, as bounded by `live::limits`.
    std::size_t outbox = 0;      ///< Bytes held by messages that wait to be sent.
    std::size_t unconfirmed = 0; ///< Bytes held by messages that were sent and are kept for replay.
    std::size_t inbox = 0;       ///< Bytes held by messages and events that wait to be read.

    /// Adds up two sessions; of `longest_outage` the longer one remains.
    session_counters& operator+=(const session_counters& other) noexcept;
};

} // namespace gemini::live
#pragma GCC visibility pop
