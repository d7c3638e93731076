// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/scenario.hpp"

namespace sim {

/// In a quarter of the scenarios, replaces the faults by those that make two rare conditions
/// coincide, and puts the necessary actions before the others.
void add_coincidence(scenario& scenario);

[[nodiscard]] const char* name_of(coincidence) noexcept;

} // namespace sim
