// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/async/alarm_test.cpp, test/unit/session/session_group_test.cpp
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>

#include <exception>
#include <functional>

namespace gemini::live::async {

// asio::co_spawn and asio::post, instantiated once: each of their instantiations takes the compiler
// most of a second.

/// Runs `work` on the executor. `done` receives what it threw, or null.
void spawn(const asio::any_io_executor& executor, asio::awaitable<void> work,
    std::function<void(std::exception_ptr)> done = {}, asio::cancellation_slot stop = {});

/// Runs `work` on another executor than the awaiting coroutine's, to which it returns.
/// Cancellation: `work` is canceled, also by `stop`; throws what it throws.
[[nodiscard]] asio::awaitable<void> run_on(
    asio::any_io_executor executor, asio::awaitable<void> work, asio::cancellation_slot stop = {});

/// Lets everything else that is ready on the executor run first.
[[nodiscard]] asio::awaitable<void> yield();

void post(const asio::any_io_executor& executor, std::function<void()> work);

} // namespace gemini::live::async
