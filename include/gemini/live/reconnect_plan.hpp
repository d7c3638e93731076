// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/reconnect.hpp>
#include <gemini/live/setup.hpp>

#include <chrono>
#include <string>

namespace gemini::live {

/// What a session is about to do after a loss; see `client_options::on_reconnecting`.
struct reconnect_plan {
    error cause;                        ///< Why the last connection ended, or could not be made.
    int attempt = 1;                    ///< The coming one, from 1.
    std::chrono::milliseconds delay{0}; ///< The wait before it.
    /// For this and all later connections. The model must stay. Its resumption handle is empty:
    /// the newest one is sent all the same; another one that is put there replaces it.
    live::setup setup;
    std::string base_url{}; ///< As `client_options::base_url`, for this and all later ones.
    bool stop = false;      ///< Gives up; the session ends with `cause`.
    failure_context when{}; ///< What had been going on when `cause` happened.
};

} // namespace gemini::live
