// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <gemini/live/reconnect.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace gemini::live::engine {

/// Decides when to leave a connection that the server is going to end. Pure.
class handover {
public:
    explicit handover(handover_policy policy) noexcept : policy_(policy) {}

    /// Call when goAway has arrived. If a connection gets several, the earliest end counts.
    void announced(base::time_point now, std::chrono::nanoseconds time_left) noexcept
    {
        using std::chrono::milliseconds;
        const auto left = std::chrono::duration_cast<milliseconds>(
            std::clamp<std::chrono::nanoseconds>(time_left, milliseconds{0}, longest_time_left));
        if (end_ && *end_ <= now + left) return;
        end_ = now + left;
        deadline_ = *end_ - std::min(policy_.margin, left / 2);
    }
    /// Plans the new connection for `when`, but no earlier than the server has asked for.
    void plan_dial(base::time_point when) noexcept { next_dial_ = std::max(when, not_before_); }
    /// Call when the new connection is being dialed.
    void dialed() noexcept { next_dial_.reset(); }
    /// Call when the new connection could not be made; the next one is made no earlier than this.
    void dial_failed(base::time_point not_before) noexcept { not_before_ = not_before; }
    /// Call when the new connection cannot be made.
    void give_up() noexcept { is_given_up_ = true; }
    /// Call when the connection has ended or has been left.
    void over() noexcept { *this = handover(policy_); }

    [[nodiscard]] bool is_announced() const noexcept { return end_.has_value(); }
    [[nodiscard]] bool is_expected() const noexcept
    {
        return is_announced() && policy_.enabled && !is_given_up_;
    }
    /// The latest time to leave the connection. Valid while `is_expected()`.
    [[nodiscard]] base::time_point deadline() const noexcept { return deadline_; }
    /// When the server ends the connection. Valid while `is_expected()`.
    [[nodiscard]] base::time_point end() const noexcept { return *end_; }
    /// When to dial the new connection; nullopt when that is not planned.
    [[nodiscard]] std::optional<base::time_point> next_dial() const noexcept { return next_dial_; }
    [[nodiscard]] bool overlaps() const noexcept { return policy_.overlap; }

private:
    /// No connection of the service lives longer.
    static constexpr std::chrono::minutes longest_time_left{10};

    handover_policy policy_;
    std::optional<base::time_point> end_{};
    base::time_point deadline_{};
    std::optional<base::time_point> next_dial_{};
    base::time_point not_before_{};
    bool is_given_up_ = false;
};

} // namespace gemini::live::engine
