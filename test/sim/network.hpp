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

/// Who answers connections. Each call is one event of the virtual clock.
class service {
public:
    service() = default;
    service(const service&) = delete;
    service& operator=(const service&) = delete;
    virtual ~service() = default;
    virtual void accepted(const wire_ptr& from) = 0;
    virtual void consumed(const wire_ptr& from, const client_message& message) = 0;
    /// The client has closed, or the connection was found dead.
    virtual void gone(const wire_ptr& from) = 0;
    /// Faults that are the service's own.
    virtual void suffer(const fault& one) = 0;
};

/// One simulated connection: what is under way between the session's end, which the network gives
/// out as a transport::connection, and the server's end. Messages keep their order.
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
        bool refusal = false;    ///< Of the setup.
        std::int64_t index = -1; ///< lastConsumedClientMessageIndex
        ledger::meaning meaning = ledger::meaning::none;
        int asked = 0;           ///< Questions that had been consumed on this connection.
        std::uint64_t pongs = 0; ///< Pings that had been answered when it arrived.
        std::chrono::nanoseconds round_trip{0};
        std::optional<milliseconds> time_left{}; ///< goAway's, within reason.
    };
    void say(server_message message);
    void close_by_server(int code, std::string reason);
    /// Both ends are there, as far as the server knows.
    [[nodiscard]] bool is_served() const noexcept { return served_; }

    // The session's end -----------------------------------------------------------------------
    static asio::awaitable<void> send(wire_ptr self, std::vector<live::base::frame> batch);
    static asio::awaitable<live::transport::message> receive(wire_ptr self);
    static asio::awaitable<void> close(wire_ptr self, std::uint16_t code);
    void abort() noexcept;
    std::uint64_t ping();
    [[nodiscard]] bool is_open() const noexcept { return !end_; }

    // Faults ----------------------------------------------------------------------------------
    /// Gone; the client knows after what is under way to it, or at once.
    void cut(bool in_flight_arrives, milliseconds until_noticed, const char* how);
    void go_deaf(milliseconds until_noticed);
    void stall(milliseconds duration);

private:
    friend class network;
    void answer_ping(std::uint64_t number, std::size_t behind, time_point asked);

    void finish(live::error why);
    void report_opened();
    void leave();
    void take(const std::string& text);
    void check_speech(const client_message& message);
    void deliver();
    void notice_silence();
    void notice_deafness(time_point since);
    [[nodiscard]] bool has_room(std::size_t size) const noexcept;
    [[nodiscard]] ledger::connection& log();
    void server_is_told(milliseconds later);

    network& net_;
    bool served_ = true;
    bool told_ = false;   // the service knows of the end
    bool up_open_ = true; // what is under way to the server arrives
    bool down_open_ = true;
    bool deaf_ = false;
    bool has_memory_ = false; // the first clientContent is history
    bool awaits_memory_ = false;
    bool complete_ = false;      // setupComplete has been given to the session
    bool opened_ = false;        // and what has to come behind it has been sent
    std::size_t completion_ = 0; // setupComplete among the hearings
    std::size_t under_way_ = 0;
    std::deque<std::pair<client_message, std::size_t>> up_;
    std::size_t delivered_ = 0; // messages, to the server
    std::uint64_t pings_ = 0, pongs_ = 0;
    std::chrono::nanoseconds round_trip_{0};
    time_point last_up_{}, last_down_{};
    time_point reads_again_{};                  // the server; in the past: it reads
    time_point progress_{};                     // of the client's sends
    std::optional<time_point> listens_since_{}; // absent: nobody asks for more
    std::deque<server_message> received_;
    std::optional<live::error> end_;
    bool told_client_ = false;
    live::async::event reader_, sender_;
};

/// The connector of a world: latency, loss, refusal, all as the scenario has it.
class network : public live::transport::connector, public std::enable_shared_from_this<network> {
public:
    network(asio::any_io_executor executor, const scenario& scenario, ledger& ledger,
        std::shared_ptr<virtual_clock> clock, service& server);

    [[nodiscard]] asio::any_io_executor executor() const noexcept override { return executor_; }
    asio::awaitable<std::unique_ptr<live::transport::connection>> connect(
        live::transport::connect_request request) override;
    asio::awaitable<live::transport::http_response> fetch(
        live::transport::http_request request) override;

    /// From now on nothing new goes wrong.
    void heal();
    [[nodiscard]] bool healed() const noexcept { return healed_; }
    /// The session has a connection that it has neither closed nor seen the end of.
    [[nodiscard]] bool is_used() const { return newest() != nullptr; }

    /// Told of every attempt, of every failure and end that the session has seen, and of what it
    /// has ended itself.
    struct watcher {
        std::function<void(int connection)> dialled{};
        std::function<void(int connection)> opened{};
        std::function<void(int connection)> left{};
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
    [[nodiscard]] time_point arrival(time_point last);
    /// So, too, of pings and pongs, which change nothing for others.
    [[nodiscard]] time_point ping_arrival(time_point last);
    /// The faults that a message, or the time, sets off. Gives the one that tears this message.
    std::optional<fault> count(trigger counter, const wire_ptr& on);
    void strike(const fault& one, const wire_ptr& on);
    [[nodiscard]] const fault* refuses() const;
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
    time_point clogged_until_{};
    milliseconds clog_{0};
    bool healed_ = false;
};

} // namespace sim
