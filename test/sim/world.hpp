// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/plan.hpp"

#include "transport/transport.hpp"

#include <gemini/live/session.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sim {

/// Planted bugs, between the session and the world; each is absent by default.
struct mutation {
    std::function<void(gemini::live::client_options&)> options{};
    std::function<double(double)> random{};
    std::function<std::unique_ptr<gemini::live::transport::connection>(
        std::unique_ptr<gemini::live::transport::connection>, int number)>
        connection{};
};

struct outcome {
    std::vector<std::string> violations{};
    std::vector<std::string> story{};
    std::array<std::uint64_t, troubles> fired{};
    std::uint64_t events = 0;
    std::uint64_t sends = 0;
    std::uint64_t connections = 0;
};

/// One life of one session. `traces`: with the story.
[[nodiscard]] outcome play(const plan& all, bool traces = false, const mutation& planted = {});

} // namespace sim
