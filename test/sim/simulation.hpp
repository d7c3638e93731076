// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/mutation.hpp"
#include "sim/scenario.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sim {

/// What a run has found and counted.
struct run_result {
    std::vector<std::string> violations{};
    std::vector<std::string> trace{};
    std::array<std::uint64_t, fault_kinds> fault_counts{};
    std::uint64_t events = 0;
    std::uint64_t sends = 0;
    std::uint64_t connections = 0;
};

/// Runs one scenario from connect to destruction of the session. `traces`: fills `trace`.
[[nodiscard]] run_result simulate(
    const scenario& scenario, bool traces = false, const mutation& planted = {});

} // namespace sim
