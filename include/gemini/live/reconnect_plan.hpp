// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/error.hpp>
#include <gemini/live/setup.hpp>

#include <chrono>
#include <string>

namespace gemini::live {

/// What a session is about to do after a loss; see `reconnect_policy::on_reconnecting`.
struct reconnect_plan {
    error cause;                        ///< Why the last connection ended, or could not be made.
    int attempt = 1;                    ///< The coming one, from 1.
    std::chrono::milliseconds delay{0}; ///< The wait before it.
    live::setup setup;      ///< For this and all later connections. The model must stay.
    std::string base_url{}; ///< As `client_options::base_url`, for this and all later ones.
    bool stop = false;      ///< Gives up; the session ends with `cause`.
};

} // namespace gemini::live
