// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/run.hpp"

#include <gemini/live/mcp.hpp>
#include <gemini/live/within.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace stdio_channel_test {

using namespace std::chrono_literals;
namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
using gemini::live::errc;

namespace {

mcp::stdio_server peer(const std::string& behavior)
{
    mcp::stdio_server server;
    server.command = {"python3", std::string(std::getenv("MCP_PEER")), behavior};
    return server;
}

std::string output_of(const mcp::call_result& result)
{
    return result.response.at<std::string>("/output");
}

template <class T>
std::optional<live::error> failure(asio::io_context& io, asio::awaitable<T> work)
{
    try {
        static_cast<void>(test::run(io, std::move(work)));
    } catch (const live::error& why) {
        return why;
    }
    return std::nullopt;
}

bool is_alive(pid_t id) { return ::kill(id, 0) == 0; }

/// Waits for the end of a process that somebody else collects.
bool ends(pid_t id)
{
    const auto watch = static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
    if (watch < 0) return errno == ESRCH;
    pollfd of{watch, POLLIN, 0};
    const bool has_ended = ::poll(&of, 1, 10'000) == 1;
    ::close(watch);
    return has_ended;
}

/// Runs what is left, such as the end of a child.
void run_out(asio::io_context& io)
{
    io.restart();
    io.run();
}

} // namespace

TEST_CASE("a server on standard input and output is called, and ends when it is closed")
{
    asio::io_context io;
    mcp::client client(io, peer("proper"));
    CHECK(test::run(io, client.connect()).name == "peer");
    CHECK(test::run(io, client.list_tools()).tools.size() == 2);
    const auto arguments = live::json::object().add("text", "gr\u00fc\u00dfe\n\"quoted\"");
    CHECK(live::json(output_of(test::run(io, client.call_tool("echo", arguments)))) == arguments);
    const auto large = live::json::object().add("text", std::string(3'000'000, 'x'));
    CHECK(live::json(output_of(test::run(io, client.call_tool("echo", large)))) == large);
    std::istringstream ids(output_of(test::run(io, client.call_tool("group", {}))));
    pid_t id = 0;
    pid_t group = 0;
    ids >> id >> group;
    CHECK(id == group);
    CHECK(is_alive(id));
    test::run(io, client.close());
    CHECK_FALSE(is_alive(id));
    CHECK(failure(io, client.call_tool("echo", {}))->value() == errc::closed);
}

TEST_CASE("what a server started in its group ends with it")
{
    asio::io_context io;
    mcp::client client(io, peer("proper"));
    const auto id = std::stoi(output_of(test::run(io, client.call_tool("child", {}))));
    CHECK(is_alive(id));
    test::run(io, client.close());
    CHECK(ends(id));
}

TEST_CASE("destroying a client ends its server, in order or with the execution context")
{
    const bool runs_on = GENERATE(true, false);
    pid_t id = 0;
    {
        asio::io_context io;
        {
            mcp::client client(io, peer("proper"));
            id = std::stoi(output_of(test::run(io, client.call_tool("group", {}))));
        }
        if (runs_on) {
            run_out(io);
            CHECK_FALSE(is_alive(id));
        }
    }
    CHECK_FALSE(is_alive(id));
}

TEST_CASE("a server that does not end by itself is ended by signals, and collected")
{
    const auto* const behavior = GENERATE("ignores its end", "ignores all");
    asio::io_context io;
    auto server = peer(behavior);
    server.exit_grace = 50ms;
    mcp::client client(io, server);
    const auto id = std::stoi(output_of(test::run(io, client.call_tool("group", {}))));
    test::run(io, client.close());
    CHECK_FALSE(is_alive(id));
}

TEST_CASE("a server gets no variable of ours that it has no use for, unless it is to")
{
    ::setenv("MCP_TEST_KEY", "secret", 1);
    asio::io_context io;
    auto server = peer("proper");
    server.environment = {{"OWN", "value"}, {"HOME", "/"}};
    const auto names_in = [&](const mcp::stdio_server& of) {
        mcp::client client(io, of);
        return output_of(test::run(io, client.call_tool("environment", {})));
    };
    const auto few = names_in(server);
    CHECK(few.find("MCP_TEST_KEY") == std::string::npos);
    CHECK(few.find("OWN") != std::string::npos);
    CHECK(few.find("PATH") != std::string::npos);
    server.inherit_environment = true;
    const auto all = names_in(server);
    CHECK(all.find("MCP_TEST_KEY") != std::string::npos);
    CHECK(all.find("OWN") != std::string::npos);
    ::unsetenv("MCP_TEST_KEY");
}

TEST_CASE("a server runs in its working directory")
{
    asio::io_context io;
    auto server = peer("proper");
    server.working_directory = "/";
    mcp::client client(io, server);
    CHECK(output_of(test::run(io, client.call_tool("directory", {}))) == "/");
}

TEST_CASE("a program that cannot be started is named, with the reason")
{
    asio::io_context io;
    mcp::stdio_server server;
    std::string part = "No such file";
    SECTION("it does not exist") { server.command = {"/no/such/program"}; }
    SECTION("it is not in PATH") { server.command = {"no-such-program-anywhere"}; }
    SECTION("it is no program")
    {
        server.command = {"/etc/passwd"};
        part = "Permission denied";
    }
    SECTION("its directory does not exist")
    {
        server.command = {"cat"};
        server.working_directory = "/no/such/directory";
    }
    mcp::client client(io, server);
    const auto why = failure(io, client.connect());
    REQUIRE(why);
    CHECK(why->value() == errc::invalid_argument);
    const std::string text = why->what();
    CAPTURE(text);
    CHECK(text.find(server.command[0]) != std::string::npos);
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("a server that ends is told of with its status and its last words")
{
    struct row {
        const char* behavior;
        const char* part;
        const char* words;
    };
    const auto row = GENERATE(values<struct row>({
        {"ends at once", "exited with status 2", "usage: peer"},
        {"dies", "exited with status 3", "no such module"},
        {"is killed", "was ended by signal 9", ""},
        {"closes its output", "closed its standard output", ""},
    }));
    CAPTURE(row.behavior);
    asio::io_context io;
    mcp::client_options options;
    std::optional<live::error> told;
    options.restart = false;
    options.on_ended = [&](const live::error& why) { told = why; };
    auto server = peer(row.behavior);
    if (row.behavior == std::string("closes its output")) server.exit_grace = 100ms;
    mcp::client client(io, server, options);
    const auto why = failure(io, client.call_tool("echo", {}));
    REQUIRE(why);
    CHECK(why->value() == errc::connection_lost);
    const std::string text = why->what();
    CAPTURE(text);
    CHECK(text.find(row.part) != std::string::npos);
    CHECK(text.find(row.words) != std::string::npos);
    const bool was_connected = row.behavior != std::string("ends at once");
    CHECK(told.has_value() == was_connected);
    test::run(io, client.close());
}

TEST_CASE("junk between messages is logged, and answers may come byte by byte")
{
    const auto* const behavior = GENERATE("writes junk", "drips");
    asio::io_context io;
    mcp::client_options options;
    int troubles = 0;
    options.logger.sink = [&](const live::log_record& record) {
        if (record.event == "mcp_trouble") ++troubles;
    };
    mcp::client client(io, peer(behavior), options);
    CHECK(output_of(test::run(io, client.call_tool("echo", {}))) == "{}");
    CHECK((troubles > 0) == (behavior == std::string("writes junk")));
}

TEST_CASE("a message over the limit ends the connection")
{
    const auto* const behavior = GENERATE("writes a huge line", "writes without end");
    asio::io_context io;
    mcp::client_options options;
    options.max_message = 1'000'000;
    mcp::client client(io, peer(behavior), options);
    const auto why = failure(io, client.call_tool("echo", {}));
    REQUIRE(why);
    CHECK(why->value() == errc::message_too_big);
    test::run(io, client.close());
}

TEST_CASE("standard error goes to the log, line by line and bounded, and nowhere else")
{
    asio::io_context io;
    mcp::client_options options;
    std::vector<std::string> lines;
    options.logger.sink = [&](const live::log_record& record) {
        REQUIRE(record.event == "mcp_server");
        lines.emplace_back(std::get<std::string_view>(record.fields[0].value));
    };
    mcp::client client(io, peer("complains"), options);
    test::run(io, client.call_tool("echo", {}));
    test::run(io, client.close());
    run_out(io);
    REQUIRE(lines.size() >= 4);
    CHECK(lines[0] == "a line");
    CHECK(lines[1] == "half a line");
    CHECK(lines[2] == "(a line that is too long)");
    CHECK(lines.back() == "last words");
}

TEST_CASE("progress is reported before the result")
{
    asio::io_context io;
    mcp::client client(io, peer("reports progress"));
    std::vector<mcp::progress> heard;
    test::run(io, client.call_tool("echo", {}, [&](const auto& now) { heard.push_back(now); }));
    CHECK(heard == std::vector<mcp::progress>{{1, 2.0}, {2, 2.0}});
}

TEST_CASE("a server that does not answer, or does not read, is given up at the deadline")
{
    const bool is_read = GENERATE(true, false);
    asio::io_context io;
    mcp::client_options options;
    options.call_deadline = 100ms;
    auto server = peer(is_read ? "silent" : "does not read");
    server.exit_grace = 50ms;
    mcp::client client(io, server, options);
    test::run(io, client.connect());
    const std::size_t size = is_read ? 1'000 : 6'000'000;
    const auto text = live::json::object().add("text", std::string(size, 'x'));
    CHECK(failure(io, client.call_tool("echo", text))->value() == errc::timed_out);
    CHECK(failure(io, client.call_tool("echo", text))->value() == errc::timed_out);
    const auto third = failure(io, client.call_tool("echo", text))->value();
    CHECK(third == (is_read ? errc::timed_out : errc::unavailable)); // what waits is bounded
    test::run(io, client.close());
}

TEST_CASE("a close that is canceled kills the server at once")
{
    asio::io_context io;
    auto server = peer("ignores all");
    server.exit_grace = 60s;
    mcp::client client(io, server);
    const auto id = std::stoi(output_of(test::run(io, client.call_tool("group", {}))));
    asio::cancellation_signal stop;
    bool is_over = false;
    asio::co_spawn(io, client.close(),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { is_over = true; }));
    asio::post(io, [&] { stop.emit(asio::cancellation_type::terminal); });
    run_out(io);
    CHECK(is_over);
    CHECK_FALSE(is_alive(id));
}

TEST_CASE("options that can never work are refused at once")
{
    asio::io_context io;
    auto server = peer("proper");
    SECTION("no command") { server.command.clear(); }
    SECTION("an empty program") { server.command[0].clear(); }
    SECTION("NUL in an argument") { server.command.emplace_back("a\0b", 3); }
    SECTION("a variable without a name") { server.environment = {{"", "x"}}; }
    SECTION("a variable with =") { server.environment = {{"a=b", "x"}}; }
    SECTION("no time to exit") { server.exit_grace = 0ms; }
    CHECK_THROWS_AS(mcp::client(io, server), live::error);
}

} // namespace stdio_channel_test
