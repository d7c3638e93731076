// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <utility>

namespace chat {

/// The meaning of Ctrl-C: it stops an answer, else drops the typed line; twice in a row, with no
/// other key in between, it quits. Pure.
class ctrl_c {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds twice_within{2};

    enum class meaning { stop, drop_line, leave };

    /// `touched`: another key has been pressed since the last time.
    meaning press(time_point now, bool touched, bool can_stop)
    {
        if (touched) before_.reset();
        const auto before = std::exchange(before_, now);
        if (before && now - *before < twice_within) return meaning::leave;
        return can_stop ? meaning::stop : meaning::drop_line;
    }

private:
    std::optional<time_point> before_{};
};

} // namespace chat
