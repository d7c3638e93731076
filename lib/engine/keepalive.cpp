// SPDX-License-Identifier: Apache-2.0
#include "engine/keepalive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace gemini::live::engine {
namespace {

/// A timer that fires later than this shows that the event loop stood still.
constexpr std::chrono::milliseconds stall_noticed{100};

/// When a wait that has a limit ends; zero is no limit.
base::time_point end_of(base::time_point since, std::chrono::milliseconds limit) noexcept
{
    return limit.count() == 0 ? base::time_point::max() : base::later(since, limit);
}

keepalive::decision dead(phase where, const std::string& sentence)
{
    return {keepalive::action::abort, error(errc::timed_out, sentence, {where})};
}

} // namespace

void keepalive::heard(time_point now) noexcept
{
    heard_ = now;
    spared_ = false;
    pinged_.reset();
}

void keepalive::underway(std::uint64_t message, time_point now) noexcept
{
    if (std::exchange(underway_, message) != message) underway_since_ = now;
}

keepalive::decision keepalive::check(
    time_point now, time_point due, const traffic& state, std::size_t unacknowledged)
{
    if (now - due > stall_noticed && !std::exchange(spared_, true)) restart(now);
    if (!state.reads) heard_ = underway_since_ = now;
    if (state.is_blocked && now >= end_of(progress_, limits_.write_stall) &&
        !peer_accepts(unacknowledged, now))
        return dead(
            phase::write, fmt::format("The network took nothing for {} ms: it is down or too slow.",
                              limits_.write_stall.count()));
    if (pinged_ && state.reads && now >= end_of(*pinged_, limits_.silence))
        return dead(phase::open,
            fmt::format(
                "The server has been silent for {} ms after a ping: the connection is dead.",
                limits_.silence.count()));
    if (now >= message_due(state))
        return dead(phase::open,
            fmt::format("The server has begun a message {} ms ago and not ended it: the network is "
                        "too slow (raise deadlines::message), or the server is stuck.",
                std::chrono::ceil<std::chrono::milliseconds>(now - underway_since_).count()));
    if (pinged_ || now < end_of(heard_, limits_.ping_after)) return {};
    pinged_ = now;
    return {action::ping};
}

/// While the loop stood still nothing could be read or written, which is not the peer's fault.
/// Happens once until something is heard, so that a dead connection ends although the loop stands
/// still again and again.
void keepalive::restart(time_point now) noexcept
{
    heard_ = progress_ = underway_since_ = now;
    if (pinged_) pinged_ = now;
}

/// Whether the peer has accepted something since the last check. The kernel asks for more only when
/// a third of its buffer is free, which may take long on a slow network.
bool keepalive::peer_accepts(std::size_t unacknowledged, time_point now) noexcept
{
    const auto before = std::exchange(unacknowledged_, unacknowledged);
    if (unacknowledged >= before) return false;
    progress_ = now;
    return true;
}

keepalive::time_point keepalive::message_due(const traffic& state) const noexcept
{
    if (underway_ == 0 || limits_.message.count() == 0) return time_point::max();
    return end_of(underway_since_, time_for(state.received, limits_.message));
}

keepalive::time_point keepalive::next_check(const traffic& state) const noexcept
{
    const auto life =
        pinged_ ? end_of(*pinged_, limits_.silence) : end_of(heard_, limits_.ping_after);
    const auto due = std::min(message_due(state), life);
    return state.is_blocked ? std::min(due, end_of(progress_, limits_.write_stall)) : due;
}

} // namespace gemini::live::engine
