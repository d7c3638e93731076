// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#pragma GCC visibility push(default)
namespace gemini::live {

/// When a group ends a session by itself. The session closes at the end of its present turn (see
/// `session_ref::close_after_turn`), and its handler reads the end of the stream.
struct session_limits {
    /// Time between turns in which neither side has said anything; zero: off. Audio counts only if
    /// the server reports that it has heard speech in it.
    std::chrono::milliseconds idle{0};
    std::chrono::milliseconds total{0}; ///< Time from `started`, with all restarts; zero: off.
    /// Turns of the model, with all restarts; 1 or more. Absent: no limit.
    std::optional<std::uint64_t> turns{};
    /// The time to end after a limit. What has not ended then is dropped: the connection is cut and
    /// the handler canceled. Above zero.
    std::chrono::milliseconds grace{10'000};
};

} // namespace gemini::live
#pragma GCC visibility pop
