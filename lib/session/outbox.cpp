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

bool outbox::written() noexcept
{
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    bool durable = false;
    for (auto each = waiting_.begin(); each != end; ++each) {
        bytes_ -= each->size;
        durable = durable || each->kind == worth::durable;
    }
    waiting_.erase(waiting_.begin(), end);
    return durable;
}

void outbox::lost() noexcept
{
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    const auto gone = std::remove_if(waiting_.begin(), end, [this](const entry& each) {
        const bool perishes = each.kind == worth::perishable;
        if (perishes) bytes_ -= each.size;
        return perishes;
    });
    waiting_.erase(gone, end);
}

std::size_t outbox::expire(time_point oldest)
{
    const auto first = waiting_.begin() + static_cast<std::ptrdiff_t>(taken_);
    const auto gone = std::remove_if(first, waiting_.end(), [this, oldest](const entry& each) {
        const bool perishes = each.kind == worth::perishable && each.accepted < oldest;
        if (perishes) bytes_ -= each.size;
        return perishes;
    });
    const auto count = static_cast<std::size_t>(waiting_.end() - gone);
    waiting_.erase(gone, waiting_.end());
    return count;
}

} // namespace gemini::live::sessions
