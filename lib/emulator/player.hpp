// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/script.hpp"

#include <gemini/live/emulator.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gemini::live::emulation {

/// Does to a client what the steps say, and closes with 1000 behind them. Gives what the client did
/// not do that was expected, as a sentence that it was sent away with; empty when all went well or
/// the client left. The connection has ended when this returns. On `executor`, the peer's strand.
[[nodiscard]] asio::awaitable<std::string> play(asio::any_io_executor executor,
    std::shared_ptr<emulator_peer> peer, const std::vector<step>& steps);

} // namespace gemini::live::emulation
