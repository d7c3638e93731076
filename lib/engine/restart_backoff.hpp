// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <gemini/live/restart_policy.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <optional>

namespace gemini::live::engine {

/// How a handler ended.
enum class outcome {
    returned,
    failed,
    hopeless, ///< A restart would fail again.
};

/// Decides on restarts. Pure except for `random`, which is uniformly distributed in [0, 1).
class restart_backoff {
public:
    restart_backoff(const restart_policy& policy, std::function<double()> random);

    /// Returns the wait before the restart; nullopt when there is to be none.
    [[nodiscard]] std::optional<std::chrono::milliseconds> after(outcome how, base::time_point now);

    [[nodiscard]] int restarts() const noexcept { return count_; }

private:
    [[nodiscard]] std::chrono::milliseconds draw_delay() const;

    restart_policy policy_;
    std::function<double()> random_;
    std::deque<base::time_point> recent_; ///< Restarts within the window.
    int count_ = 0;
};

} // namespace gemini::live::engine
