// SPDX-License-Identifier: Apache-2.0
/// Tests of whole conversations in one thread, without sockets and without waiting.
#pragma once

#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/within.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live::testing {

/// What a `virtual_time` begins with.
struct virtual_time_options {
    /// Determines every random number, such as the waits between attempts to connect.
    std::uint64_t seed = 1;
    /// The time of day at the beginning. Absent: the system's.
    std::optional<std::chrono::system_clock::time_point> wall_clock{};
    gcc12_guard<virtual_time_options> guard{}; ///< Not to be touched.
};

/// Puts virtual time, and a network in memory, in the place of clocks and sockets on an execution
/// context:
///
///     asio::io_context io;
///     live::testing::virtual_time time(io);
///     live::testing::emulator emulator(io, options);
///     live::client client(io, {.credentials = live::api_key("any"), .base_url = emulator.url()});
///     live::testing::run(io, ten_minutes_of_conversation(client), 15min);
///
/// Clients, emulators and `fake_google` of this context then talk to one another in memory; nothing
/// else can be reached. All their waits, `live::sleep_for`, `live::within` and
/// `emulator_options::pace` follow one clock, which moves to the next wait's end when nothing is
/// left to run. The same test does the same every time, message for message. Without this object
/// the same test runs on sockets, in real time; docs/virtual_time.md lists the differences.
///
/// Make it before anything else uses the context, and run the context by `testing::run`. What it
/// puts in place stays until the context is destroyed.
///
/// Threads: the one that runs the context. Other threads, sockets of your own and timers of Asio
/// are not part of virtual time: nothing waits for them.
class virtual_time {
public:
    /// Throws errc::misuse for a context that has virtual time already.
    explicit virtual_time(asio::io_context& io, virtual_time_options options = {});

    /// Returns the present time, on the clock of `live::sleep_for`.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept;
    /// Returns the time since the beginning.
    [[nodiscard]] std::chrono::milliseconds elapsed() const noexcept;
    /// Returns the time of day, for `emulator_options::clock` and `resumption_clock`.
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const;

    /// Holds up everything on the network, in both directions, as when the server's machine or the
    /// network is down: pings stay unanswered, and requests wait. What is sent meanwhile arrives
    /// after `thaw()`, unless its connection has been given up.
    void freeze();
    /// Lets the network go on.
    void thaw();

private:
    class [[gnu::visibility("hidden")]] impl;
    std::shared_ptr<impl> impl_;
};

namespace detail {

void run(asio::io_context& io, asio::awaitable<void> work, std::chrono::milliseconds limit);

} // namespace detail

/// Runs `io` until `work` has ended, and returns its result. Other work on `io` is left as it is,
/// and continues in the next call. With a `virtual_time`, `limit` is virtual too.
///
/// Throws what `work` throws. Throws errc::timed_out if `work` has not ended within `limit`, or, in
/// virtual time, waits for something that can no longer come. The error says what was still
/// waiting, and what crossed the open connections last. Before that, `work` is canceled
/// (`cancellation_type::terminal`), and what is then ready runs.
///
/// Call it on the only thread that runs `io`, and not from within `io`.
template <class T>
T run(asio::io_context& io, asio::awaitable<T> work,
    std::chrono::milliseconds limit = std::chrono::minutes(1))
{
    using outcomes = std::tuple<live::detail::raced_outcome<T>>;
    const auto outcome = std::make_shared<outcomes>();
    detail::run(io, live::detail::await_into<0>(outcome, std::move(work)), limit);
    auto& [only] = *outcome;
    if (only.failure) std::rethrow_exception(only.failure);
    if constexpr (!std::is_void_v<T>) return std::move(*only.value);
}

} // namespace gemini::live::testing
#pragma GCC visibility pop
