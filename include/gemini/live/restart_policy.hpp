// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace gemini::live {

/// Which ends of a handler start its session again.
enum class restart {
    never,
    on_failure, ///< It has thrown, or the session could not be connected.
    always,     ///< Also when it has returned.
};

/// What a group does when a session's handler has ended. The wait before a restart is drawn evenly
/// from [0, min(max_delay, first_delay × factor^n)], where n restarts were within `window`.
struct restart_policy {
    live::restart restart = live::restart::on_failure;
    /// Within `window`; one more ends the session. Absent: no limit.
    std::optional<int> max_restarts = 5;
    std::chrono::milliseconds window{60'000};
    std::chrono::milliseconds first_delay{1'000};
    double factor = 2.0; ///< 1 or more.
    std::chrono::milliseconds max_delay{30'000};
    /// The new session goes on with the conversation where the service gave a handle, and the first
    /// with the one of its name in `client_options::resumption_store`; else each begins anew.
    bool resume = true;
};

} // namespace gemini::live
