// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/engine/session_fsm_test.cpp
#pragma once

#include <algorithm>
#include <chrono>

namespace gemini::live::base {

using time_point = std::chrono::steady_clock::time_point;

/// `wait` after `when`, or the latest representable time if that is earlier. A negative wait counts
/// as zero.
[[nodiscard]] constexpr time_point later(time_point when, std::chrono::milliseconds wait) noexcept
{
    const auto most = std::chrono::floor<std::chrono::milliseconds>(time_point::max() - when);
    return wait < most ? when + std::max(wait, std::chrono::milliseconds{0}) : time_point::max();
}

} // namespace gemini::live::base
