// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error_code.hpp>
#include <asio/experimental/concurrent_channel.hpp>
#include <asio/use_awaitable.hpp>

namespace gemini::live::transport {

/// An event that one coroutine awaits: `set()` from any thread lets the waiting, or the next, `wait()` pass once.
class wakeup {
public:
    explicit wakeup(const asio::any_io_executor& executor) : channel_(executor, 1) {}

    void set() { channel_.try_send(asio::error_code()); }

    /// Completes on the awaiting coroutine's executor, by post. Cancellation: total; keeps the event.
    [[nodiscard]] asio::awaitable<void> wait() { return channel_.async_receive(asio::use_awaitable); }

private:
    asio::experimental::concurrent_channel<void(asio::error_code)> channel_;
};

} // namespace gemini::live::transport
