// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_test.cpp, test/unit/session/handover_test.cpp
#pragma once

#include "async/event.hpp"
#include "async/strand.hpp"
#include "session/connection_settings.hpp"
#include "session/received_message.hpp"
#include "session/session_core.hpp"
#include "transport/transport.hpp"

#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live {

class handle_keeper;

/// The coroutines that work for a session: they act, the engine decides. `run` connects, sets up,
/// changes connections and reconnects; `read_loop` reads one connection; `write_loop` sends what
/// waits whenever a connection is open. Threads: the connector's executor only.
class session_driver : public std::enable_shared_from_this<session_driver> {
public:
    explicit session_driver(std::shared_ptr<session_core> core);
    session_driver(const session_driver&) = delete;
    session_driver& operator=(const session_driver&) = delete;
    /// Closes a session whose coroutines have died with their execution context.
    ~session_driver();

    // Callable from any thread, once each. They cannot fail, and return before anything happens.
    void post_start() noexcept { post(to_start); }
    /// Ends the session in an orderly way: the server receives a Close.
    void post_close() noexcept { post(to_close); }
    /// Ends the session at once.
    void post_abort() noexcept { post(to_abort); }

private:
    enum order : unsigned { to_start = 1, to_close = 2, to_abort = 4 };
    using self_ptr = std::shared_ptr<session_driver>;
    using link_ptr = std::shared_ptr<transport::connection>;
    using ending_ptr = std::shared_ptr<std::exception_ptr>;

    void post(order what) noexcept;
    void obey();
    void start();
    void begin_close();
    void abort();
    static asio::awaitable<void> run(self_ptr self);
    static asio::awaitable<void> write_loop(self_ptr self);
    static asio::awaitable<void> read_loop(self_ptr self, link_ptr link, ending_ptr end);
    static asio::awaitable<void> dial_ahead(self_ptr self, link_ptr present);
    static asio::awaitable<void> say_goodbye(link_ptr link, std::uint16_t code);
    asio::awaitable<void> run_connection();
    asio::awaitable<link_ptr> dial();
    asio::awaitable<void> set_up(link_ptr link);
    asio::awaitable<link_ptr> serve(link_ptr link);
    asio::awaitable<std::optional<base::time_point>> recover(const error& failure);
    asio::awaitable<void> call_hook(status_change& change);

    [[nodiscard]] bool is_closing() { return core_->lock()->closing; }
    [[nodiscard]] std::uint64_t epoch() { return core_->lock()->fsm.epoch(); }
    [[nodiscard]] error without_secrets(const error& failure);
    [[nodiscard]] received_message decode_or_close(
        const link_ptr& link, transport::message received);
    [[nodiscard]] bool has_room(const link_ptr& link);
    void deliver(received_message received);
    void deliver(server_message message, std::size_t size, engine::session_fsm::signs with);
    void report_omitted(session_state& state, std::vector<omitted_member> omitted, bool in_turn);
    void ask_for_pong(const link_ptr& link);
    void close_link(link_ptr link, std::uint16_t code);
    void finish();
    void fail(std::exception_ptr why);

    const std::shared_ptr<session_core> core_;
    const std::shared_ptr<client_core> client_;
    session_signals& signals_; // the core's
    const std::shared_ptr<handle_keeper> keeper_;

    connection_settings settings_;
    link_ptr link_{};       // the present connection, from its upgrade on
    link_ptr spare_{};      // the one that is to follow after a goAway
    link_ptr last_link_{};  // the one that close() closes
    int closing_links_ = 0; // connections whose end the server has not confirmed yet
    bool has_run_ = false;
    bool dialing_ahead_ = false;
    std::atomic<unsigned> orders_ = 0; // that wait for `obey`
    async::member_call<session_driver> obey_{&session_driver::obey};
    asio::cancellation_signal stop_;
    asio::cancellation_signal stop_dialing_;
    async::event attention_; // set when the engine may want something else
};

} // namespace gemini::live
