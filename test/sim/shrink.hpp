// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/plan.hpp"
#include "sim/world.hpp"

namespace sim {

/// Of a plan that breaks a promise: what is left when faults, and deeds of the user, are taken out
/// one by one as long as the same promise is broken.
[[nodiscard]] plan shrink(plan failing, const mutation& planted = {});

} // namespace sim
