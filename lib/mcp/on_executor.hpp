// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/mcp/stdio_channel_test.cpp
#pragma once

#include "async/spawn.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace gemini::live::mcp {

template <class T>
asio::awaitable<void> await_into(std::shared_ptr<std::optional<T>> result, asio::awaitable<T> work)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    result->emplace(co_await std::move(work));
}

/// As `async::run_on`, for work that returns something.
template <class T>
asio::awaitable<T> on_executor(asio::any_io_executor executor, asio::awaitable<T> work)
{
    const auto result = std::make_shared<std::optional<T>>();
    co_await async::run_on(std::move(executor), await_into(result, std::move(work)));
    co_return std::move(**result);
}

} // namespace gemini::live::mcp
