// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mcp/channel.hpp"

#include <gemini/live/mcp.hpp>

#include <cstddef>
#include <memory>

namespace gemini::live::mcp {

/// A channel to a child process, one message per line. Lines on its standard error go to the log.
[[nodiscard]] std::shared_ptr<channel> make_stdio_channel(const asio::any_io_executor& executor,
    channel_receiver receiver, stdio_server server, std::size_t max_message, live::logger logger);

} // namespace gemini::live::mcp
