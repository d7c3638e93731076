// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace test {

/// While it lives, the `nth` call of operator new in this thread fails, counted from 1; with 0,
/// none does. One at a time. Programs that link failing_allocation.cpp have the operators it needs.
class failing_allocation {
public:
    explicit failing_allocation(std::size_t nth) noexcept;
    failing_allocation(const failing_allocation&) = delete;
    failing_allocation& operator=(const failing_allocation&) = delete;
    ~failing_allocation();

    /// Number of allocations so far.
    [[nodiscard]] std::size_t allocations() const noexcept { return allocations_; }
    [[nodiscard]] bool struck() const noexcept { return allocations_ >= nth_; }

    /// Counts an allocation; returns whether it is to fail.
    [[nodiscard]] bool strike() noexcept { return ++allocations_ == nth_; }

private:
    std::size_t nth_;
    std::size_t allocations_ = 0;
};

} // namespace test
