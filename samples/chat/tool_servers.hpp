// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/mcp.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

/// Servers of tools (MCP) that the user has named.
class tool_servers {
public:
    struct listener {
        std::function<void(const std::string&)> notice;
        std::function<void(const std::string&)> trouble;
        std::function<void()> changed; ///< A server has other tools now.
    };

    /// Each server is a URL or a command for the shell. Throws live::error for a malformed URL.
    tool_servers(const asio::any_io_executor& executor, const std::vector<std::string>& servers,
        listener to);

    /// Starts all. Throws live::error, with the server that it is about.
    asio::awaitable<void> start();
    /// Adds the tools that they have now.
    void add_tools(gemini::live::toolset& to);
    /// Whether a function is a tool of one of them.
    [[nodiscard]] bool have(std::string_view function) const;
    /// Ends all of them.
    asio::awaitable<void> close();

private:
    struct server {
        std::string typed;
        std::optional<gemini::live::mcp::client> client{};
        gemini::live::mcp::tool_list tools{};
    };

    void report(const server& of, const gemini::live::mcp::added_tools& added);

    listener to_;
    std::list<server> servers_;
    std::vector<std::string> functions_;
};

} // namespace chat
