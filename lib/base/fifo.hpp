// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace gemini::live::base {

/// A FIFO in one contiguous block that costs almost nothing when empty. A server may hold
/// thousands.
template <class T>
class fifo {
public:
    [[nodiscard]] bool empty() const noexcept { return taken_ == items_.size(); }

    void push(T item) { items_.push_back(std::move(item)); }

    /// The oldest item. The queue must not be empty.
    [[nodiscard]] const T& front() const noexcept { return items_[taken_]; }

    /// Removes and returns the oldest item. The queue must not be empty.
    [[nodiscard]] T take()
    {
        T oldest = std::move(items_[taken_++]);
        if (empty()) {
            items_.clear();
            taken_ = 0;
            if (items_.capacity() > kept) items_.shrink_to_fit();
        } else if (taken_ >= kept && taken_ >= items_.size() / 2) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(taken_));
            taken_ = 0;
        }
        return oldest;
    }

    /// Visits items from newest to oldest and removes those for which `gone` returns true, until
    /// `enough` returns true for one. `gone` may modify them.
    template <class Predicate, class Stop>
    void erase_newest(Predicate gone, Stop enough)
    {
        auto stays = items_.size(); // start of the items to keep
        auto index = items_.size();
        for (; index > taken_ && !enough(items_[index - 1]); --index) {
            if (gone(items_[index - 1])) continue;
            if (--stays != index - 1) items_[stays] = std::move(items_[index - 1]);
        }
        const auto at = [this](std::size_t place) {
            return items_.begin() + static_cast<std::ptrdiff_t>(place);
        };
        items_.erase(at(index), at(stays));
    }

private:
    // capacity, in items, that is never released
    static constexpr std::size_t kept = sizeof(T) < 64 ? 1024 / sizeof(T) : 16;

    std::vector<T> items_;
    std::size_t taken_ = 0; // number of items already taken from the front
};

} // namespace gemini::live::base
