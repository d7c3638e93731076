// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/lws_runtime_test.cpp
#pragma once

#include <libwebsockets.h>
#include <sys/resource.h>
#include <uv.h>

#include <cstddef>
#include <memory>

namespace gemini::live::transport {

/// In seconds. All deadlines are ours: those of lws must never come first.
inline constexpr int far_away = 7 * 24 * 3600;

/// An lws context on a libuv loop of ours. Contexts are never destroyed but kept for the next user,
/// for two reasons. lws 4.1.6 closes a context's descriptor twice; in a program with other threads,
/// the second close may hit somebody else's. And creating one costs a millisecond or two.
class lws_loop {
public:
    lws_loop();
    lws_loop(const lws_loop&) = delete;
    lws_loop& operator=(const lws_loop&) = delete;
    ~lws_loop();

    /// Returns a loop without connections and virtual hosts. Callable from any thread. Throws
    /// `live::error` with errc::event_loop_unavailable.
    [[nodiscard]] static std::unique_ptr<lws_loop> take();
    /// Keeps a loop that no longer has connections or virtual hosts.
    static void give_back(std::unique_ptr<lws_loop> loop);

    /// Ends all connections at once, without a Close.
    void end_connections() noexcept;

    [[nodiscard]] lws_context* context() const noexcept { return context_; }
    [[nodiscard]] uv_loop_t* uv() noexcept { return &loop_; }
    /// The number of connections that lws can hold.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Lets libuv work as far as it can without waiting, for at least two rounds: the second
    /// handles what callbacks of the first have asked for.
    void turn(int most_rounds) noexcept;

private:
    uv_loop_t loop_{};
    lws_context* context_ = nullptr;
    uv_handle_t* event_pipe_ = nullptr;
    rlim_t open_files_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace gemini::live::transport
