// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/mutation.hpp"
#include "sim/scenario.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sim {

struct run_result {
    std::vector<std::string> violations{};
    std::vector<std::string> story{};
    std::array<std::uint64_t, fault_kinds> fired{};
    std::uint64_t events = 0;
    std::uint64_t sends = 0;
    std::uint64_t connections = 0;
};

/// One life of one session. `traces`: with the story.
[[nodiscard]] run_result simulate(
    const scenario& scenario, bool traces = false, const mutation& planted = {});

} // namespace sim
