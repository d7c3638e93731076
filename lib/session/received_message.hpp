// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_test.cpp, test/unit/session/bounds_test.cpp
#pragma once

#include "engine/session_fsm.hpp"
#include "transport/transport.hpp"

#include <gemini/live/client.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/session_event.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

namespace gemini::live {

/// Number of messages read before everything else on the executor gets a turn.
inline constexpr std::size_t messages_per_turn = 64;

/// A received message, decoded.
struct received_message {
    std::variant<server_message, malformed_message> what;
    std::size_t size;
    engine::session_fsm::signs with;
};

/// Decodes a message. Throws an error if the connection cannot continue after it: the message is
/// too big, or `client_options::malformed` does not tolerate it.
[[nodiscard]] received_message decode(transport::message received, const client_options& options);

/// Returns everything up to setupComplete. Nobody reads it before that, so it has its own limit.
/// Throws the error with which the server refused the setup.
[[nodiscard]] asio::awaitable<std::vector<received_message>> await_setup_complete(
    std::shared_ptr<transport::connection> link, const client_options& options);

} // namespace gemini::live
