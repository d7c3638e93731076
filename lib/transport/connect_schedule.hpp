// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <gemini/live/error.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace gemini::live::transport {

/// Decides when which of a host's addresses is tried (RFC 8305): the first at once, each further
/// one 250 ms after the one before it, or as soon as an attempt has failed. Pure: time is passed
/// in.
class connect_schedule {
public:
    static constexpr std::chrono::milliseconds delay{250};

    /// `limit` is for all addresses together; zero: none.
    connect_schedule(
        std::size_t addresses, std::chrono::milliseconds limit, base::time_point now) noexcept;

    /// When to try the next address; nothing if no further one will be tried.
    [[nodiscard]] std::optional<base::time_point> next() const noexcept;
    /// Returns which address is tried now. Call when `next()` is due.
    std::size_t begin(base::time_point now) noexcept;
    /// How long an attempt that begins now may take; zero: no limit.
    [[nodiscard]] std::chrono::milliseconds time_left(base::time_point now) const noexcept;
    /// Call when an attempt has failed.
    void failed(const error& why, base::time_point now);

    /// Whether all attempts have failed and no further one will be made.
    [[nodiscard]] bool over() const noexcept { return failed_ == begun_ && !next(); }
    /// The error to report once it is over: that of an address that did not answer, rather than of
    /// one that nothing leads to, which many hosts have.
    [[nodiscard]] error why() const;

private:
    std::size_t addresses_;
    std::size_t begun_ = 0;
    std::size_t failed_ = 0;
    base::time_point next_;
    base::time_point end_;
    std::optional<error> why_;
};

} // namespace gemini::live::transport
