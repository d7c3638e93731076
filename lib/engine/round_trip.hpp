// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/window_test.cpp
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace gemini::live::engine {

/// The time that a message and its answer take on one connection. Pure.
class round_trip {
public:
    using duration = std::chrono::nanoseconds;

    /// Call with the time that any answer took, including that to the setup: it bounds the round
    /// trip.
    void at_most(duration took) noexcept { bound_ = std::min(bound_, took); }
    /// Call with the round trip of a ping. A slow one counts at once, fast ones gradually.
    void measured(duration took) noexcept
    {
        measured_ = std::max(took, measured_ ? (*measured_ * 7 + took) / 8 : took);
    }

    /// When the server made a message, it may not have heard what was written less than this time
    /// before the message arrived.
    [[nodiscard]] duration window() const noexcept
    {
        const auto wide = std::min<duration>(margin * measured_.value_or(bound_), most);
        return measured_ ? std::max<duration>(wide, least) : wide;
    }

private:
    static constexpr int margin = 2; ///< The path continues past the host that answers pings.
    static constexpr std::chrono::milliseconds least{20};
    static constexpr std::chrono::seconds most{10};

    duration bound_ = std::chrono::milliseconds(500); ///< Used until something has been measured.
    std::optional<duration> measured_{};
};

} // namespace gemini::live::engine
