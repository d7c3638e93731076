// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/session_fsm_test.cpp
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace gemini::live::engine {

/// Spreads the attempts of all sessions of a client over time. Threads: any.
class dial_rate_limiter {
public:
    /// Allows `per_second` attempts a second, and as many at once after a quiet time. Absent:
    /// no limit.
    explicit dial_rate_limiter(std::optional<double> per_second) noexcept
        : interval_(per_second ? static_cast<std::int64_t>(1e9 / *per_second) : 0)
    {
    }

    /// Counts an attempt, and returns the delay to add to its own wait.
    [[nodiscard]] std::chrono::milliseconds reserve(base::time_point now)
    {
        using std::chrono::nanoseconds;
        if (interval_.count() == 0) return std::chrono::milliseconds{0};
        const std::lock_guard lock(mutex_);
        spent_ = std::max(nanoseconds{0}, spent_ - nanoseconds(now - when_)) + interval_;
        when_ = now;
        const auto at_once = std::max(interval_, nanoseconds(std::chrono::seconds{1}));
        return std::max(std::chrono::milliseconds{0},
            std::chrono::duration_cast<std::chrono::milliseconds>(spent_ - at_once));
    }

private:
    std::chrono::nanoseconds interval_; ///< 0: no limit.
    std::mutex mutex_;
    std::chrono::nanoseconds spent_{0}; ///< Time taken up by the attempts so far, as of `when_`.
    base::time_point when_{};
};

} // namespace gemini::live::engine
