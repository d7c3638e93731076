// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace gemini::live::base {

/// First in, first out, in one block of memory: next to nothing while it holds next to nothing, of
/// which a program with thousands of them has thousands.
template <class T>
class fifo {
public:
    [[nodiscard]] bool empty() const noexcept { return taken_ == items_.size(); }

    void push(T item) { items_.push_back(std::move(item)); }

    /// The oldest. There must be one.
    [[nodiscard]] const T& front() const noexcept { return items_[taken_]; }

    /// Takes the oldest out. There must be one.
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

    /// Removes, from the newest to the oldest, those that `gone` (which may change them) says are
    /// to go, until `enough` says so of one.
    template <class Predicate, class Stop>
    void erase_newest(Predicate gone, Stop enough)
    {
        auto stays = items_.size(); // those from here on
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
    static constexpr std::size_t kept = 64; // items whose room is not given back

    std::vector<T> items_;
    std::size_t taken_ = 0; // from the front
};

} // namespace gemini::live::base
