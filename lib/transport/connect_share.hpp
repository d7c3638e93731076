// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_handshake_test.cpp
#pragma once

#include <algorithm>
#include <chrono>

namespace gemini::live::transport {

/// How long one address of a host may take to answer, once `spent` has passed of the limit for all
/// of its addresses. Zero means no limit, both as the result and as `limit`.
[[nodiscard]] constexpr std::chrono::milliseconds share_of(
    std::chrono::milliseconds limit, std::chrono::nanoseconds spent, bool others_left) noexcept
{
    using std::chrono::milliseconds;
    constexpr milliseconds one_of_several{2'500}; // no longer while there are others to try
    if (limit.count() == 0) return limit;
    const auto left = std::chrono::ceil<milliseconds>(limit - spent);
    const auto at_least_one_ms = std::max(left, milliseconds(1));
    return others_left ? std::min(at_least_one_ms, one_of_several) : at_least_one_ms;
}

} // namespace gemini::live::transport
