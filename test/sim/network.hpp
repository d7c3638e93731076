// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/ledger.hpp"
#include "sim/rng.hpp"

#include "async/event.hpp"
#include "transport/transport.hpp"

#include <asio/any_io_executor.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sim {

namespace live = gemini::live;

class network;
class wire;
using wire_ptr = std::shared_ptr<wire>;

/// The server side of all connections. Each call is one event of the virtual clock.
class service {
public:
    service() = default;
    service(const service&) = delete;
    service& operator=(const service&) = delete;
    virtual ~service() = default;
    virtual void accepted(const wire_ptr& from) = 0;
    virtual void consumed(const wire_ptr& from, const client_message& message) = 0;
    /// The client has closed the connection, or the server has noticed its loss.
    virtual void disconnected(const wire_ptr& from) = 0;
    /// Applies a fault of the server.
    virtual void inject(const fault& one) = 0;
};

/// One simulated connection, with its messages in flight. The session has one end, as a
/// transport::connection. The server has the other end. Messages keep their order.
class wire : public std::enable_shared_from_this<wire> {
public:
    wire(network& net, int number) : number(number), net_(net) {}

    const int number;

    // The server's end ------------------------------------------------------------------------
    struct server_message {
        std::string text;
        int serial = 0;
        bool handle = false;
        bool content = false;
        bool call = false;
        bool complete = false;   ///< setupComplete
        bool refusal = false;    ///< Answers a setup with an error.
        std::int64_t index = -1; ///< lastConsumedClientMessageIndex
        ledger::meaning meaning = ledger::meaning::none;
        int asked = 0;           ///< Questions consumed on this connection before it was sent.
        std::uint64_t pongs = 0; ///< Pings answered before it arrived.
        std::chrono::nanoseconds round_trip{0};
        std::optional<milliseconds> time_left{}; ///< Of goAway, clamped to a plausible range.
        /// A function call in the message.
        struct function_call {
            std::string id;
            bool anew; ///< The server did not know it.
        };
        std::vector<function_call> calls{};
        std::vector<std::string> canceled{}; ///< Ids of function calls.
    };
    void server_send(server_message message);
    void server_close(int code, std::string reason);
    /// True until the server closes the connection or notices its loss.
    [[nodiscard]] bool is_server_open() const noexcept { return server_open_; }

    // The session's end -----------------------------------------------------------------------
    static asio::awaitable<void> send(wire_ptr self, std::vector<live::base::frame> batch);
    static asio::awaitable<live::transport::message> receive(wire_ptr self);
    static asio::awaitable<void> close(wire_ptr self, std::uint16_t code);
    void abort() noexcept;
    std::uint64_t ping();
    [[nodiscard]] bool is_open() const noexcept { return !end_; }

    // Faults ----------------------------------------------------------------------------------
    /// Ends the connection. The client notices after the messages in flight, or at once.
    void cut(bool in_flight_arrives, milliseconds until_noticed, const char* how);
    void go_half_open(milliseconds until_noticed);
    void stall(milliseconds duration);

private:
    friend class network;

    void answer_ping(std::uint64_t number, std::size_t behind, time_point asked);

    void finish(live::error why);
    void report_opened();
    void close_by_client();
    void accept(const std::string& text);
    void check_activity(const client_message& message);
    void check_answer(const client_message& message);
    void log_calls(const server_message& received);
    [[nodiscard]] bool is_left() const;
    void deliver();
    void watch_write_stall();
    void watch_silence(time_point since);
    [[nodiscard]] bool has_room(std::size_t size) const noexcept;
    [[nodiscard]] ledger::connection& log();
    void notify_server(milliseconds later);

    network& net_;
    bool server_open_ = true;
    bool server_notified_ = false; // disconnected() was called
    bool uplink_open_ = true;      // messages in flight to the server arrive
    bool downlink_open_ = true;
    bool half_open_ = false;
    bool expects_history_ = false; // the next clientContent is the history
    bool awaits_history_ = false;
    bool complete_ = false;      // the session has received setupComplete
    bool opened_ = false;        // and has sent the history, if one is due
    std::size_t completion_ = 0; // index of setupComplete in the receipts
    std::size_t in_flight_ = 0;
    std::deque<std::pair<client_message, std::size_t>> uplink_;
    std::size_t delivered_ = 0; // number of messages that the server has read
    std::uint64_t pings_ = 0, pongs_ = 0;
    std::chrono::nanoseconds round_trip_{0};
    time_point last_uplink_{}, last_downlink_{};
    time_point server_reads_at_{};                   // in the past: the server is reading
    time_point handed_over_{};                       // when the last batch was
    time_point progress_{};                          // when the server last read a message
    std::optional<time_point> client_reads_since_{}; // absent: no receive() is pending
    std::deque<server_message> received_;
    std::optional<live::error> end_;
    bool client_notified_ = false;
    live::async::event reader_, sender_;
};

/// A simulated network: a connector with latency, loss and refusals. Applies the faults of the
/// scenario.
class network : public live::transport::connector, public std::enable_shared_from_this<network> {
public:
    network(asio::any_io_executor executor, const scenario& scenario, ledger& ledger,
        std::shared_ptr<virtual_clock> clock, service& server);

    [[nodiscard]] asio::any_io_executor executor() const noexcept override { return executor_; }
    asio::awaitable<std::unique_ptr<live::transport::connection>> connect(
        live::transport::connect_request request) override;
    asio::awaitable<live::transport::http_response> fetch(
        live::transport::http_request request) override;

    /// Cancels all pending faults.
    void heal();
    [[nodiscard]] bool healed() const noexcept { return healed_; }
    /// True while the session has a connection that has not ended.
    [[nodiscard]] bool has_open_connection() const { return newest() != nullptr; }

    /// Observes the attempts to connect, and the failures and ends that the session has seen.
    struct watcher {
        std::function<void(int connection)> dialed{};
        std::function<void(int connection)> opened{};
        std::function<void(int connection)> closed{}; ///< By the session.
        std::function<void(int connection, const live::error& why)> failed{};
    };
    watcher watch{};

private:
    friend class wire;
    struct refusal {
        fault why;
        time_point until;
    };

    asio::awaitable<std::unique_ptr<live::transport::connection>> dial(int number);
    /// Draws the time of arrival of the next message, not before `last`.
    [[nodiscard]] time_point arrival(time_point last);
    /// The same for a ping or pong. Has an rng of its own: pings do not change other latencies.
    [[nodiscard]] time_point ping_arrival(time_point last);
    /// Injects the faults that are due at this message. Returns the one that cuts the message.
    std::optional<fault> inject_due(trigger counter, const wire_ptr& on);
    void inject(const fault& one, const wire_ptr& on);
    [[nodiscard]] const fault* active_refusal() const;
    [[nodiscard]] wire_ptr newest() const;

    asio::any_io_executor executor_;
    const scenario& scenario_;
    ledger& ledger_;
    std::shared_ptr<virtual_clock> clock_;
    service& server_;
    rng rng_;
    rng ping_rng_;
    std::vector<fault> pending_;
    std::vector<refusal> refusals_;
    std::vector<std::weak_ptr<wire>> wires_;
    std::int64_t client_messages_ = 0;
    std::int64_t server_messages_ = 0;
    time_point slow_until_{};
    milliseconds extra_latency_{0};
    bool healed_ = false;
};

} // namespace sim
