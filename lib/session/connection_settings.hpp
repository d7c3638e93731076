// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/reconnect_hooks_test.cpp
#pragma once

#include "base/buffer.hpp"
#include "protocol/endpoint.hpp"
#include "session/client_core.hpp"

#include <gemini/live/reconnect.hpp>
#include <gemini/live/session_event.hpp>
#include <gemini/live/setup.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace gemini::live {

/// How the next connection of a session opens: its setup and base URL, as the user's hook has left
/// them.
class connection_settings {
public:
    explicit connection_settings(std::shared_ptr<const live::setup> setup);
    ~connection_settings();

    /// What the hook wants.
    struct decision {
        std::chrono::milliseconds delay{0};
        std::string handle;           ///< Resume with this one; empty: with the newest.
        bool leads_elsewhere = false; ///< To another base URL.
    };
    /// Calls `client_options::on_reconnecting` and keeps its setup and base URL. Throws what the
    /// hook throws, `change.cause` if it stops the session, and errc::invalid_argument if its setup
    /// cannot be sent.
    [[nodiscard]] asio::awaitable<decision> decide(
        const status_change& change, failure_context when, client_core& client);

    /// Returns the setup as a frame. `as_history`: the client content that follows is history.
    [[nodiscard]] base::frame encode_setup(
        const std::string& handle, bool as_history, const protocol::addressing& address) const;
    /// Empty: `client_options::base_url`.
    [[nodiscard]] const std::string& base_url() const noexcept { return base_url_; }

private:
    std::shared_ptr<const live::setup> setup_; // the session's own until the hook changes it
    std::string base_url_;
};

} // namespace gemini::live
