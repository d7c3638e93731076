// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_test.cpp, test/unit/session/closing_test.cpp
#pragma once

#include "engine/limit_check.hpp"
#include "session/client_core.hpp"
#include "session/session_state.hpp"
#include "telemetry/metric_store.hpp"

#include <gemini/live/session.hpp>
#include <gemini/live/session_limits.hpp>

#include <asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live {

/// A session as the user's calls see it. Threads: any. The coroutines that work for it belong to
/// session_driver. The two share session_state, under its lock.
class session_core : public counter_source, public std::enable_shared_from_this<session_core> {
public:
    session_core(std::shared_ptr<client_core> client, live::setup setup,
        protocol::method method = protocol::method::generate_content, std::string name = {});

    /// Returns the messages to send first on every reconnection, for a service that keeps no state
    /// between connections. Set before the first call.
    std::function<std::vector<base::frame>()> restate{};

    using self_ptr = std::shared_ptr<session_core>;

    static asio::awaitable<void> connect(self_ptr self);
    /// `rest`: messages that follow at once. All are accepted, or none.
    static asio::awaitable<void> accept(
        self_ptr self, engine::outgoing message, std::vector<engine::outgoing> rest = {});
    /// Accepts the message that `make` returns. It is made at once, so that arguments need not
    /// outlive the call; what `make` throws is thrown when the result is awaited.
    template <class Make>
    static asio::awaitable<void> send(self_ptr self, Make make)
    {
        try {
            return accept(std::move(self), make());
        } catch (...) {
            return fail(std::current_exception());
        }
    }
    static asio::awaitable<void> send_tool_response(
        self_ptr self, std::vector<function_response> responses);
    static asio::awaitable<void> send_context_update(self_ptr self, context_update update);
    /// Returns the next `session_event`, or the next `server_message` alone.
    template <class Element>
    static asio::awaitable<std::optional<Element>> next(self_ptr self);
    static asio::awaitable<turn_result> next_turn(self_ptr self, turn_options options);
    static asio::awaitable<void> stop_speaking(self_ptr self);
    static asio::awaitable<void> drain(self_ptr self);
    static asio::awaitable<void> close(self_ptr self);
    static asio::awaitable<bool> close_after_turn(
        self_ptr self, std::chrono::milliseconds deadline);
    /// Completes when `limits` are reached, or the session has ended (`engine::limit::none`).
    /// `turns_before`: the turns of earlier sessions. Runs on the connector's executor.
    static asio::awaitable<engine::limit> reach(
        self_ptr self, session_limits limits, base::time_point started, std::uint64_t turns_before);
    /// Shows everything that is received to an observer too. Throws errc::misuse if there is one.
    void observe(const std::shared_ptr<session_observer>& observer);
    void forget_observer() noexcept { lock()->observer.reset(); }
    /// Ends the session because of an exception such as std::bad_alloc, which readers and senders
    /// then receive.
    void fail_with(std::exception_ptr why);
    /// Call when the owner has gone. Ends everything without waiting.
    void abandon() noexcept;

    [[nodiscard]] live::session_status status() const noexcept { return status_; }
    [[nodiscard]] const live::setup& setup() const noexcept { return *setup_; }
    [[nodiscard]] std::shared_ptr<const live::setup> shared_setup() const noexcept
    {
        return setup_;
    }
    [[nodiscard]] const model_quirks& quirks() const noexcept { return quirks_; }
    /// Whether the model awaits the response of the function with this name.
    [[nodiscard]] bool waits_for(const std::string& function)
    {
        return lock()->fsm.waits_for(function);
    }
    [[nodiscard]] bool validates() const noexcept { return client_->options.validate; }
    [[nodiscard]] live::backend backend() const noexcept { return client_->addressing().backend; }
    [[nodiscard]] bool keeps_history() { return lock()->fsm.keeps_history(); }
    /// Returns the message that makes a silent model go on.
    [[nodiscard]] engine::outgoing nudge() const;
    /// Returns the messages that stop the model, in sending order.
    [[nodiscard]] std::vector<engine::outgoing> stop_messages() const;
    [[nodiscard]] std::string resumption_handle() { return lock()->fsm.handle(); }
    [[nodiscard]] std::optional<usage_metadata> usage() { return lock()->fsm.usage(); }
    [[nodiscard]] live::session_counters counters() override { return lock()->counters(); }
    [[nodiscard]] bool records_turns() const noexcept { return records_turns_; }
    void playback_started();
    void playback_stopped();

    // What the driver needs.
    [[nodiscard]] const std::shared_ptr<client_core>& client() const noexcept { return client_; }
    [[nodiscard]] protocol::method method() const noexcept { return method_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] session_signals& signals() noexcept { return signals_; }
    [[nodiscard]] locked_state lock() { return {mutex_, state_}; }
    /// Closes the session if that is wanted and the present turn is over.
    void close_if_turn_is_over(session_state& state);

private:
    class ticket;
    class watcher;
    class turn_end_waiter;
    class turn_watcher;
    class reader_slot;

    void begin(session_state& state);
    void begin_turn(const turn_options& options);
    static void begin_close(session_state& state);
    static asio::awaitable<void> fail(std::exception_ptr failure);
    static asio::awaitable<void> until(
        self_ptr self, std::function<bool(const session_state&)> done);

    const std::shared_ptr<client_core> client_;
    const std::shared_ptr<const live::setup> setup_;
    const model_quirks quirks_;
    const protocol::method method_;
    const std::string name_; // of the conversation in the store
    const bool records_turns_;
    std::atomic<live::session_status> status_ = live::session_status::disconnected;
    std::atomic<bool> reading_ = false;
    session_signals signals_;
    std::mutex mutex_; // guards the state
    session_state state_;
};

} // namespace gemini::live
