// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/client.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/restart_policy.hpp>
#include <gemini/live/session.hpp>
#include <gemini/live/session_limits.hpp>

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

#pragma GCC visibility push(default)
namespace gemini::live {

/// What happened to a session of a group. The first event is `started` or `failed`, the last one
/// `ended`. A session that is stopped before it has connected has only `ended`.
struct group_event {
    /// The kinds of events.
    enum class kind {
        started,   ///< The session has connected; its handler begins.
        restarted, ///< The session has connected again; its handler begins again.
        failed,    ///< The session could not connect, or its handler has thrown `cause`.
        ended,     ///< The session has ended for good; its name is free.
    };
    /// Why a session has ended.
    enum class ending {
        returned,   ///< Its handler has returned, and the policy does not restart it.
        failed,     ///< It has failed with `cause`, and the policy does not restart it.
        stopped,    ///< By `session_group::stop` or `shutdown`.
        idle_limit, ///< `session_limits::idle`.
        time_limit, ///< `session_limits::total`.
        turn_limit, ///< `session_limits::turns`.
    };
    kind what = kind::started;  ///< What happened.
    std::string name{};         ///< The session's name in the group.
    int restarts = 0;           ///< Number of restarts so far.
    std::exception_ptr cause{}; ///< Why: of `failed`, and of an `ended` that a failure led to.
    /// Of `failed`: the wait before the restart; absent: there is none.
    std::optional<std::chrono::milliseconds> restart_in{};
    std::optional<ending> how{}; ///< Of `ended`: why.
};
[[nodiscard]] const char* to_string(group_event::kind) noexcept;
[[nodiscard]] const char* to_string(group_event::ending) noexcept;

/// When `session_group::stop` and `shutdown` close a session.
enum class stop_mode {
    at_once,    ///< When what waits has been sent, also in the middle of a turn.
    after_turn, ///< When the present turn is over, as `session_ref::close_after_turn` does.
};

/// Options of a session_group. Every member has a default.
struct session_group_options {
    std::optional<std::size_t> max_sessions = 1'000; ///< 1 or more; absent: no limit.
    /// Number of sessions that may connect at a time; others wait. 1 or more; absent: no limit.
    std::optional<std::size_t> connecting = 16;
    restart_policy restart{}; ///< For sessions that are started without a policy of their own.
    session_limits limits{};  ///< For sessions that are started without limits of their own.
    /// Called on the client's executor, one call at a time. Must not throw.
    std::function<void(const group_event&)> on_event{};
    gcc12_guard<session_group_options> guard{}; ///< Do not touch.
};

/// What a group does with a connected session. When it returns, the session is closed. It is kept
/// as long as its session and called again for a restart, so it may be a lambda with captures.
using session_handler = std::function<asio::awaitable<void>(session&)>;

/// Sessions of one client by name, for servers. Starts, finds, restarts and ends them:
///
///     group.start("caller 7", {.model = "gemini-3.8-live"}, &converse);
///
/// Threads: all functions may be called from any thread, also at once. Handlers run on the given
/// executor, each on a strand of its own.
/// Lifetime: destroying the group drops its sessions at once: connections are cut and handlers
/// canceled (`terminal`). No event is reported any more.
class session_group {
public:
    /// Runs handlers on `executor`. Throws errc::invalid_argument for options out of their range.
    session_group(
        asio::any_io_executor executor, const client& client, session_group_options options = {});
    /// Runs handlers on the executor of an execution context.
    template <execution_context Context>
    session_group(Context& context, const client& client, session_group_options options = {})
        : session_group(asio::any_io_executor(context.get_executor()), client, std::move(options))
    {
    }
    session_group(session_group&&) noexcept;
    session_group& operator=(session_group&&) noexcept;
    ~session_group();

    /// Starts a session: returns at once, connects it when fewer than `connecting` others are
    /// connecting, and then runs its handler. `restart` replaces the group's policy, and `limits`
    /// its limits. Throws
    /// errc::misuse if the group has a session of this name, errc::quota_exceeded beyond
    /// `max_sessions`, errc::closed after `shutdown`, and errc::invalid_argument for a setup that
    /// can never be accepted, and for a policy or limits out of their range.
    void start(std::string name, live::setup setup, session_handler handler,
        std::optional<restart_policy> restart = std::nullopt,
        std::optional<session_limits> limits = std::nullopt);

    /// The session of this name while its handler runs; null if there is none. Do not keep it
    /// longer than needed: a restart makes a new session.
    [[nodiscard]] std::shared_ptr<session> find(std::string_view name) const;

    /// Names of all sessions that have not ended, sorted. Includes those that wait to connect or to
    /// restart.
    [[nodiscard]] std::vector<std::string> names() const;
    /// Number of sessions that have not ended.
    [[nodiscard]] std::size_t size() const;
    /// What all of the group's sessions have done together, also those that have ended or been
    /// dropped.
    [[nodiscard]] session_counters counters() const;

    /// Waits until the group has no sessions.
    ///
    /// Completion: when all sessions have ended, also those that are started meanwhile. At once if
    /// there are none.
    /// Errors: none.
    /// Cancellation: ends the wait.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> wait();

    /// Ends a session: sends what waits, closes the session (see `stop_mode`), and lets its handler
    /// read the end of the stream. What has not ended within `deadline` is dropped: the connection
    /// is cut and the handler canceled (`terminal`). Returns false if there is no session of this
    /// name. A handler must not stop its own session; it returns instead. Stopped again with
    /// `at_once`, a session does not wait for the end of its turn any longer.
    ///
    /// Completion: when the session has ended, at `deadline` at the latest. A handler that ignores
    /// its cancellation runs on, and its name stays in use until it ends.
    /// Errors: none.
    /// Cancellation: ends the wait. The session ends nevertheless.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<bool> stop(std::string name,
        std::chrono::milliseconds deadline = std::chrono::seconds(5),
        stop_mode mode = stop_mode::at_once);

    /// Ends all sessions at once, each as `stop` does, and accepts no new ones. Returns how many
    /// had to be dropped. Idempotent.
    ///
    /// Completion: when all sessions have ended, at `deadline` at the latest. A handler that
    /// ignores its cancellation runs on.
    /// Errors: none.
    /// Cancellation: ends the wait. The sessions end nevertheless.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<std::size_t> shutdown(
        std::chrono::milliseconds deadline, stop_mode mode = stop_mode::at_once);

private:
    class [[gnu::visibility("hidden")]] impl;
    std::shared_ptr<impl> impl_;
};

} // namespace gemini::live
#pragma GCC visibility pop
