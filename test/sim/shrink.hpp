// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/scenario.hpp"
#include "sim/simulation.hpp"

namespace sim {

/// Reduces a failing scenario: removes faults and actions while the same promise stays broken.
[[nodiscard]] scenario shrink(scenario failing, const mutation& planted = {});

} // namespace sim
