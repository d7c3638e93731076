// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/restart_policy.hpp>
#include <gemini/live/session.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live {

/// What happened to a session of a group. Each begins with `started` or `failed`, and has one
/// `ended`, the last.
struct group_event {
    enum class kind {
        started,   ///< Connected; the handler begins.
        restarted, ///< The same after a failure, or after an end with `restart::always`.
        failed,    ///< Could not be connected, or its handler has thrown `cause`.
        ended,     ///< For good: its name is free.
    };
    kind what = kind::started;
    std::string name{};
    int restarts = 0;           ///< So far.
    std::exception_ptr cause{}; ///< `failed`, and `ended` for that reason.
    /// The wait before it is started again; absent: it is not, or it has not ended.
    std::optional<std::chrono::milliseconds> restart_in{};
};
[[nodiscard]] const char* to_string(group_event::kind) noexcept;

struct session_group_options {
    std::optional<std::size_t> max_sessions = 1'000; ///< Absent: no limit.
    /// Sessions that are being connected at a time; others wait. 1 or more; absent: no limit.
    std::optional<std::size_t> connecting = 16;
    restart_policy restart{}; ///< Of sessions that are started without one of their own.
    /// Called on the client's executor, one at a time (a strand where that has several threads);
    /// must not throw.
    std::function<void(const group_event&)> on_event{};
    gcc12_guard<session_group_options> guard{}; ///< Not to be touched.
};

/// What a group does with a connected session. It is over when it returns; the session is closed
/// then. It is kept as long as its session, so it may be a lambda with captures, and is called
/// again for a restart.
using session_handler = std::function<asio::awaitable<void>(session&)>;

/// Sessions of one client by name, for servers: starts, finds, restarts and ends them.
///
///     group.start("caller 7", {.model = "gemini-3.8-live"}, &converse);
///
/// Threads: any, at once. Handlers run on the given executor, each on a strand of its own.
/// Lifetime: destroying the group drops what is left of it at once, see `shutdown`.
class session_group {
public:
    /// Throws errc::invalid_argument for options out of their range.
    session_group(
        asio::any_io_executor executor, const client& client, session_group_options options = {});
    template <execution_context Context>
    session_group(Context& context, const client& client, session_group_options options = {})
        : session_group(
              asio::any_io_executor(context.get_executor()), client, std::move(options))
    {
    }
    session_group(session_group&&) noexcept;
    session_group& operator=(session_group&&) noexcept;
    ~session_group();

    /// Connects a session when its turn has come, and runs its handler; returns at once. Throws
    /// errc::misuse when there is one of this name, errc::quota_exceeded beyond `max_sessions`,
    /// errc::closed after `shutdown`, errc::invalid_argument for a setup that can never be
    /// accepted.
    void start(std::string name, live::setup setup, session_handler handler,
        std::optional<restart_policy> restart = std::nullopt);

    /// The session whose handler runs; null when there is none of this name, or it is not connected
    /// for now. Hold it no longer than needed: a restart makes a new one.
    [[nodiscard]] std::shared_ptr<session> find(std::string_view name) const;

    /// Of all that have not ended, those that wait to be connected or restarted too; in order.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::size_t size() const;

    /// Ends one: what it was given to send is sent, it is closed, and its handler sees the end of
    /// the stream. What has not ended within `deadline` is dropped: connection cut, handler
    /// cancelled. False when there is none of this name. Cancellation: the waiting ends, not what
    /// was begun.
    [[nodiscard]] asio::awaitable<bool> stop(
        std::string name, std::chrono::milliseconds deadline = std::chrono::seconds(5));

    /// The same for all at once, and none can be started any more. Gives how many had to be
    /// dropped. Idempotent. Returns by the deadline whatever handlers do; one that does not end
    /// when it is cancelled runs on until it does.
    [[nodiscard]] asio::awaitable<std::size_t> shutdown(std::chrono::milliseconds deadline);

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace gemini::live
