// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/scenario.hpp"
#include "sim/simulation.hpp"

namespace sim {

/// Of a scenario that breaks a promise: what is left when faults, and deeds of the user, are taken
/// out one by one as long as the same promise is broken.
[[nodiscard]] scenario shrink(scenario failing, const mutation& planted = {});

} // namespace sim
