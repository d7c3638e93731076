// SPDX-License-Identifier: Apache-2.0
#include "transport/connect_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gemini::live::transport {

using std::chrono::milliseconds;

connect_schedule::connect_schedule(
    std::size_t addresses, milliseconds limit, base::time_point now) noexcept
    : addresses_(addresses), next_(now),
      end_(limit.count() == 0 ? base::time_point::max() : base::later(now, limit))
{
}

std::optional<base::time_point> connect_schedule::next() const noexcept
{
    if (begun_ == addresses_ || next_ >= end_) return std::nullopt;
    return next_;
}

std::size_t connect_schedule::begin(base::time_point now) noexcept
{
    next_ = now + delay;
    return begun_++;
}

milliseconds connect_schedule::time_left(base::time_point now) const noexcept
{
    if (end_ == base::time_point::max()) return milliseconds(0);
    return std::max(std::chrono::ceil<milliseconds>(end_ - now), milliseconds(1));
}

void connect_schedule::failed(const error& why, base::time_point now)
{
    ++failed_;
    next_ = std::min(next_, now);
    const bool tells_more = why.value() == errc::timed_out;
    if (!why_ || (tells_more && why_->value() != errc::timed_out)) why_ = why;
}

error connect_schedule::why() const
{
    if (begun_ == 1) return *why_;
    return {why_->value(),
        fmt::format("{} The host has {} addresses, of which {} were tried.", why_->what(),
            addresses_, begun_),
        why_->details()};
}

} // namespace gemini::live::transport
