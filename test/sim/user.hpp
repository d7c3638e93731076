// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/ledger.hpp"
#include "sim/mutation.hpp"
#include "sim/network.hpp"
#include "sim/oracle.hpp"
#include "sim/scenario.hpp"
#include "sim/server.hpp"

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

/// Everything around one session.
struct environment {
    const sim::scenario& scenario;
    ledger& book;
    virtual_clock& clock;
    sim::oracle& oracle;
    network& net;
    server& api;
    asio::io_context& io;
    const mutation& planted;
};

/// One user of one session: sends, reads, answers calls, closes, as the scenario has it.
class user {
public:
    user(environment around, const live::client& client);

    /// The whole life, until the session is gone and everybody has come home.
    asio::awaitable<void> live_on();

    void interrupt(const interruption& how);

    /// When nothing is left to be done at this time: whoever waits, waits for a reason.
    void check_waiting() const;

private:
    template <class Result>
    asio::awaitable<Result> interruptible(operation operation, asio::awaitable<Result> work);
    asio::awaitable<void> connect();
    asio::awaitable<void> talk();
    asio::awaitable<void> perform(action next);
    asio::awaitable<void> send(message_kind kind, std::size_t size);
    asio::awaitable<void> send_as(int serial, std::size_t size, asio::awaitable<void> sending);
    asio::awaitable<void> send_and_cancel(action text);
    asio::awaitable<void> cancellable(int serial, std::size_t size);
    asio::awaitable<void> listen();
    asio::awaitable<std::optional<live::session_event>> next(
        live::async_generator<live::session_event>& events);
    asio::awaitable<void> answer(std::vector<std::string> calls);
    asio::awaitable<void> see_it_out();
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

    environment at_;
    std::unique_ptr<live::session> session_;
    struct pending {
        sim::operation operation;
        std::shared_ptr<asio::cancellation_signal> stop;
    };
    std::vector<pending> pending_;       // what may be interrupted
    std::map<int, std::size_t> waiting_; // sends that have not come back, by serial: their size
    time_point reads_again_{};           // in the past: the reader reads
    int busy_ = 0;
    int tries_ = 0; // to read
    bool talking_ = true;
    bool hurries_ = false;
    bool closing_ = false; // has called close()
    bool over_ = false;    // the reader has seen the end
};

} // namespace sim
