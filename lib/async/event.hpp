// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>

namespace gemini::live::async {

/// An auto-reset event that one coroutine awaits: `set()`, from any thread, completes the pending
/// `wait()`, or else the next one.
class GEMINI_LIVE_FOR_EMULATOR event {
public:
    event();
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    /// A waiting coroutine gets asio::error::operation_aborted.
    ~event();

    void set();

    /// Like `set()`, but a coroutine that waits on the caller's strand resumes within this call.
    /// Call it last, since the coroutine may do anything.
    void set_and_run();

    /// Completes on the awaiting coroutine's executor, by post except for `set_and_run()`. Only one
    /// coroutine may wait at a time; this is asserted. Cancellation: total; when both happen at
    /// once, the event stays set for the next `wait()`.
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
