// SPDX-License-Identifier: Apache-2.0
#include "async/spawn.hpp"
#include "async/strand.hpp"
#include "mcp/client_core.hpp"
#include "mcp/http_channel.hpp"
#include "mcp/on_executor.hpp"
#include "mcp/stdio_channel.hpp"
#include "mcp/tool_functions.hpp"
#include "transport/lws_connector.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live::mcp {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw error(errc::invalid_argument, why); }

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

void check(const stdio_server& server)
{
    if (server.command.empty() || server.command.front().empty())
        refuse("mcp::stdio_server::command is empty: give the program and its arguments.");
    if (std::any_of(server.command.begin(), server.command.end(), has_nul) ||
        has_nul(server.working_directory))
        refuse("mcp::stdio_server::command and working_directory cannot contain NUL.");
    for (const auto& [name, value] : server.environment) {
        if (name.empty() || name.find('=') != name.npos || has_nul(name) || has_nul(value))
            refuse("mcp::stdio_server::environment has a variable that cannot exist.");
    }
    if (server.exit_grace.count() <= 0) refuse("mcp::stdio_server::exit_grace must be above zero.");
}

std::shared_ptr<client_core> make_core(
    const asio::any_io_executor& executor, stdio_server server, client_options options)
{
    check(server);
    channel_maker make = [server = std::move(server), most = options.max_message,
                             logger = options.logger](
                             const asio::any_io_executor& on, channel_receiver receiver) {
        return make_stdio_channel(on, std::move(receiver), server, most, logger);
    };
    return std::make_shared<client_core>(async::make_strand(executor), async::make_steady_clock(),
        std::move(options), std::move(make));
}

std::shared_ptr<client_core> make_core(
    const asio::any_io_executor& executor, http_server server, client_options options)
{
    const auto connector = transport::make_lws_connector(executor);
    const auto clock = async::make_steady_clock();
    auto make = http_channels(connector, clock, std::move(server), options.max_message);
    return std::make_shared<client_core>(
        connector->executor(), clock, std::move(options), std::move(make));
}

} // namespace

client::client(asio::any_io_executor executor, stdio_server server, client_options options)
    : core_(make_core(executor, std::move(server), std::move(options)))
{
}

client::client(asio::any_io_executor executor, http_server server, client_options options)
    : core_(make_core(executor, std::move(server), std::move(options)))
{
}

client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept
{
    std::swap(core_, other.core_);
    return *this;
}

client::~client()
{
    if (core_) async::spawn(core_->executor(), client_core::close(core_));
}

asio::awaitable<server_info> client::connect()
{
    return on_executor(core_->executor(), client_core::connect(core_));
}

asio::awaitable<tool_list> client::list_tools()
{
    return on_executor(core_->executor(), client_core::list_tools(core_));
}

asio::awaitable<call_result> client::call_tool(
    std::string name, json arguments, std::function<void(const progress&)> on_progress)
{
    return on_executor(core_->executor(), client_core::call_tool(core_, std::move(name),
                                              std::move(arguments), std::move(on_progress)));
}

added_tools client::add_tools(toolset& to, const tool_list& list, const function_rules& rules) const
{
    return add_functions(to, core_, list, rules);
}

asio::awaitable<void> client::close()
{
    return async::run_on(core_->executor(), client_core::close(core_));
}

} // namespace gemini::live::mcp
