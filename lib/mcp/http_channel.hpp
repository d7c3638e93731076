// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/clock.hpp"
#include "mcp/channel.hpp"
#include "transport/transport.hpp"

#include <gemini/live/mcp.hpp>

#include <cstddef>
#include <memory>

namespace gemini::live::mcp {

/// Makes channels by "streamable HTTP": each message is a POST, and what answers it, one JSON text
/// or a stream of events, holds the answer. An answer whose stream broke off is asked for again,
/// where the server numbers its events. Throws errc::invalid_argument for a server that cannot be
/// reached this way.
[[nodiscard]] channel_maker http_channels(std::shared_ptr<transport::connector> connector,
    std::shared_ptr<async::clock> clock, http_server server, std::size_t max_message);

} // namespace gemini::live::mcp
