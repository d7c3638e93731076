// SPDX-License-Identifier: Apache-2.0
#include "session/outbox.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live::sessions {

std::uint64_t outbox::push(base::frame message, worth kind, time_point now)
{
    const auto size = message.size();
    bytes_ += size;
    waiting_.push_back({std::move(message), kind, now, next_, size});
    return next_++;
}

std::vector<base::frame> outbox::take(std::size_t most)
{
    std::vector<base::frame> batch;
    std::size_t size = 0;
    for (auto& each : waiting_) {
        if (!batch.empty() && size + each.size > most) break;
        size += each.size;
        // What must survive a lost connection is sent from a copy: the transport masks in place.
        batch.push_back(
            each.kind == worth::durable ? each.message.copy() : std::move(each.message));
    }
    taken_ = batch.size();
    return batch;
}

void outbox::written() noexcept
{
    for (; taken_ != 0; --taken_) {
        bytes_ -= waiting_.front().size;
        waiting_.pop_front();
    }
}

void outbox::lost() noexcept
{
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    const auto gone = std::stable_partition(
        waiting_.begin(), end, [](const entry& each) { return each.kind == worth::durable; });
    for (auto each = gone; each != end; ++each) bytes_ -= each->size;
    waiting_.erase(gone, end);
}

std::size_t outbox::expire(time_point oldest)
{
    const auto first = waiting_.begin() + static_cast<std::ptrdiff_t>(taken_);
    const auto gone = std::stable_partition(first, waiting_.end(), [oldest](const entry& each) {
        return each.kind == worth::durable || each.accepted >= oldest;
    });
    const auto count = static_cast<std::size_t>(waiting_.end() - gone);
    for (auto each = gone; each != waiting_.end(); ++each) bytes_ -= each->size;
    waiting_.erase(gone, waiting_.end());
    return count;
}

} // namespace gemini::live::sessions
