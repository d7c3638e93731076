// SPDX-License-Identifier: Apache-2.0
#include "mcp/tool_functions.hpp"

#include "base/access.hpp"
#include "support/catch.hpp"
#include "tools/tool_function.hpp"
#include "unit/mcp/scripted_peer.hpp"

#include <gemini/live/within.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <string>
#include <vector>

namespace tool_functions_test {

using namespace std::chrono_literals;
using namespace test::mcp_peer;
using gemini::live::errc;

namespace {

mcp::tool named(std::string name, const char* schema = R"({"type":"object"})")
{
    mcp::tool one;
    one.name = std::move(name);
    one.description = "Does it.";
    one.input_schema = live::json(schema);
    return one;
}

mcp::tool_list listed(std::vector<mcp::tool> tools)
{
    mcp::tool_list all;
    all.tools = std::move(tools);
    return all;
}

/// A call without a session, which keeps the parts of its answer.
class lone_call final : public live::running_call {
public:
    [[nodiscard]] const live::function_call& request() const noexcept override { return request_; }
    asio::awaitable<void> report(live::tool_result part) override
    {
        if (is_refused) throw live::error(errc::invalid_argument, "Not on Vertex AI.");
        parts.push_back(part.response.text());
        co_return;
    }

    std::vector<std::string> parts{};
    bool is_refused = false;

private:
    live::function_call request_{};
};

using list = std::vector<std::string>;

/// Calls the only function of a toolset.
asio::awaitable<live::tool_result> run(const live::toolset& tools, live::running_call& call,
    const live::json& arguments = live::json())
{
    return gemini::live::access::functions(tools).front()->handler(arguments, call);
}

} // namespace

TEST_CASE("a tool's name becomes one that a function can have")
{
    CHECK(mcp::function_name("", "read_file") == "read_file");
    CHECK(mcp::function_name("", "a.b:c-d_1") == "a.b:c-d_1");
    CHECK(mcp::function_name("", "files/read file") == "files_read_file");
    CHECK(mcp::function_name("", "1st") == "_1st");
    CHECK(mcp::function_name("", "-x") == "_-x");
    CHECK(mcp::function_name("", "gr\u00fc\u00dfe") == "gr____e");
    CHECK(mcp::function_name("files_", "1") == "files_1");
    CHECK(mcp::function_name("", "") == "_");
}

TEST_CASE("tools become functions with their schemas, and those that cannot are refused by name")
{
    bench on;
    const auto core = on.make();
    live::toolset tools;
    tools.add({.name = "taken"}, [] {});
    const auto* const with_city =
        R"({"type":"object","properties":{"city":{"$ref":"#/$defs/c"}},"$defs":{"c":{"type":"string"}}})";
    auto titled = named("titled");
    titled.description.clear();
    titled.title = "A title";
    auto tools_of_server = listed({named("weather", with_city), named("none"), titled,
        named("taken"), named(std::string(65, 'x')), named("list", R"({"type":"array"})"),
        named("untyped", "{}"), named("a b"), named("a_b"), named("unwanted")});
    tools_of_server.refused = {{"broken", "Its inputSchema is not an object."}};
    mcp::function_rules rules;
    rules.accept = [](const mcp::tool& one) { return one.name != "unwanted"; };
    rules.behavior = live::behavior::non_blocking;
    const auto added = mcp::add_functions(tools, core, tools_of_server, rules);
    CHECK(added.functions == list{"weather", "none", "titled", "a_b"});
    list refused;
    for (const auto& each : added.refused) refused.push_back(each.name.substr(0, 7));
    CHECK(refused == list{"broken", "taken", "xxxxxxx", "list", "untyped", "a_b"});
    const auto declared = tools.declarations();
    REQUIRE(declared.size() == 5);
    CHECK(declared[1].name == "weather");
    CHECK(declared[1].description == "Does it.");
    CHECK(declared[1].parameters_json_schema == live::json(with_city));
    CHECK(declared[1].behavior == live::behavior::non_blocking);
    CHECK_FALSE(declared[2].parameters_json_schema);
    CHECK(declared[3].description == "A title");
}

TEST_CASE("schemas are converted if that is wished, and what cannot be is refused by name")
{
    bench on;
    live::toolset tools;
    mcp::function_rules rules;
    rules.prefix = "x_";
    rules.convert_schemas = true;
    const auto added = mcp::add_functions(tools, on.make(),
        listed({named("good", R"({"type":"object","properties":{"a":{"type":["string","null"]}}})"),
            named("bad", R"({"type":"object","properties":{"a":{"$ref":"#"}}})")}),
        rules);
    CHECK(added.functions == list{"x_good"});
    REQUIRE(added.refused.size() == 1);
    CHECK(added.refused[0].name == "bad");
    CHECK(tools.declarations()[0].parameters->text().find_bool("/properties/a/nullable") == true);
}

TEST_CASE("a function calls its tool, whatever it is called itself")
{
    bench on;
    live::toolset tools;
    mcp::function_rules rules;
    rules.prefix = "files_";
    mcp::add_functions(tools, on.make(), listed({named("read it")}), rules);
    bool is_error = GENERATE(false, true);
    on.on_request = [&](const std::string&, std::int64_t id, const json_value& message) {
        CHECK(message.find("params")->find("name")->string() == "read it");
        CHECK(message.find("params")->find("arguments")->text() == R"({"a":1})");
        CHECK_FALSE(message.find("params")->find("_meta"));
        on.server.answer(id, is_error
                                 ? R"({"content":[{"type":"text","text":"no"}],"isError":true})"
                                 : R"({"content":[{"type":"image","data":"YQ=="}]})");
    };
    lone_call call;
    const auto result = on.run(run(tools, call, live::json(R"({"a":1})")));
    CHECK(result.response.find_string("/error").has_value() == is_error);
    CHECK(result.parts.size() == (is_error ? 0u : 1u));
}

TEST_CASE("a refusal and the end of the client are failures of the function")
{
    bench on;
    live::toolset tools;
    const auto core = on.make();
    mcp::add_functions(tools, core, listed({named("x")}), {});
    on.on_request = [&](const std::string&, std::int64_t id, const json_value&) {
        on.server.say(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                      R"(,"error":{"code":-1,"message":"broken"}})");
    };
    lone_call call;
    CHECK(on.failure(run(tools, call))->value() == errc::rejected);
    on.run(mcp::client_core::close(core));
    CHECK(on.failure(run(tools, call))->value() == errc::closed);
}

TEST_CASE("the model hears of the newest progress of a non-blocking function, not too often")
{
    bench on;
    live::toolset tools;
    mcp::function_rules rules;
    rules.behavior = live::behavior::non_blocking;
    rules.progress_interval = 5s;
    list told;
    rules.on_progress = [&](const std::string& function, const mcp::progress& now) {
        told.push_back(function + " " + std::to_string(static_cast<int>(now.value)));
    };
    mcp::add_functions(tools, on.make(), listed({named("x")}), rules);
    on.on_request = [&](const std::string&, std::int64_t id, const json_value& message) {
        const auto token = message.find("params")->find("_meta")->find("progressToken")->text();
        const auto at = [&](std::chrono::seconds when, std::string text) {
            on.clock->at(on.clock->now() + when,
                [&on, text = std::move(text)] { on.server.receiver.on_message(text); });
        };
        for (int i = 1; i <= 8; ++i) {
            at(std::chrono::seconds(i),
                R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
                    token + R"(,"progress":)" + std::to_string(i) + R"(,"message":"m"}})");
        }
        at(10s, R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":{}})");
    };
    lone_call call;
    call.is_refused = GENERATE(false, true);
    on.run(run(tools, call));
    CHECK(told.size() == 8);
    CHECK(told.back() == "x 8");
    if (call.is_refused)
        CHECK(call.parts.empty());
    else
        CHECK(call.parts ==
              list{R"({"progress":1,"message":"m"})", R"({"progress":6,"message":"m"})"});
}

TEST_CASE("a canceled function tells its server")
{
    bench on;
    live::toolset tools;
    mcp::function_rules rules;
    if (GENERATE(false, true)) rules.behavior = live::behavior::non_blocking;
    mcp::add_functions(tools, on.make(), listed({named("x")}), rules);
    asio::cancellation_signal stop;
    on.on_request = [&](const std::string&, std::int64_t, const json_value&) {
        gemini::live::async::post(
            on.io.get_executor(), [&] { stop.emit(asio::cancellation_type::terminal); });
    };
    lone_call call;
    std::exception_ptr ended;
    asio::co_spawn(on.io, run(tools, call),
        asio::bind_cancellation_slot(stop.slot(),
            [&](std::exception_ptr thrown, const live::tool_result&) { ended = thrown; }));
    on.settle();
    REQUIRE(ended);
    CHECK(live::detail::is_cancellation(ended));
    CHECK(on.server.methods().back() == "notifications/cancelled");
}

} // namespace tool_functions_test
