// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace gemini::live {

/// How a session comes back after it has lost its connection. The wait before attempt n is drawn
/// evenly from [0, min(max_delay, first_delay × factor^(n-1))] (full jitter), and is never shorter
/// than the server's Retry-After.
struct reconnect_policy {
    bool enabled = true;
    std::chrono::milliseconds first_delay{500};
    double factor = 2.0; ///< 1 or more.
    std::chrono::milliseconds max_delay{30'000};
    int max_attempts = 10;          ///< In a row; 0: no limit.
    int first_connect_attempts = 3; ///< The first connection's own limit; 1: fail at once.
    std::chrono::milliseconds healthy_after{
        30'000}; ///< The attempts start from 1 again once a connection has lived so long.
    std::chrono::milliseconds realtime_window{
        2'000}; ///< Audio and video older than this are dropped while there is no connection.
};

} // namespace gemini::live
