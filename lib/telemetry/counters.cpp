// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_group_test.cpp
#include <gemini/live/counters.hpp>

#include <algorithm>

namespace gemini::live {

static_assert(sizeof(session_counters) == 30 * sizeof(std::uint64_t),
    "operator+= must add the new member as well");

session_counters& session_counters::operator+=(const session_counters& other) noexcept
{
    messages_sent += other.messages_sent;
    bytes_sent += other.bytes_sent;
    messages_received += other.messages_received;
    bytes_received += other.bytes_received;
    malformed += other.malformed;
    members_omitted += other.members_omitted;
    connections += other.connections;
    attempts += other.attempts;
    losses += other.losses;
    resumed += other.resumed;
    handovers += other.handovers;
    contexts_lost += other.contexts_lost;
    outage += other.outage;
    longest_outage = std::max(longest_outage, other.longest_outage);
    replayed += other.replayed;
    maybe_heard += other.maybe_heard;
    dropped += other.dropped;
    uncertain += other.uncertain;
    obsolete += other.obsolete;
    stale += other.stale;
    turns += other.turns;
    empty_turns += other.empty_turns;
    cut_turns += other.cut_turns;
    stalls += other.stalls;
    nudges += other.nudges;
    stall_reconnects += other.stall_reconnects;
    memory_doubts += other.memory_doubts;
    outbox += other.outbox;
    unconfirmed += other.unconfirmed;
    inbox += other.inbox;
    return *this;
}

} // namespace gemini::live
