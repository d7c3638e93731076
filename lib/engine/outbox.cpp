// SPDX-License-Identifier: Apache-2.0
#include "engine/outbox.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace gemini::live::engine {

namespace {

/// The memory that a message takes besides its frame.
std::size_t beside(const outgoing& message) noexcept
{
    std::size_t sum = message.words.size();
    for (const auto* const ids : {&message.answers, &message.continues})
        for (const auto& id : *ids) sum += sizeof id + id.size();
    return sum;
}

bool wants_answer(delivery_class kind) noexcept
{
    return kind == delivery_class::durable || kind == delivery_class::activity_end;
}

} // namespace

/// Removes entries that have been written and are kept; returns their number.
template <class Predicate>
std::size_t outbox::forget_written(Predicate gone)
{
    const auto end = std::remove_if(entries_.begin(), at(sent_), [&](entry& each) {
        if (!gone(each)) return false;
        kept_ -= each.cost();
        settle(each);
        return true;
    });
    const auto count = static_cast<std::size_t>(at(sent_) - end);
    entries_.erase(end, at(sent_));
    sent_ -= count;
    return count;
}

/// Removes waiting entries; returns their number.
template <class Predicate>
std::size_t outbox::forget_waiting(Predicate gone)
{
    const auto end = std::remove_if(at(sent_ + taken_), entries_.end(), [&](const entry& each) {
        if (!gone(each)) return false;
        cost_ -= each.cost();
        return true;
    });
    const auto count = static_cast<std::size_t>(entries_.end() - end);
    entries_.erase(end, entries_.end());
    return count;
}

std::size_t outbox::cost_of(std::size_t size) noexcept { return size + sizeof(entry); }

std::uint64_t outbox::push(outgoing message, base::time_point now)
{
    const auto size = message.message.size();
    const auto aside = beside(message);
    const auto kind = message.kind;
    if (kind == delivery_class::video)
        superseded_ += forget_waiting(
            [](const entry& each) { return each.what.kind == delivery_class::video; });
    auto place = entries_.end();
    if (kind == delivery_class::durable || kind == delivery_class::context) {
        const auto first = at(sent_ + taken_);
        while (place != first && is_media(std::prev(place)->what.kind)) --place;
    }
    const auto added = entries_.insert(
        place, {std::move(message), now, next_, size, aside, 0, false, false, false, {}});
    cost_ += added->cost();
    return next_++;
}

std::vector<base::frame> outbox::take(std::size_t most, bool hold_media, bool hold_answers)
{
    constexpr std::size_t usual = 64;
    std::vector<base::frame> batch;
    batch.reserve(std::min(entries_.size() - sent_, usual));
    std::size_t size = 0;
    for (auto each = at(sent_); each != entries_.end(); ++each) {
        if (hold_media && is_media(each->what.kind)) break;
        if (hold_answers && !each->what.answers.empty()) break;
        if (!batch.empty() && size + each->size > most) break;
        size += each->size;
        // What must survive a lost connection is sent from a copy, since the transport masks in
        // place.
        const bool once = is_media(each->what.kind) && keeps_ != keeps::until_consumed;
        batch.push_back(once ? std::move(each->what.message) : each->what.message.copy());
    }
    taken_ = batch.size();
    return batch;
}

/// Whether a message is kept after it has been written. The start of an open activity always is,
/// even where a handle has no use for it: the rest of the user's speech belongs to it on the next
/// connection too.
bool outbox::outlives_writing(const outgoing& message) const noexcept
{
    if (message.is_momentary && keeps_ != keeps::until_consumed) return false;
    switch (message.kind) {
    case delivery_class::activity_start: return true;
    case delivery_class::durable:
    case delivery_class::context: return keeps_ != keeps::until_written;
    default: return keeps_ == keeps::until_consumed;
    }
}

void outbox::settle(entry& done)
{
    if (!done.what.words.empty()) settled_.push_back(std::exchange(done.what.words, {}));
}

outbox::batch outbox::written(base::time_point now)
{
    const auto begin = at(sent_);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    batch all;
    std::int64_t activity_ended = 0;
    const auto gone = std::remove_if(begin, end, [&](entry& each) {
        cost_ -= each.cost();
        each.index = next_index_++;
        each.where = {now};
        each.heard = false;
        ++all.messages;
        all.bytes += each.size;
        if (!is_media(each.what.kind)) ++all.durable;
        all.media = all.media || is_media(each.what.kind);
        all.answers = all.answers || !each.what.answers.empty();
        all.questions += wants_answer(each.what.kind) ? 1 : 0;
        all.asks = all.questions != 0;
        if (each.what.kind == delivery_class::activity_end) activity_ended = each.index;
        if (outlives_writing(each.what) && each.index > consumed_) {
            kept_ += each.cost();
            return false;
        }
        settle(each);
        return true;
    });
    sent_ += static_cast<std::size_t>(gone - begin);
    entries_.erase(gone, end);
    if (keeps_ != keeps::until_consumed) {
        forget_written([activity_ended](const entry& each) {
            return each.what.kind == delivery_class::activity_start && each.index < activity_ended;
        });
    }
    return all;
}

void outbox::consumed(std::int64_t index)
{
    if (keeps_ != keeps::until_consumed) return;
    const auto begun = next_index_ - 1 + static_cast<std::int64_t>(taken_);
    consumed_ = std::max(consumed_, std::min(index, begun));
    forget_written([index](const entry& each) { return each.index <= index; });
}

void outbox::pinged(std::uint64_t number, std::uint64_t round) noexcept
{
    for (auto each = at(sent_); each != entries_.begin();) {
        --each;
        if (each->where.ping != waypoint::no_ping) break;
        each->where.ping = number;
        each->where.round = round;
    }
}

/// Returns the end of what the model has taken note of. Messages after the last question are not
/// part of it: only a handle makes those safe.
outbox::position outbox::reached(const proof& received, const proof& heard)
{
    auto end = entries_.begin();
    for (auto each = entries_.begin(); each != at(sent_); ++each) {
        if (!wants_answer(each->what.kind)) continue;
        const bool is_oldest = end == entries_.begin();
        if (!heard.holds(each->where) && !(is_oldest && received.holds(each->where))) break;
        end = std::next(each);
    }
    return end;
}

void outbox::noted(const proof& received, const proof& heard)
{
    const auto end = std::max(
        reached(received, heard), std::partition_point(entries_.begin(), at(sent_),
                                      [&](const entry& each) { return heard.holds(each.where); }));
    std::for_each(entries_.begin(), end, [this](entry& each) {
        each.noted = each.heard = true;
        settle(each);
    });
}

void outbox::answered(const proof& received, const proof& heard)
{
    if (keeps_ == keeps::until_consumed) return noted();
    const auto end = reached(received, heard);
    std::for_each(entries_.begin(), end, [this](entry& each) {
        each.noted = each.heard = true;
        settle(each);
    });
    if (keeps_ != keeps::until_answered || end == entries_.begin()) return;
    const auto last = std::prev(end)->number;
    forget_written([last](const entry& each) {
        return each.what.kind != delivery_class::activity_start && each.number <= last;
    });
}

void outbox::handle_issued(const proof& heard)
{
    if (keeps_ == keeps::until_consumed) return;
    forget_written([&heard](const entry& each) {
        return each.what.kind != delivery_class::activity_start &&
               (each.heard || heard.holds(each.where));
    });
    // What is being written may also arrive before the handle is made.
    std::for_each(entries_.begin(), at(sent_ + taken_), [](entry& each) { each.in_doubt = true; });
}

std::size_t outbox::lost()
{
    const auto again = std::exchange(sent_, 0);
    cost_ += std::exchange(kept_, 0);
    std::size_t perished = 0;
    const auto begun = at(again);
    const auto end = begun + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
    const auto gone = std::remove_if(begun, end, [&](entry& each) {
        const bool consumed = next_index_++ <= consumed_;
        const bool is_perishable = is_media(each.what.kind) || each.what.is_momentary;
        const bool perishes = keeps_ != keeps::until_consumed && is_perishable;
        if (!consumed && !perishes) return false;
        if (!consumed && is_media(each.what.kind)) ++perished;
        cost_ -= each.cost();
        settle(each);
        return true;
    });
    entries_.erase(gone, end);
    next_index_ = 1;
    consumed_ = 0;
    return perished;
}

std::size_t outbox::waiting_again() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
    return static_cast<std::size_t>(
        std::count_if(first, entries_.end(), [](const entry& each) { return each.index != 0; }));
}

bool outbox::has_durable() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
    return std::any_of(
        first, entries_.end(), [](const entry& each) { return !is_media(each.what.kind); });
}

bool outbox::is_asking() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
    return std::any_of(first, first + static_cast<std::ptrdiff_t>(taken_),
        [](const entry& each) { return wants_answer(each.what.kind); });
}

bool outbox::is_responding() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
    return std::any_of(first, first + static_cast<std::ptrdiff_t>(taken_), [](const entry& each) {
        return !each.what.answers.empty() && wants_answer(each.what.kind);
    });
}

std::size_t outbox::waiting_in_doubt() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
    return static_cast<std::size_t>(std::count_if(first, entries_.end(), [](const entry& each) {
        return each.in_doubt && each.what.kind != delivery_class::activity_start;
    }));
}

bool outbox::asks_again() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_);
    return std::any_of(first, entries_.end(),
        [](const entry& each) { return each.index != 0 && wants_answer(each.what.kind); });
}

std::vector<std::string> outbox::answers() const
{
    std::vector<std::string> all;
    for (auto index = sent_ + taken_; index != entries_.size(); ++index) {
        const auto& ids = entries_[index].what.answers;
        all.insert(all.end(), ids.begin(), ids.end());
    }
    return all;
}

std::size_t outbox::drop_answers(const std::vector<std::string>& calls)
{
    std::vector<std::string_view> those(
        calls.begin(), calls.end()); // sorted, not hashed: a server may choose colliding ids
    std::sort(those.begin(), those.end());
    const auto is_one = [&those](const std::string& id) {
        return std::binary_search(those.begin(), those.end(), id);
    };
    return forget_waiting([&](const entry& each) {
        const auto& ids = each.what.answers;
        return !ids.empty() && std::all_of(ids.begin(), ids.end(), is_one);
    });
}

void outbox::drop_noted()
{
    std::uint64_t last_end = 0;
    for (const auto& each : entries_)
        if (each.noted && each.what.kind == delivery_class::activity_end) last_end = each.number;
    forget_waiting([last_end](const entry& each) {
        const bool goes_on =
            each.what.kind == delivery_class::activity_start && each.number > last_end;
        return each.noted && !goes_on;
    });
}

std::size_t outbox::expire(base::time_point oldest)
{
    return forget_waiting(
        [oldest](const entry& each) { return is_media(each.what.kind) && each.accepted < oldest; });
}

std::optional<base::time_point> outbox::oldest_media() const noexcept
{
    const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(sent_ + taken_);
    const auto found = std::find_if(
        first, entries_.end(), [](const entry& each) { return is_media(each.what.kind); });
    return found == entries_.end() ? std::nullopt : std::optional(found->accepted);
}

std::size_t outbox::superseded() noexcept { return std::exchange(superseded_, 0); }

outbox::given_up outbox::shed()
{
    given_up all;
    if (kept_ <= limit_) return all;
    all.media = forget_written(
        [this](const entry& each) { return is_media(each.what.kind) && kept_ > limit_; });
    all.durable = forget_written([this](const entry&) { return kept_ > limit_; });
    return all;
}

std::vector<std::string> outbox::settled() noexcept { return std::exchange(settled_, {}); }

std::uint64_t outbox::oldest() const noexcept
{
    auto oldest = next_;
    for (auto index = sent_; index != entries_.size(); ++index)
        oldest = std::min(oldest, entries_[index].number);
    return oldest;
}

} // namespace gemini::live::engine
