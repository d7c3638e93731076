// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>

namespace gemini::live::async {

/// An event that one coroutine awaits: `set()`, from any thread, lets the waiting or the next
/// `wait()` pass once.
class event {
public:
    event();
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    /// A waiting coroutine gets asio::error::operation_aborted.
    ~event();

    void set();

    /// As `set()`, but a coroutine that waits on the strand which the caller is on goes on within
    /// this call. To be called last: the coroutine may do anything.
    void set_and_run();

    /// Completes on the awaiting coroutine's executor, by post but for `set_and_run()`. One
    /// coroutine at a time, which is asserted. Cancellation: total; the event stays set for the
    /// next `wait()` when both happen at once.
    [[nodiscard]] asio::awaitable<void> wait();

private:
    enum class how { by_post, at_once };
    struct state;
    class registry;
    class waiter;
    template <class Handler>
    class waiter_of;
    std::shared_ptr<state> state_;
};

} // namespace gemini::live::async
