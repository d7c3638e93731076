// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/plan.hpp"

namespace sim {

/// In one of four plans, by a chance of its own: everything that makes two conditions meet, in the
/// place of the faults that were drawn and before what the user does.
void lay_pair(plan& all);

[[nodiscard]] const char* name_of(pair) noexcept;

} // namespace sim
