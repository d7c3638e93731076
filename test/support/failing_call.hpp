// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace test {

/// What a program asks of the operating system about its sockets and events.
enum class system_call { socket, connect, send, recv, read, write, epoll_wait };

/// How a call fails that says nothing of it: it writes one byte only.
inline constexpr int short_write = -1;
/// It reads that the other side has ended.
inline constexpr int end_of_stream = 0;

/// While it lives, a call of this thread fails. One at a time; calls that are no sockets' succeed.
class failing_call {
public:
    /// The `nth` one, from 1, fails with an errno or one of the above; with `for_ever`, all those
    /// after it, too.
    failing_call(system_call which, int error, int nth, bool for_ever = false);
    failing_call(const failing_call&) = delete;
    failing_call& operator=(const failing_call&) = delete;
    ~failing_call();

    /// So many of these calls were made.
    [[nodiscard]] int calls() const noexcept { return calls_; }
    [[nodiscard]] int struck() const noexcept { return struck_; }

    /// Of the calls; the error of this one, if it is to fail.
    [[nodiscard]] const int* strike(system_call which) noexcept;

private:
    system_call which_;
    int error_;
    int nth_;
    bool for_ever_;
    int calls_ = 0;
    int struck_ = 0;
};

} // namespace test
