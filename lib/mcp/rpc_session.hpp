// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/mcp/client_test.cpp
#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"
#include "base/time.hpp"
#include "mcp/channel.hpp"
#include "mcp/json_rpc.hpp"

#include <gemini/live/mcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::mcp {

struct rpc_request {
    std::int64_t id = 0; ///< From `rpc_session::next_id`.
    std::string method;
    std::string params{}; ///< JSON; empty: none.
    base::time_point deadline;
    std::function<void(const progress&)> on_progress{};
    /// The server is told when nobody waits for the answer any more.
    bool is_cancelable = true;
};

/// Requests on one connection, and their answers. Refuses requests of the server, except pings.
/// Make all calls on its executor.
class rpc_session : public std::enable_shared_from_this<rpc_session> {
public:
    /// What the session does not deal with itself.
    struct receiver {
        std::function<void(const notification_message&)> on_notification;
        std::function<void(const error& why)> on_ended;
    };

    rpc_session(asio::any_io_executor executor, std::shared_ptr<async::clock> clock,
        receiver receiver, live::logger logger);

    /// Makes and opens the connection. Throws as `channel::open`.
    void open(const channel_maker& make);
    [[nodiscard]] channel& connection() noexcept { return *channel_; }

    [[nodiscard]] std::int64_t next_id() noexcept { return ++last_id_; }
    /// Returns the result. Throws errc::rejected with the server's words if it refuses,
    /// errc::timed_out at the deadline, and what ended the connection. Cancellation: total.
    static asio::awaitable<protocol::json_value> request(
        std::shared_ptr<rpc_session> self, rpc_request what);

    /// Ends all requests, also later ones, with this error.
    void end(error why);
    /// Ends the connection at once.
    void abort() noexcept;
    /// Ends the connection in order. Never throws.
    static asio::awaitable<void> close(std::shared_ptr<rpc_session> self);

private:
    struct pending_request {
        std::optional<answer_message> answer{};
        std::optional<error> end{};
        async::event changed{};
        std::function<void(const progress&)> on_progress{};

        [[nodiscard]] bool is_over() const noexcept { return answer || end; }
    };
    using pending_pointer = std::shared_ptr<pending_request>;

    static asio::awaitable<void> exchange(
        std::shared_ptr<rpc_session> self, pending_pointer pending, std::string text);
    void receive(std::string_view text);
    void receive(const notification_message& message);
    void receive(const request_message& message);
    void receive(answer_message message);
    void post(std::string text);
    void log(log_level level, std::string_view event, std::string_view text) const;

    const asio::any_io_executor executor_;
    const std::shared_ptr<async::clock> clock_;
    const receiver receiver_;
    const live::logger logger_;
    std::shared_ptr<channel> channel_;
    std::optional<error> end_;
    std::int64_t last_id_ = 0;
    std::map<std::int64_t, pending_pointer> pending_;
    std::size_t posting_ = 0; // messages on their way that nobody waits for
};

} // namespace gemini::live::mcp
