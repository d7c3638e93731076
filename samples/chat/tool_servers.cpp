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
        mcp::client_options options;
        options.on_ended = [typed, trouble = to_.trouble](
                               const live::error& why) { trouble(about(typed, why).what()); };
        options.on_tools_changed = [typed, notice = to_.notice](const mcp::tool_list&) {
            notice("--mcp '" + typed + "' has other tools now; they are used from the next start.");
        };
        try {
            servers_.push_back({typed, make_client(executor, typed, std::move(options))});
        } catch (const live::error& why) {
            throw about(typed, why);
        }
    }
}

asio::awaitable<void> tool_servers::add_tools(live::toolset& to)
{
    for (auto& each : servers_) {
        try {
            const auto list = co_await each.client.list_tools();
            report(each, each.client.add_tools(to, list));
        } catch (const live::error& why) {
            throw about(each.typed, why);
        }
    }
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
    for (auto& each : servers_) co_await each.client.close();
}

} // namespace chat
