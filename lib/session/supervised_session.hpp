// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_group_test.cpp
#pragma once

#include "async/semaphore.hpp"
#include "engine/limit_check.hpp"
#include "engine/restart_backoff.hpp"
#include "session/client_core.hpp"

#include <gemini/live/client.hpp>
#include <gemini/live/session.hpp>
#include <gemini/live/session_group.hpp>
#include <gemini/live/setup.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gemini::live {

/// What the sessions of a group have in common.
struct group_context {
    [[nodiscard]] const client_core& core() const noexcept;
    /// The client's executor.
    [[nodiscard]] asio::any_io_executor home() const;
    void report(const group_event& event) const;

    const asio::any_io_executor executor; ///< For handlers.
    const live::client client;
    const session_group_options options;
    const std::shared_ptr<async::semaphore> connecting; ///< Admits those that may connect.
    std::atomic<bool> is_watched = true;                ///< Otherwise events are not reported.
};

/// The counters of a session that has ended: it takes no memory any more.
[[nodiscard]] session_counters without_memory(session_counters counters) noexcept;

/// A session of a group with its handler. Connects it, runs the handler, and restarts both by the
/// policy; each restart makes a new session. A coroutine on the client's executor, `run`, does all
/// of this from start to end; only the handler runs elsewhere. Threads: the client's executor only,
/// except for the constructor, `name`, `find_open` and `counters`.
class supervised_session {
public:
    /// Throws errc::invalid_argument for a setup that can never be accepted.
    supervised_session(std::shared_ptr<const group_context> group, std::string name,
        live::setup setup, session_handler handler, const restart_policy& policy,
        const session_limits& limits);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Returns the session while its handler runs; null otherwise.
    [[nodiscard]] std::shared_ptr<live::session> find_open() const;
    [[nodiscard]] int restarts() const noexcept { return backoff_.restarts(); }
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
    /// Why it has ended, with what `run` returned.
    [[nodiscard]] group_event::ending ending(const std::exception_ptr& failure) const noexcept;
    /// What its sessions have done so far.
    [[nodiscard]] session_counters counters() const;

    /// Completes when the session has ended for good. Returns the failure that led to it; null if
    /// there was none.
    [[nodiscard]] static asio::awaitable<std::exception_ptr> run(
        std::shared_ptr<supervised_session> self);
    /// Ends the session in an orderly way: sends what waits, and closes it. There is no restart.
    void stop(stop_mode mode);
    /// Ends the session at once, and cancels its handler.
    void drop();

private:
    using self_ptr = std::shared_ptr<supervised_session>;
    struct tenure;
    using tenure_ptr = std::shared_ptr<tenure>;

    static asio::awaitable<void> live_once(
        self_ptr self, tenure_ptr present, std::chrono::milliseconds delay);
    static asio::awaitable<void> begin(
        self_ptr self, tenure_ptr present, std::chrono::milliseconds delay);
    static asio::awaitable<void> handle(self_ptr self, tenure_ptr present);
    static asio::awaitable<void> say_goodbye(tenure_ptr present);
    static asio::awaitable<void> close_after_turn(tenure_ptr present);
    static asio::awaitable<void> enforce_limits(self_ptr self, tenure_ptr present);
    [[nodiscard]] tenure_ptr make_tenure(live::setup setup) const;
    void open();
    void renew();
    [[nodiscard]] std::optional<std::chrono::milliseconds> restart_delay(
        const std::exception_ptr& failure, bool session_failed);

    const std::shared_ptr<const group_context> group_;
    const std::string name_;
    const live::setup setup_;
    const session_handler handler_;
    const bool resumes_;
    const session_limits limits_;
    engine::restart_backoff backoff_;
    /// Where the handler runs. It lives in the coroutine, which dies with its execution context.
    const asio::any_io_executor* strand_ = nullptr;
    bool is_stopping_ = false;
    bool stops_after_turn_ = false;
    bool has_ended_ = false;
    std::optional<base::time_point> started_{};
    engine::limit reached_ = engine::limit::none;

    mutable std::mutex mutex_; // guards what follows, and whether it is open
    tenure_ptr present_;
    session_counters of_the_past_; // of the sessions before it
};

} // namespace gemini::live
