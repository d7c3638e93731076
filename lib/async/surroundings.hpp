// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/async/surroundings_test.cpp
#pragma once

#include "async/clock.hpp"
#include "base/exported.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/execution_context.hpp>

#include <functional>
#include <memory>

namespace gemini::live::async {

/// Where the coroutines of an execution context get time and chance from.
struct surroundings {
    std::shared_ptr<async::clock> clock;
    std::function<double()> random; ///< Uniformly distributed in [0, 1).
};

/// Returns those of the executor's context: a steady clock and unpredictable numbers, unless they
/// have been replaced. Threads: any.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] surroundings surroundings_of(
    const asio::any_io_executor& executor);

/// Replaces them, before anything else uses the context. They last until the context is destroyed.
/// Throws errc::misuse if they have been replaced before.
GEMINI_LIVE_FOR_EMULATOR void replace_surroundings(
    asio::execution_context& context, surroundings others);

} // namespace gemini::live::async
