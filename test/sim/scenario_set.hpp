// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/scenario.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace sim {

/// Scenarios by number, from 1.
struct scenario_set {
    std::string_view singular; ///< Name of one scenario, as an option.
    std::string_view plural;   ///< Name of several, as an option.
    std::uint64_t size;        ///< Number of scenarios; 0: unlimited.
    bool has_all_faults;       ///< In a large number, every kind of fault takes effect.
    scenario (*draw)(std::uint64_t number);
};

/// - seeds: random scenarios.
/// - cuts: one conversation, cut once after each message, in each way and mode of resumption; with
///   transparent resumption also twice, after each pair of messages.
/// - days: 24 hours with goAway every ten minutes.
/// - interruptions: one conversation in which the user cancels a call, or closes or destroys the
///   session, once after each step of a coroutine.
[[nodiscard]] std::span<const scenario_set> scenario_sets() noexcept;

} // namespace sim
