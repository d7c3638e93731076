// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/clock.hpp"
#include "base/exported.hpp"

#include <asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace gemini::live::async {

/// Calls `ring` on `executor` at `when`, unless the alarm is destroyed first. What it throws is
/// dropped. It may outlive its execution context. Threads: the executor's.
class GEMINI_LIVE_FOR_EMULATOR alarm {
public:
    alarm(asio::any_io_executor executor, const std::shared_ptr<clock>& clock,
        base::time_point when, std::function<void()> ring);
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    ~alarm();

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace gemini::live::async
