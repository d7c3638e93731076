// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/script/script.hpp"

#include <gemini/live/emulator.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulation {

/// How a script went with one client.
struct performance {
    /// What was expected of the client and what came instead, as a sentence; empty when all went
    /// well.
    std::string failure{};
    bool was_sent_away = false; ///< With 1008; otherwise it went by itself.
};

/// Does to a client what the steps say, and closes with 1000 behind them. `origin` is what the
/// lines are of: "script". The connection has ended when this returns. On `executor`, the peer's
/// strand.
[[nodiscard]] asio::awaitable<performance> play(asio::any_io_executor executor,
    std::shared_ptr<emulator_peer> peer, const std::vector<step>& steps, std::string_view origin);

} // namespace gemini::live::emulation
