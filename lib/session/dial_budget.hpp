// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session/clock.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>

namespace gemini::live::sessions {

/// Spreads the attempts of all sessions of a client over time. Threads: any.
class dial_budget {
public:
    /// So many a second, and as many at once after a quiet time; 0: no limit.
    explicit dial_budget(double per_second) noexcept : per_second_(per_second) {}

    /// Counts an attempt; gives how much longer than it would it has to wait.
    [[nodiscard]] std::chrono::milliseconds spend(time_point now)
    {
        if (per_second_ <= 0) return std::chrono::milliseconds{0};
        const std::chrono::duration<double> interval{1.0 / per_second_};
        const std::lock_guard lock(mutex_);
        const auto spent = std::max(
            std::chrono::duration<double>{0}, spent_ - std::chrono::duration<double>(now - when_));
        spent_ = spent + interval;
        when_ = now;
        const auto over = spent_ - std::max(interval, interval * per_second_);
        return std::max(std::chrono::milliseconds{0},
            std::chrono::duration_cast<std::chrono::milliseconds>(over));
    }

private:
    double per_second_;
    std::mutex mutex_;
    std::chrono::duration<double> spent_{0}; ///< Time that the attempts so far take up, at `when_`.
    time_point when_{};
};

} // namespace gemini::live::sessions
