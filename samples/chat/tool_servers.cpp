// SPDX-License-Identifier: Apache-2.0
#include "tool_servers.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <utility>

namespace chat {
namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
namespace {

bool is_url(const std::string& typed)
{
    return typed.starts_with("http://") || typed.starts_with("https://");
}

mcp::client make_client(
    const asio::any_io_executor& executor, const std::string& typed, mcp::client_options options)
{
    if (is_url(typed)) {
        mcp::http_server server;
        server.url = typed;
        return {executor, std::move(server), std::move(options)};
    }
    mcp::stdio_server server;
    server.command = {"/bin/sh", "-c", typed};
    return {executor, std::move(server), std::move(options)};
}

live::error about(const std::string& typed, const live::error& why)
{
    return {why.value(), "--mcp '" + typed + "': " + why.what(), why.details()};
}

} // namespace

tool_servers::tool_servers(
    const asio::any_io_executor& executor, const std::vector<std::string>& servers, listener to)
    : to_(std::move(to))
{
    for (const auto& typed : servers) {
        auto& made = servers_.emplace_back(server{typed});
        mcp::client_options options;
        options.on_ended = [typed, trouble = to_.trouble](
                               const live::error& why) { trouble(about(typed, why).what()); };
        options.on_tools_changed = [&made, changed = to_.changed](const mcp::tool_list& now) {
            made.tools = now;
            changed();
        };
        try {
            made.client.emplace(make_client(executor, typed, std::move(options)));
        } catch (const live::error& why) {
            throw about(typed, why);
        }
    }
}

asio::awaitable<void> tool_servers::start()
{
    for (auto& each : servers_) {
        try {
            each.tools = co_await each.client->list_tools();
        } catch (const live::error& why) {
            throw about(each.typed, why);
        }
    }
}

void tool_servers::add_tools(live::toolset& to)
{
    functions_.clear();
    for (auto& each : servers_) report(each, each.client->add_tools(to, each.tools));
}

void tool_servers::report(const server& of, const mcp::added_tools& added)
{
    std::string names;
    for (const auto& each : added.functions) names += (names.empty() ? "" : ", ") + each;
    to_.notice("Tools of " + of.typed + ": " + (names.empty() ? "none." : names + "."));
    for (const auto& each : added.refused)
        to_.trouble("Left out the tool " + each.name + ": " + each.why);
    functions_.insert(functions_.end(), added.functions.begin(), added.functions.end());
}

bool tool_servers::have(std::string_view function) const
{
    return std::find(functions_.begin(), functions_.end(), function) != functions_.end();
}

asio::awaitable<void> tool_servers::close()
{
    for (auto& each : servers_) co_await each.client->close();
}

} // namespace chat
