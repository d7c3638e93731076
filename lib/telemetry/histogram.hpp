// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/telemetry/prometheus_test.cpp
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gemini::live::telemetry {

/// Counts times by fixed upper bounds. Threads: any; it has no lock.
class histogram {
public:
    static constexpr std::size_t most_bounds = 15;

    /// `bounds`: in seconds, ascending, `most_bounds` at most, and static.
    explicit histogram(std::span<const double> bounds) noexcept : bounds_(bounds) {}

    void observe(std::chrono::microseconds value) noexcept
    {
        const auto seconds = std::chrono::duration<double>(value).count();
        std::size_t bucket = 0;
        while (bucket < bounds_.size() && seconds > bounds_[bucket]) ++bucket;
        counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        sum_.fetch_add(value.count(), std::memory_order_relaxed);
    }

    [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }
    /// Number of values that belong to the bucket; the last one has no upper bound.
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept
    {
        return counts_[bucket].load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::chrono::microseconds sum() const noexcept
    {
        return std::chrono::microseconds(sum_.load(std::memory_order_relaxed));
    }

private:
    std::span<const double> bounds_;
    std::array<std::atomic<std::uint64_t>, most_bounds + 1> counts_{};
    std::atomic<std::int64_t> sum_ = 0;
};

} // namespace gemini::live::telemetry
