// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace test {

/// The system calls of a program on its sockets and events.
enum class system_call { socket, connect, send, recv, read, write, epoll_wait };

/// A failure that is not an error: only one byte is written.
inline constexpr int short_write = -1;
/// A failure that is not an error: the read sees that the other side has ended.
inline constexpr int end_of_stream = 0;

/// While it lives, a call of this thread fails. One at a time; calls on other than sockets succeed.
class failing_call {
public:
    /// The `nth` call, counted from 1, fails with an errno or one of the above; with `for_ever`, so
    /// do all later ones.
    failing_call(system_call which, int error, int nth, bool for_ever = false);
    failing_call(const failing_call&) = delete;
    failing_call& operator=(const failing_call&) = delete;
    ~failing_call();

    /// Number of these calls so far.
    [[nodiscard]] int calls() const noexcept { return calls_; }
    [[nodiscard]] int struck() const noexcept { return struck_; }

    /// Counts a call; returns its error if it is to fail.
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
