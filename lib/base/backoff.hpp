// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/reconnect_fsm_test.cpp, test/unit/engine/restart_backoff_test.cpp
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gemini::live::base {

/// Exponential backoff with full jitter. Returns `random` (evenly from [0, 1)) times
/// min(most, first × factor^exponent).
[[nodiscard]] inline std::chrono::milliseconds full_jitter(std::chrono::milliseconds first,
    double factor, std::chrono::milliseconds most, double exponent, double random)
{
    const double grown = static_cast<double>(first.count()) * std::pow(factor, exponent);
    const double ceiling = std::min(static_cast<double>(most.count()), grown);
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(ceiling * random));
}

} // namespace gemini::live::base
