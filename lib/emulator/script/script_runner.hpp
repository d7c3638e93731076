// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/script_test.cpp
#pragma once

#include "emulator/script/script.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulator {

/// How a client fared with a script.
struct performance {
    /// A sentence on what was expected of the client and what came instead, or "" if all went well.
    std::string failure{};
    bool was_sent_away = false; ///< Closed with 1008; otherwise the client left.
};

/// Executes the steps and then closes with 1000. `origin` names the source of the lines: "script".
/// The connection has ended when this returns. Runs on `executor`, the peer's strand.
[[nodiscard]] asio::awaitable<performance> play(asio::any_io_executor executor,
    std::shared_ptr<testing::emulator_peer> peer, const std::vector<step>& steps,
    std::string_view origin);

} // namespace gemini::live::emulator
