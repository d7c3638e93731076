// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/mcp/client_test.cpp
#pragma once

#include "async/clock.hpp"
#include "async/semaphore.hpp"
#include "mcp/rpc_session.hpp"
#include "mcp/tool_messages.hpp"

#include <gemini/live/mcp.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gemini::live::mcp {

/// A client's connection, which is made again when it is needed and is not there. Make all calls
/// on its executor.
class client_core : public std::enable_shared_from_this<client_core> {
public:
    /// Throws errc::invalid_argument for a number out of its range.
    client_core(asio::any_io_executor executor, std::shared_ptr<async::clock> clock,
        client_options options, channel_maker make);

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] const std::shared_ptr<async::clock>& clock() const noexcept { return clock_; }
    [[nodiscard]] const client_options& options() const noexcept { return options_; }

    static asio::awaitable<server_info> connect(std::shared_ptr<client_core> self);
    static asio::awaitable<tool_list> list_tools(std::shared_ptr<client_core> self);
    static asio::awaitable<call_result> call_tool(std::shared_ptr<client_core> self,
        std::string name, json arguments, std::function<void(const progress&)> on_progress);
    static asio::awaitable<void> close(std::shared_ptr<client_core> self);

private:
    using session_pointer = std::shared_ptr<rpc_session>;

    static asio::awaitable<session_pointer> connected(std::shared_ptr<client_core> self);
    static asio::awaitable<void> shake_hands(
        std::shared_ptr<client_core> self, session_pointer session);
    static asio::awaitable<tool_page> ask_for_page(
        std::shared_ptr<client_core> self, std::string cursor, base::time_point deadline);
    static asio::awaitable<void> report_tools(std::shared_ptr<client_core> self);
    static asio::awaitable<protocol::json_value> request(std::shared_ptr<client_core> self,
        rpc_request what, std::function<std::string(std::int64_t id)> params);
    void forget(const session_pointer& session) noexcept;
    void on_notification(const notification_message& message);
    [[nodiscard]] base::time_point after(std::chrono::milliseconds time) const;

    const asio::any_io_executor executor_;
    const std::shared_ptr<async::clock> clock_;
    const client_options options_;
    const channel_maker make_;
    const std::shared_ptr<async::semaphore> connecting_;
    const std::shared_ptr<async::semaphore> calls_;
    session_pointer session_;         // null while there is no connection
    std::optional<server_info> info_; // of that connection
    std::optional<error> end_;        // of the last connection, or of all
    bool is_closed_ = false;
    bool is_listing_ = false;  // because the list has changed
    bool has_changed_ = false; // and once more
};

} // namespace gemini::live::mcp
