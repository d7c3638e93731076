// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#pragma GCC visibility push(default)
namespace gemini::live {

/// When a group restarts a session.
enum class restart {
    never,      ///< Never.
    on_failure, ///< When its handler has thrown, or it could not connect.
    always,     ///< Also when its handler has returned.
};

/// What a group does when a session's handler has ended. The wait before a restart is uniformly
/// random in [0, min(max_delay, first_delay × factor^n)], where n is the number of restarts within
/// `window`.
struct restart_policy {
    /// When to restart. A session that has failed with one of the conditions `credentials`,
    /// `invalid_request`, `configuration` and `misuse` is not restarted: it would fail again.
    live::restart restart = live::restart::on_failure;
    /// Restarts within `window`; one more ends the session. 0 or more; absent: no limit.
    std::optional<int> max_restarts = 5;
    std::chrono::milliseconds window{60'000};     ///< The time in which restarts are counted.
    std::chrono::milliseconds first_delay{1'000}; ///< The longest wait before the first restart.
    double factor = 2.0;                          ///< Growth of the longest wait; 1 or more.
    std::chrono::milliseconds max_delay{30'000};  ///< Limit of the longest wait.
    /// A restarted session resumes the conversation if the service has sent a handle; the first one
    /// resumes that of its name in `client_options::resumption_store`. False: each begins a new
    /// conversation.
    bool resume = true;
};

} // namespace gemini::live
#pragma GCC visibility pop
