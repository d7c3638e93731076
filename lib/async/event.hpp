// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <asio/awaitable.hpp>

#include <memory>

namespace gemini::live::async {

/// An auto-reset event that one coroutine awaits: `set()`, from any thread, completes the pending
/// `wait()`, or else the next one. Waking allocates nothing on a `strand`, an `asio::io_context`
/// and an `asio::thread_pool`, and cannot fail.
class GEMINI_LIVE_FOR_EMULATOR event {
public:
    event();
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    /// A waiting coroutine gets asio::error::operation_aborted.
    ~event();

    void set() noexcept;

    /// Like `set()`, but a coroutine that waits on the caller's `strand` resumes within this call.
    /// Call it last, since the coroutine may do anything.
    void set_and_run();

    /// Completes on the awaiting coroutine's executor: at once if the event is set, else by post,
    /// except for `set_and_run()`. Only one coroutine may wait at a time; this is asserted. Throws
    /// std::bad_alloc before it waits. Cancellation: total; when both happen at once, the event
    /// stays set for the next `wait()`.
    [[nodiscard]] asio::awaitable<void> wait();

private:
    enum class how { by_post, at_once };
    class state;
    class waiter;
    class start_of_wait;
    std::shared_ptr<state> state_;
};

} // namespace gemini::live::async
