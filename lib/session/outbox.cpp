// SPDX-License-Identifier: Apache-2.0
#include "session/outbox.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live::sessions {

std::uint64_t outbox::push(base::frame message, worth kind, time_point now)
{
    const auto size = message.size();
    bytes_ += size;
    entries_.push_back({std::move(message), kind, now, next_, size, 0});
    return next_++;
}

std::vector<base::frame> outbox::take(std::size_t most)
{
    std::vector<base::frame> batch;
    std::size_t size = 0;
    for (auto each = at(sent_); each != entries_.end(); ++each) {
        if (!batch.empty() && size + each->size > most) break;
        size += each->size;
        // What must survive a lost connection is sent from a copy: the transport masks in place.
        const bool once = each->kind == worth::perishable && keeps_ == keeps::until_written;
        batch.push_back(once ? std::move(each->message) : each->message.copy());
    }
    taken_ = batch.size();
    return batch;
}

bool outbox::written() noexcept
{
    const auto begin = at(sent_);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    bool durable = false;
    for (auto each = begin; each != end; ++each) {
        bytes_ -= each->size;
        unconfirmed_ += each->size;
        each->index = next_index_++;
        durable = durable || each->kind == worth::durable;
    }
    sent_ += static_cast<std::size_t>(end - begin);
    if (keeps_ == keeps::until_written) consumed(next_index_);
    return durable;
}

void outbox::consumed(std::int64_t index) noexcept
{
    const auto end = std::find_if(
        entries_.begin(), at(sent_), [index](const entry& each) { return each.index > index; });
    for (auto each = entries_.begin(); each != end; ++each) unconfirmed_ -= each->size;
    sent_ -= static_cast<std::size_t>(end - entries_.begin());
    entries_.erase(entries_.begin(), end);
}

std::size_t outbox::lost() noexcept
{
    const auto again = std::exchange(sent_, 0);
    bytes_ += std::exchange(unconfirmed_, 0);
    next_index_ = 1;
    const auto begun = at(again);
    const auto end = begun + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    if (keeps_ == keeps::until_written) {
        const auto gone = std::remove_if(begun, end, [this](const entry& each) {
            const bool perishes = each.kind == worth::perishable;
            if (perishes) bytes_ -= each.size;
            return perishes;
        });
        entries_.erase(gone, end);
    }
    return again;
}

std::size_t outbox::expire(time_point oldest)
{
    const auto first = at(sent_ + taken_);
    const auto gone = std::remove_if(first, entries_.end(), [this, oldest](const entry& each) {
        const bool perishes = each.kind == worth::perishable && each.accepted < oldest;
        if (perishes) bytes_ -= each.size;
        return perishes;
    });
    const auto count = static_cast<std::size_t>(entries_.end() - gone);
    entries_.erase(gone, entries_.end());
    return count;
}

outbox::given_up outbox::shed() noexcept
{
    given_up all;
    for (const auto kind : {worth::perishable, worth::durable}) {
        auto& count = kind == worth::perishable ? all.perishable : all.durable;
        const auto end = std::remove_if(entries_.begin(), at(sent_), [&](const entry& each) {
            if (each.kind != kind || unconfirmed_ <= limit_) return false;
            unconfirmed_ -= each.size;
            ++count;
            return true;
        });
        const auto gone = static_cast<std::size_t>(at(sent_) - end);
        entries_.erase(end, at(sent_));
        sent_ -= gone;
    }
    return all;
}

} // namespace gemini::live::sessions
