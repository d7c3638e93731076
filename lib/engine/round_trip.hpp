// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace gemini::live::engine {

/// How long a message and what answers it are under way, on one connection. Pure.
class round_trip {
public:
    using duration = std::chrono::nanoseconds;

    /// What an answer took, the setup's among them: a round trip takes no longer.
    void at_most(duration took) noexcept { bound_ = std::min(bound_, took); }
    /// Of a ping. A slow one counts at once, fast ones gradually.
    void measured(duration took) noexcept
    {
        measured_ = std::max(took, measured_ ? (*measured_ * 7 + took) / 8 : took);
    }

    /// What was written less than this before a message of the server's came may not have been
    /// heard when the server made it.
    [[nodiscard]] duration window() const noexcept
    {
        const auto wide = std::min<duration>(margin * measured_.value_or(bound_), most);
        return measured_ ? std::max<duration>(wide, least) : wide;
    }

private:
    static constexpr int margin = 2; ///< Behind who answers pings there is more of a way.
    static constexpr std::chrono::milliseconds least{20};
    static constexpr std::chrono::seconds most{10};

    duration bound_ = std::chrono::milliseconds(500); ///< Before anything has been measured.
    std::optional<duration> measured_{};
};

} // namespace gemini::live::engine
