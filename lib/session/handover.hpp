// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session/clock.hpp"

#include <gemini/live/reconnect.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace gemini::live::sessions {

/// When to leave a connection that the server is going to end. Pure.
class handover {
public:
    explicit handover(handover_policy policy) noexcept : policy_(policy) {}

    /// goAway has come.
    void announced(time_point now, std::chrono::milliseconds time_left) noexcept
    {
        if (!policy_.enabled) return;
        const auto margin = std::min(policy_.margin, time_left / 2);
        deadline_ = now + time_left - margin;
        next_dial_ = now;
        dial_wait_ = first_dial_wait;
    }
    /// The new connection could not be made; the server may have asked for a wait.
    void dial_failed(time_point now, std::chrono::milliseconds at_least) noexcept
    {
        next_dial_ = now + std::max(dial_wait_, at_least);
        dial_wait_ *= 2;
    }
    /// The connection has gone, or been left.
    void over() noexcept { deadline_.reset(); }

    [[nodiscard]] bool is_expected() const noexcept { return deadline_.has_value(); }
    /// While it is expected: when to leave at the latest / when to dial.
    [[nodiscard]] time_point deadline() const noexcept { return *deadline_; }
    [[nodiscard]] time_point next_dial() const noexcept { return next_dial_; }
    [[nodiscard]] bool overlaps() const noexcept { return policy_.overlap; }

private:
    static constexpr std::chrono::milliseconds first_dial_wait{1'000};

    handover_policy policy_;
    std::optional<time_point> deadline_;
    time_point next_dial_{};
    std::chrono::milliseconds dial_wait_ = first_dial_wait;
};

} // namespace gemini::live::sessions
