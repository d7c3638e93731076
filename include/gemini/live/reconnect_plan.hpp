// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/reconnect.hpp>
#include <gemini/live/setup.hpp>

#include <chrono>
#include <string>

#pragma GCC visibility push(default)
namespace gemini::live {

/// What a session is about to do after a loss; see `client_options::on_reconnecting`.
struct reconnect_plan {
    error cause;                        ///< Why the last connection ended or could not be made.
    int attempt = 1;                    ///< Number of the coming attempt, from 1.
    std::chrono::milliseconds delay{0}; ///< The wait before the attempt.
    /// The setup of this and all later connections. Do not change the model. Its resumption handle
    /// is empty, which means the newest one; a handle that is put there replaces that. A setup that
    /// can never be accepted ends the session with errc::invalid_argument.
    live::setup setup;
    /// The base URL of this and all later connections. Empty: `client_options::base_url`.
    std::string base_url{};
    bool stop = false;      ///< True: the session ends with `cause`.
    failure_context when{}; ///< The circumstances of `cause`.
};

} // namespace gemini::live
#pragma GCC visibility pop
