// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <gemini/live/session.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace sim {

/// A bug planted between the session and the world, to see whether it is found. What is absent is
/// as it should be.
struct mutation {
    using message = gemini::live::transport::message;
    using batch = std::vector<gemini::live::base::frame>;

    /// The session is given other options than it is held to.
    std::function<void(gemini::live::client_options&)> options{};
    std::function<double(double)> random{};
    /// How long a wait takes.
    std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> sleep{};
    /// What a connection is given, in the place of what the session sends.
    std::function<void(batch&, int connection)> sent{};
    /// What the session is given, in the place of what a connection has received.
    std::function<std::vector<message>(message)> received{};
    std::function<gemini::live::error(const gemini::live::error&)> refused{};
    /// Pings go out before what they are to follow.
    bool pings_too_early = false;
    /// From this connection on, sends never come to an end; 0: none.
    int sleeps_from = 0;
    /// What is closed stays open.
    bool leaves_connections = false;
    /// Something goes on after the end.
    bool leaves_a_timer = false;
    /// How the user sees things.
    std::function<void(gemini::live::session_counters&)> counters{};
    using show = std::function<void(const gemini::live::session_event&)>;
    std::function<void(const gemini::live::session_event&, const show&)> event{};
};

/// `connector` with the bug before it.
[[nodiscard]] std::shared_ptr<gemini::live::transport::connector> mutated(
    std::shared_ptr<gemini::live::transport::connector> connector, const mutation& planted);

} // namespace sim
