// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <gemini/live/session.hpp>
#include <gemini/live/tool_dispatcher.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace sim {

/// A bug planted between the session and its environment. Absent members change nothing.
struct mutation {
    using message = gemini::live::transport::message;
    using batch = std::vector<gemini::live::base::frame>;

    /// Alters the options of the session. The oracle checks against the original ones.
    std::function<void(gemini::live::client_options&)> options{};
    /// Alters the random numbers of the session.
    std::function<double(double)> random{};
    /// Alters the duration of each wait.
    std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> sleep{};
    /// Alters a batch that the session sends.
    std::function<void(batch&, int connection)> sent{};
    /// Replaces a message that the connection has received.
    std::function<std::vector<message>(message)> received{};
    /// Alters the error of a failed connect.
    std::function<gemini::live::error(const gemini::live::error&)> refused{};
    /// Each ping precedes the messages that it must follow.
    bool pings_before_send = false;
    /// From this connection on, sends never complete; 0: no connection.
    int sends_hang_from = 0;
    /// Connections are not closed.
    bool leaks_connections = false;
    /// A timer is left after the end.
    bool leaks_timer = false;
    /// Alter the counters and events that the oracle sees.
    std::function<void(gemini::live::session_counters&)> counters{};
    using show = std::function<void(const gemini::live::session_event&)>;
    std::function<void(const gemini::live::session_event&, const show&)> event{};
    /// Alters the options of the dispatcher. The oracle checks against the original ones.
    std::function<void(gemini::live::tool_dispatcher_options&)> tools{};
    /// Alters the events of the dispatcher that the oracle sees.
    using tell = std::function<void(const gemini::live::tool_event&)>;
    std::function<void(const gemini::live::tool_event&, const tell&)> tool_event{};
};

/// Returns `connector` with the bug in front of it.
[[nodiscard]] std::shared_ptr<gemini::live::transport::connector> mutated(
    std::shared_ptr<gemini::live::transport::connector> connector, const mutation& planted);

} // namespace sim
