// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/scenario.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace sim {

/// Worlds by number, from 1.
struct scenario_set {
    std::string_view one;  ///< What a single one is called.
    std::string_view many; ///< What several are called.
    std::uint64_t size;    ///< So many there are; 0: without end.
    bool complete;         ///< Of a large number, all kinds of fault are to be expected.
    scenario (*draw)(std::uint64_t number);
};

/// seeds: a world by chance. cuts: one conversation, cut once after each of its messages, in each
/// way and mode of resumption, and with transparent resumption twice, after each two. days: 24
/// hours with goAway every ten minutes. interruptions: one conversation in which the user cancels a
/// call, closes or destroys the session, once after each step of a coroutine.
[[nodiscard]] std::span<const scenario_set> scenario_sets() noexcept;

} // namespace sim
