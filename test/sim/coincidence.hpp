// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/scenario.hpp"

namespace sim {

/// In one of four plans, by a chance of its own: everything that makes two conditions meet, in the
/// place of the faults that were drawn and before what the user does.
void add_coincidence(scenario& scenario);

[[nodiscard]] const char* name_of(coincidence) noexcept;

} // namespace sim
