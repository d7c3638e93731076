// SPDX-License-Identifier: Apache-2.0
// Our client of the Model Context Protocol with servers of others:
//
//     mcp-client conformance URL            what the scenario MCP_CONFORMANCE_SCENARIO asks for
//     mcp-client everything COMMAND…|URL    all kinds of content, progress, cancellation
//     mcp-client filesystem FOLDER COMMAND… reads and writes in a folder
//
// The last two end with "N passed, N failed".
#include <gemini/live.hpp>
#include <gemini/live/mcp.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
using words = std::vector<std::string>;

int passed = 0;
int failed = 0;

void check(bool is_right, const std::string& what)
{
    ++(is_right ? passed : failed);
    std::printf("  %s  %s\n", is_right ? "ok    " : "FAILED", what.c_str());
}

mcp::client connect_to(asio::io_context& io, const words& server, mcp::client_options options = {})
{
    options.logger.sink = live::log_lines([](live::log_level, std::string_view line) {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    });
    if (server.size() == 1 && server[0].starts_with("http")) {
        mcp::http_server http;
        http.url = server[0];
        return {io, http, options};
    }
    mcp::stdio_server child;
    child.command = server;
    return {io, child, options};
}

bool says(const mcp::call_result& result, std::string_view part)
{
    return result.response.text().find(part) != std::string::npos;
}

// ---- conformance

asio::awaitable<void> play_scenario(asio::io_context& io, std::string url)
{
    const auto* const name = std::getenv("MCP_CONFORMANCE_SCENARIO");
    const std::string scenario = name ? name : "";
    const words server{std::move(url)};
    auto client = connect_to(io, server);
    const auto list = co_await client.list_tools();
    for (const auto& each : list.tools) {
        auto arguments = live::json::object();
        if (each.name == "add_numbers") {
            arguments.add("a", 5);
            arguments.add("b", 3);
        }
        const auto result = co_await client.call_tool(each.name, arguments);
        std::printf("%s: %s\n", each.name.c_str(), result.response.text().c_str());
    }
    co_await client.close();
}

// ---- server-everything

asio::awaitable<void> expect_refusal(mcp::client& client)
{
    bool is_reported = false;
    try {
        const auto result = co_await client.call_tool("no-such-tool", live::json());
        is_reported = result.is_error;
    } catch (const live::error& why) {
        is_reported = why.value() == live::errc::rejected;
    }
    check(is_reported, "an unknown tool is refused");
}

asio::awaitable<void> expect_cancellation(mcp::client& client)
{
    const auto arguments = live::json::object().add("duration", 30).add("steps", 30);
    bool is_late = false;
    try {
        auto call = client.call_tool("trigger-long-running-operation", arguments);
        co_await live::within(300ms, std::move(call));
    } catch (const live::error& why) {
        is_late = why.value() == live::errc::timed_out;
    }
    check(is_late, "a long call can be canceled");
    const auto again = co_await client.call_tool("echo", live::json::object().add("message", "x"));
    check(says(again, "x"), "and the next one is answered");
}

asio::awaitable<void> visit_everything(asio::io_context& io, words server)
{
    auto client = connect_to(io, server);
    const auto info = co_await client.connect();
    check(info.protocol_version == "2025-11-25", "the newest version is agreed on");
    const auto list = co_await client.list_tools();
    check(list.tools.size() >= 8 && list.refused.empty(), "all tools are understood");
    const auto echo = co_await client.call_tool("echo", live::json::object().add("message", "hi"));
    check(says(echo, "hi"), "text");
    const auto numbers = live::json::object().add("a", 2).add("b", 3);
    const auto sum = co_await client.call_tool("get-sum", numbers);
    check(says(sum, "5"), "arguments");
    const auto image = co_await client.call_tool("get-tiny-image", live::json());
    check(image.parts.size() == 1 && image.parts[0].inline_data->mime_type == "image/png" &&
              image.parts[0].inline_data->data.size() > 100,
        "a picture");
    const auto place = live::json::object().add("location", "New York");
    const auto weather = co_await client.call_tool("get-structured-content", place);
    check(weather.response.find_number("/output/temperature").has_value(), "structured content");
    const auto which = live::json::object().add("resourceType", "Blob").add("resourceId", 1);
    const auto file = co_await client.call_tool("get-resource-reference", which);
    check(file.parts.size() == 1, "an embedded file");
    const auto links = co_await client.call_tool("get-resource-links", live::json());
    check(says(links, "://"), "links");
    int reports = 0;
    const std::function<void(const mcp::progress&)> count = [&](const mcp::progress&) {
        ++reports;
    };
    const auto steps = live::json::object().add("duration", 1).add("steps", 4);
    const auto long_call =
        co_await client.call_tool("trigger-long-running-operation", steps, count);
    check(!long_call.is_error && reports >= 3, "progress");
    co_await expect_refusal(client);
    co_await expect_cancellation(client);
    co_await client.close();
    check(true, "and it ends");
}

// ---- server-filesystem

asio::awaitable<void> visit_folder(asio::io_context& io, std::string folder, words server)
{
    auto client = connect_to(io, server);
    const auto list = co_await client.list_tools();
    check(list.tools.size() >= 10 && list.refused.empty(), "all tools are understood");
    const auto file = folder + "/note.txt";
    const auto text = live::json::object().add("path", file).add("content", "remember the milk");
    const auto written = co_await client.call_tool("write_file", text);
    check(!written.is_error, "a file is written");
    const auto path = live::json::object().add("path", file);
    const auto read = co_await client.call_tool("read_text_file", path);
    check(says(read, "remember the milk"), "and read");
    const auto where = live::json::object().add("path", folder);
    const auto listed = co_await client.call_tool("list_directory", where);
    check(says(listed, "note.txt"), "and listed");
    const auto outside = live::json::object().add("path", "/etc/passwd");
    const auto refused = co_await client.call_tool("read_text_file", outside);
    check(refused.is_error && refused.response.find_string("/error"),
        "what is outside of the folder is an error for the model");
    co_await client.close();
}

int run(asio::io_context& io, asio::awaitable<void> work)
{
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr thrown) {
        failure = thrown;
        io.stop();
    });
    io.run();
    try {
        if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& why) {
        check(false, why.what());
    }
    return failed == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char* argv[])
{
    const words given(argv + 1, argv + argc);
    asio::io_context io;
    if (given.size() == 2 && given[0] == "conformance") return run(io, play_scenario(io, given[1]));
    int status = 2;
    if (given.size() >= 2 && given[0] == "everything")
        status = run(io, visit_everything(io, {given.begin() + 1, given.end()}));
    else if (given.size() >= 3 && given[0] == "filesystem")
        status = run(io, visit_folder(io, given[1], {given.begin() + 2, given.end()}));
    std::printf("%d passed, %d failed\n", passed, failed);
    return status;
}
