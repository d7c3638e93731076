// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/call_oracle.hpp"
#include "sim/ledger.hpp"
#include "sim/mutation.hpp"
#include "sim/network.hpp"
#include "sim/oracle.hpp"
#include "sim/scenario.hpp"
#include "sim/server.hpp"
#include "sim/toolbox.hpp"

#include <gemini/live/session.hpp>

#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sim {

/// The parts of a run that the user needs.
struct environment {
    const sim::scenario& scenario;
    sim::ledger& ledger;
    virtual_clock& clock;
    sim::oracle& oracle;
    sim::call_oracle& call_oracle;
    sim::network& network;
    sim::server& server;
    asio::io_context& io;
    const mutation& planted;
};

/// The workload generator: a program that uses one session as the scenario describes. Sends, reads,
/// answers function calls, by hand or by a dispatcher, and closes.
class user {
public:
    user(environment env, const live::client& client);

    /// Runs until the session is destroyed and every call on it has returned.
    asio::awaitable<void> run();

    /// Applies an interruption.
    void interrupt(const interruption& how);

    /// Checks that nothing waits without a reason, and that no handler runs without one. Call it
    /// when nothing is ready to run.
    void check_quiet() const;

private:
    template <class Result>
    asio::awaitable<Result> interruptible(operation operation, asio::awaitable<Result> work);
    asio::awaitable<void> connect();
    asio::awaitable<void> perform_actions();
    asio::awaitable<void> perform(action next);
    asio::awaitable<void> send(message_kind kind, std::size_t size);
    asio::awaitable<void> send_as(int serial, std::size_t size, asio::awaitable<void> sending);
    asio::awaitable<void> send_and_cancel(action text);
    asio::awaitable<void> cancelable(int serial, std::size_t size);
    asio::awaitable<void> read_events();
    asio::awaitable<std::optional<live::session_event>> next(
        live::async_generator<live::session_event>& events);
    asio::awaitable<void> answer(std::vector<std::string> calls);
    asio::awaitable<void> await_recovery();
    asio::awaitable<void> close();
    void destroy();
    asio::awaitable<void> pause(milliseconds time);
    asio::awaitable<void> probe(int serial);

    template <class Done>
    asio::awaitable<bool> until(Done done, milliseconds at_most);
    void start(asio::awaitable<void> work);
    [[nodiscard]] bool ended() const;
    [[nodiscard]] live::session_counters counters() const;
    void show(const live::session_event& event);
    void show(const live::tool_event& event);

    void check_waiting() const;

    environment at_;
    std::optional<toolbox> tools_; // outlives the session
    std::unique_ptr<live::session> session_;
    struct pending {
        sim::operation operation;
        std::shared_ptr<asio::cancellation_signal> stop;
    };
    std::vector<pending> pending_;       // operations that can be canceled
    std::map<int, std::size_t> waiting_; // serial and size of each pending send
    time_point reader_resumes_at_{};     // in the past: the reader is reading
    int running_ = 0;                    // number of coroutines
    int canceled_reads_ = 0;
    bool acting_ = true; // perform_actions() is running
    bool reads_at_once_ = false;
    bool closing_ = false;     // close() was called
    bool reader_done_ = false; // the event stream has ended
};

} // namespace sim
