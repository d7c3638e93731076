// SPDX-License-Identifier: Apache-2.0
#include "mcp/client_core.hpp"

#include "support/catch.hpp"
#include "unit/mcp/scripted_peer.hpp"

#include <gemini/live/within.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace client_test {

using namespace std::chrono_literals;
using namespace test::mcp_peer;
namespace live = gemini::live;
namespace mcp = gemini::live::mcp;
namespace async = gemini::live::async;
using gemini::live::errc;

namespace {

auto call(const std::shared_ptr<mcp::client_core>& client, std::string name,
    std::function<void(const mcp::progress&)> on_progress = {})
{
    return mcp::client_core::call_tool(client, std::move(name), {}, std::move(on_progress));
}

std::string tools_named(const std::vector<std::string>& names, const std::string& next = {})
{
    std::string all;
    for (const auto& each : names) {
        if (!all.empty()) all += ',';
        all += R"({"name":")" + each + R"(","inputSchema":{"type":"object"}})";
    }
    all = R"({"tools":[)" + all + "]";
    if (!next.empty()) all += R"(,"nextCursor":")" + next + '"';
    return all + "}";
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("the first call greets the server, and later ones do not")
{
    bench on;
    const auto client = on.make();
    on.on_request = [&](const std::string&, std::int64_t id, const json_value& message) {
        CHECK(message.find("params")->find("name")->string() == "x");
        on.server.answer(id, done);
    };
    CHECK(on.run(call(client, "x")).response == live::json(R"({"output":"done"})"));
    CHECK(on.run(call(client, "x")).response == live::json(R"({"output":"done"})"));
    CHECK(on.server.methods() ==
          list{"initialize", "notifications/initialized", "tools/call", "tools/call"});
    CHECK(on.run(mcp::client_core::connect(client)).name == "peer");
    CHECK(on.server.generation == 1);
}

TEST_CASE("calls run beside each other, and each gets its own answer")
{
    bench on;
    const auto client = on.make();
    std::vector<std::pair<std::int64_t, std::string>> waiting;
    on.on_request = [&](const std::string&, std::int64_t id, const json_value& message) {
        waiting.emplace_back(id, *message.find("params")->find("name")->string());
        if (waiting.size() < 2) return;
        for (auto each = waiting.rbegin(); each != waiting.rend(); ++each)
            on.server.answer(
                each->first, R"({"content":[{"type":"text","text":")" + each->second + R"("}]})");
    };
    std::optional<mcp::call_result> first;
    const auto keep = [&](asio::awaitable<mcp::call_result> from) -> asio::awaitable<void> {
        first = co_await std::move(from);
    };
    asio::co_spawn(on.io, keep(call(client, "a")), asio::detached);
    CHECK(on.run(call(client, "b")).response == live::json(R"({"output":"b"})"));
    on.settle();
    CHECK(first->response == live::json(R"({"output":"a"})"));
}

TEST_CASE("no more calls run at a time than the limit, and the others wait for their turn")
{
    bench on;
    mcp::client_options options;
    options.max_calls = 2;
    const auto client = on.make(options);
    std::vector<std::int64_t> asked;
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        asked.push_back(id);
    };
    int ended = 0;
    for (int i = 0; i < 5; ++i)
        asio::co_spawn(on.io, call(client, "x"),
            [&](std::exception_ptr, const mcp::call_result&) { ++ended; });
    on.settle();
    CHECK(asked.size() == 2);
    on.server.answer(asked[0], done);
    on.settle();
    CHECK(ended == 1);
    CHECK(asked.size() == 3);
    for (std::size_t i = 1; i < 5; ++i) {
        on.server.answer(asked[i], done);
        on.settle();
    }
    CHECK(ended == 5);
}

TEST_CASE("all pages of a list are asked for")
{
    bench on;
    const auto client = on.make();
    on.on_request = [&](const std::string& method, std::int64_t id, const json_value& message) {
        CHECK(method == "tools/list");
        const auto params = message.find("params");
        const bool is_first = !params;
        if (!is_first) CHECK(params->find("cursor")->string() == "2");
        on.server.answer(id, is_first ? tools_named({"a", "b"}, "2") : tools_named({"c"}));
    };
    const auto tools = on.run(mcp::client_core::list_tools(client)).tools;
    REQUIRE(tools.size() == 3);
    CHECK(tools[2].name == "c");
}

TEST_CASE("a server with too many tools or pages is refused, and one without tools is not asked")
{
    bench on;
    mcp::client_options options;
    options.max_tools = 3;
    const auto client = on.make(options);
    const bool is_endless = GENERATE(true, false);
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        on.server.answer(
            id, is_endless ? tools_named({}, "again") : tools_named({"a", "b", "c", "d"}));
    };
    const auto why = on.failure(mcp::client_core::list_tools(client));
    REQUIRE(why);
    CHECK(why->value() == errc::message_too_big);

    on.server.on_request = [&](const std::string& method, std::int64_t id, const json_value&) {
        CHECK(method == "initialize");
        on.server.answer(id, R"({"protocolVersion":"2025-06-18","capabilities":{}})");
    };
    CHECK(on.run(mcp::client_core::list_tools(on.make())).tools.empty());
}

TEST_CASE("a refusal is an error with the server's words, and the connection lives on")
{
    bench on;
    const auto client = on.make();
    on.on_request = [&](const std::string&, std::int64_t id, const json_value& message) {
        if (*message.find("params")->find("name")->string() == "good")
            return on.server.answer(id, done);
        on.server.say(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                      R"(,"error":{"code":-32602,"message":"Unknown tool: bad"}})");
    };
    const auto why = on.failure(call(client, "bad"));
    REQUIRE(why);
    CHECK(why->value() == errc::rejected);
    CHECK(std::string(why->what()) ==
          "The MCP server refused tools/call: Unknown tool: bad (code -32602).");
    CHECK_FALSE(on.run(call(client, "good")).is_error);
    CHECK(on.server.generation == 1);
}

TEST_CASE("a server that never answers is given up at the deadline, and told so")
{
    bench on;
    const auto client = on.make();
    const auto before = on.clock->now();
    const auto why = on.failure(call(client, "x"));
    REQUIRE(why);
    CHECK(why->value() == errc::timed_out);
    CHECK(on.clock->now() - before == mcp::client_options().call_deadline);
    on.settle();
    REQUIRE(on.server.methods().back() == "notifications/cancelled");
    const auto params = *on.server.received.back().find("params");
    const auto call_id = *on.server.received[2].find("id")->integer();
    CHECK(params.find("requestId")->integer() == call_id);
    // its late answer is nobody's
    on.server.answer(call_id, done);
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        on.server.answer(id, R"({"content":[]})");
    };
    CHECK(on.run(call(client, "y")).response == live::json(R"({"output":""})"));
}

TEST_CASE("a server that does not say hello in time is given up, without a cancellation")
{
    bench on;
    const auto client = on.make();
    on.server.on_request = [](const std::string&, std::int64_t, const json_value&) {};
    const auto why = on.failure(mcp::client_core::connect(client));
    REQUIRE(why);
    CHECK(why->value() == errc::timed_out);
    CHECK(on.server.methods() == list{"initialize"});
    CHECK(on.server.aborted == 1);
}

TEST_CASE("a canceled call ends at once, and the server is told")
{
    bench on;
    const auto client = on.make();
    asio::cancellation_signal stop;
    on.on_request = [&](const std::string&, std::int64_t, const json_value&) {
        async::post(on.io.get_executor(), [&] { stop.emit(asio::cancellation_type::terminal); });
    };
    std::exception_ptr ended;
    asio::co_spawn(on.io, call(client, "x"),
        asio::bind_cancellation_slot(stop.slot(),
            [&](std::exception_ptr thrown, const mcp::call_result&) { ended = thrown; }));
    on.settle();
    REQUIRE(ended);
    CHECK(live::detail::is_cancellation(ended));
    CHECK(on.server.methods().back() == "notifications/cancelled");
    CHECK(on.clock->waits() == 0);
}

TEST_CASE("progress reaches its call, until that has ended")
{
    bench on;
    const auto client = on.make();
    std::vector<mcp::progress> heard;
    std::int64_t token = 0;
    on.on_request = [&](const std::string&, std::int64_t id, const json_value& message) {
        token = *message.find("params")->find("_meta")->find("progressToken")->integer();
        const auto report = [&](std::int64_t which, const std::string& value) {
            on.server.say(R"({"jsonrpc":"2.0","method":"notifications/progress","params":)"
                          R"({"progressToken":)" +
                          std::to_string(which) + R"(,"progress":)" + value + R"(,"total":4}})");
        };
        report(token, "1");
        report(token + 1, "9");
        report(token, "2");
        on.server.answer(id, done);
        report(token, "3");
    };
    on.run(call(client, "x", [&](const mcp::progress& now) { heard.push_back(now); }));
    on.settle();
    CHECK(heard == std::vector<mcp::progress>{{1, 4.0}, {2, 4.0}});
}

TEST_CASE("pings are answered, and other requests of the server are refused")
{
    bench on;
    const auto client = on.make();
    on.run(mcp::client_core::connect(client));
    on.server.say(R"({"jsonrpc":"2.0","id":"p","method":"ping"})");
    on.server.say(R"({"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{}})");
    on.settle();
    REQUIRE(on.server.received.size() == 4);
    CHECK(on.server.received[2].text() == R"({"jsonrpc":"2.0","id":"p","result":{}})");
    CHECK(on.server.received[3].find("error")->find("code")->integer() == -32601);
}

TEST_CASE("whatever a server sends, the calls go on, and it is logged")
{
    const auto* const text = GENERATE("", "not JSON", "{", "[]", "[[]]", "7", "{}",
        R"({"jsonrpc":"2.0","id":12345,"result":{}})", R"({"jsonrpc":"2.0","id":"x","result":{}})",
        R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}})",
        R"({"jsonrpc":"2.0","method":"notifications/progress"})",
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":[]})",
        R"({"jsonrpc":"2.0","method":"notifications/message"})",
        R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":{"a":1}}})",
        R"({"jsonrpc":"2.0","method":"notifications/unheard_of","params":{}})",
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
    CAPTURE(text);
    bench on;
    mcp::client_options options;
    std::vector<std::string> logged;
    options.logger.sink = [&](const live::log_record& record) {
        logged.emplace_back(record.event);
    };
    const auto client = on.make(options);
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        on.server.say(text);
        on.server.answer(id, done);
        on.server.answer(id, R"({"content":[{"type":"text","text":"again"}]})");
    };
    CHECK(on.run(call(client, "x")).response == live::json(R"({"output":"done"})"));
    if (std::string_view(text) == "not JSON") CHECK(logged == list{"mcp_trouble"});
}

TEST_CASE("a changed list is asked for and reported, once for many notices")
{
    bench on;
    mcp::client_options options;
    std::vector<std::size_t> sizes;
    options.on_tools_changed = [&](const mcp::tool_list& now) {
        sizes.push_back(now.tools.size());
    };
    const auto client = on.make(options);
    std::vector<std::int64_t> asked;
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        asked.push_back(id);
    };
    on.run(mcp::client_core::connect(client));
    constexpr auto notice = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
    on.server.say(notice);
    on.settle();
    REQUIRE(asked.size() == 1);
    for (int i = 0; i < 5; ++i) on.server.say(notice);
    on.server.answer(asked[0], tools_named({"a"}));
    on.settle();
    REQUIRE(asked.size() == 2);
    on.server.answer(asked[1], tools_named({"a", "b"}));
    on.settle();
    CHECK(sizes == std::vector<std::size_t>{1, 2});
    CHECK(asked.size() == 2);
    on.server.say(notice);
    on.settle();
    CHECK(asked.size() == 3);
}

TEST_CASE("when a server dies its calls fail with its end, and the next call starts it again")
{
    bench on;
    mcp::client_options options;
    options.restart = GENERATE(true, false);
    std::vector<errc> ends;
    options.on_ended = [&](const live::error& why) { ends.push_back(why.value()); };
    const auto client = on.make(options);
    on.on_request = [&](const std::string&, std::int64_t, const json_value&) {
        on.server.die({errc::connection_lost, "The MCP server x exited with status 1."});
    };
    auto why = on.failure(call(client, "x"));
    REQUIRE(why);
    CHECK(why->value() == errc::connection_lost);
    CHECK(std::string(why->what()).find("status 1") != std::string::npos);
    CHECK(ends == std::vector<errc>{errc::connection_lost});
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        on.server.answer(id, done);
    };
    if (options.restart) {
        CHECK_FALSE(on.run(call(client, "x")).is_error);
        CHECK(on.server.generation == 2);
    } else {
        why = on.failure(call(client, "x"));
        REQUIRE(why);
        CHECK(why->value() == errc::connection_lost);
        CHECK(on.server.generation == 1);
    }
}

TEST_CASE("a server that cannot be started is an error of each call, which tries again")
{
    bench on;
    const auto client = on.make();
    on.server.refuses_to_open = live::error(errc::invalid_argument, "No such file.");
    CHECK(on.failure(call(client, "x"))->value() == errc::invalid_argument);
    CHECK(on.failure(mcp::client_core::list_tools(client))->value() == errc::invalid_argument);
    on.server.refuses_to_open.reset();
    CHECK(on.run(mcp::client_core::connect(client)).name == "peer");
}

TEST_CASE("a call whose session was forgotten is made again on a new one, once")
{
    bench on;
    const auto client = on.make();
    on.run(mcp::client_core::connect(client));
    const live::error forgotten(errc::context_lost, "The MCP server has forgotten its session.");
    on.server.refuses_requests = forgotten;
    const bool is_forgotten_again = GENERATE(false, true);
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        on.server.answer(id, done);
    };
    if (!is_forgotten_again) {
        CHECK_FALSE(on.run(call(client, "x")).is_error);
        CHECK(on.server.generation == 2);
        return;
    }
    on.server.on_request = [&](const std::string& method, std::int64_t id, const json_value&) {
        if (method != "initialize") return;
        on.server.answer(id, hello);
        on.server.refuses_requests = forgotten;
    };
    CHECK(on.failure(call(client, "x"))->value() == errc::context_lost);
}

TEST_CASE("close ends the connection in order, its calls, and all later ones")
{
    bench on;
    const auto client = on.make();
    on.on_request = [&](const std::string&, std::int64_t, const json_value&) {
        asio::co_spawn(on.io, mcp::client_core::close(client), asio::detached);
    };
    CHECK(on.failure(call(client, "x"))->value() == errc::closed);
    CHECK(on.server.closed == 1);
    CHECK(on.server.aborted == 0);
    CHECK(on.failure(call(client, "x"))->value() == errc::closed);
    on.run(mcp::client_core::close(client));
    CHECK(on.server.closed == 1);
    CHECK(on.server.generation == 1);
}

TEST_CASE("numbers out of their range are refused")
{
    bench on;
    mcp::client_options options;
    const auto member = GENERATE(0, 1, 2, 3, 4, 5);
    if (member == 0) options.connect_deadline = 0ms;
    if (member == 1) options.list_deadline = -1ms;
    if (member == 2) options.call_deadline = 0ms;
    if (member == 3) options.max_message = 0;
    if (member == 4) options.max_tools = 0;
    if (member == 5) options.max_calls = 0;
    CHECK_THROWS_AS(on.make(options), live::error);
}

} // namespace client_test
