// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libwebsockets.h>
#include <sys/resource.h>
#include <uv.h>

#include <cstddef>
#include <memory>

namespace gemini::live::transport {

/// In seconds. All deadlines are ours: lws's must never come first.
inline constexpr int far_away = 7 * 24 * 3600;

/// An lws context on a libuv loop of ours. Contexts are never destroyed, but kept for whoever wants
/// one next: lws 4.1.6 closes a context's descriptor twice, which in a program with other threads
/// may be somebody else's by then, and creation costs a millisecond or two.
class lws_loop {
public:
    lws_loop();
    lws_loop(const lws_loop&) = delete;
    lws_loop& operator=(const lws_loop&) = delete;
    ~lws_loop();

    /// One without connections and virtual hosts. From any thread. Throws `live::error` with
    /// errc::event_loop_unavailable.
    [[nodiscard]] static std::unique_ptr<lws_loop> take();
    /// Keeps one that has neither connections nor virtual hosts any more.
    static void give_back(std::unique_ptr<lws_loop> loop);

    /// At once and without a word.
    void end_connections() noexcept;

    [[nodiscard]] lws_context* context() const noexcept { return context_; }
    [[nodiscard]] uv_loop_t* uv() noexcept { return &loop_; }
    /// How many connections lws can take.
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Lets libuv work as far as it can without waiting, at least twice: the second round takes up
    /// what callbacks of the first have asked for.
    void turn(int most_rounds) noexcept;

private:
    uv_loop_t loop_{};
    lws_context* context_ = nullptr;
    uv_handle_t* event_pipe_ = nullptr;
    rlim_t open_files_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace gemini::live::transport
