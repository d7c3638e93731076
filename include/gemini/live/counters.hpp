// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gemini::live {

/// What a session has done so far, for metrics. All but the sizes in the last group only grow.
struct session_counters {
    std::uint64_t messages_sent = 0; ///< Given to a connection whole, setups aside.
    std::uint64_t bytes_sent = 0;    ///< Of these, as JSON.
    std::uint64_t messages_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t malformed = 0;       ///< Server messages that could not be read.
    std::uint64_t members_omitted = 0; ///< Left out of messages that were delivered.

    std::uint64_t connections = 0;       ///< That came as far as setupComplete.
    std::uint64_t attempts = 0;          ///< To make one, failed ones too.
    std::uint64_t losses = 0;            ///< Connections that ended against our will.
    std::uint64_t resumed = 0;           ///< Connections that went on with the conversation.
    std::uint64_t handovers = 0;         ///< Changes of connection at a goAway.
    std::uint64_t contexts_lost = 0;     ///< Times that the server had forgotten the conversation.
    std::chrono::milliseconds outage{0}; ///< Time without a connection after the first, in all.
    std::chrono::milliseconds longest_outage{0};

    std::uint64_t replayed = 0;    ///< Messages sent again.
    std::uint64_t maybe_heard = 0; ///< Of these; see `status_change::maybe_heard`.
    std::uint64_t dropped = 0;     ///< Audio and video messages dropped.
    std::uint64_t uncertain = 0;   ///< Durable messages that may not have arrived.
    std::uint64_t obsolete = 0;    ///< Tool responses dropped, to calls that the server forgot.
    std::uint64_t stale = 0;       ///< Server messages dropped by `skip_stale_audio`.

    std::uint64_t empty_turns = 0;   ///< Turns that the server ended without words, sound or call.
    std::uint64_t cut_turns = 0;     ///< Times that `status_change::ask_again` was set.
    std::uint64_t stalls = 0;        ///< Silences reported as `stalled`.
    std::uint64_t memory_doubts = 0; ///< Resumes reported as `memory_doubtful`.

    // Memory in bytes, now; what `live::limits` bounds.
    std::size_t outbox = 0;      ///< Of messages that wait to be sent.
    std::size_t unconfirmed = 0; ///< Of messages sent and kept for sending again.
    std::size_t inbox = 0;       ///< Of messages and events that wait to be read.
};

} // namespace gemini::live
