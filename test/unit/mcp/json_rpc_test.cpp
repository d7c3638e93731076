// SPDX-License-Identifier: Apache-2.0
#include "mcp/json_rpc.hpp"

#include "support/catch.hpp"

#include <gemini/live/error.hpp>

#include <string>
#include <vector>

namespace json_rpc_test {

namespace live = gemini::live;
namespace mcp = gemini::live::mcp;

TEST_CASE("requests, notifications, results and errors are told apart")
{
    const auto request = mcp::read_messages(R"({"jsonrpc":"2.0","id":"a1","method":"ping"})");
    REQUIRE(request.requests.size() == 1);
    CHECK(request.requests[0].id == R"("a1")");
    CHECK(request.requests[0].method == "ping");

    const auto notice =
        mcp::read_messages(R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":1}})");
    REQUIRE(notice.notifications.size() == 1);
    CHECK(notice.notifications[0].method == "notifications/x");
    CHECK(notice.notifications[0].params->text() == R"({"a":1})");

    const auto result = mcp::read_messages(R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})");
    REQUIRE(result.answers.size() == 1);
    CHECK(result.answers[0].id == 7);
    CHECK(result.answers[0].result->text() == R"({"a":1})");

    const auto failure = mcp::read_messages(
        R"({"jsonrpc":"2.0","id":8.0,"error":{"code":-32602,"message":"no such tool"}})");
    REQUIRE(failure.answers.size() == 1);
    CHECK(failure.answers[0].id == 8);
    CHECK(failure.answers[0].failure->code == -32602);
    CHECK(failure.answers[0].failure->message == "no such tool");
}

TEST_CASE("a batch holds several messages")
{
    const auto all = mcp::read_messages(R"([{"jsonrpc":"2.0","id":1,"result":{}},
        {"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","id":2,"method":"ping"}])");
    CHECK(all.answers.size() == 1);
    CHECK(all.notifications.size() == 1);
    CHECK(all.requests.size() == 1);
    CHECK(mcp::read_messages("[]").answers.empty());
}

TEST_CASE("an answer to nothing that we have asked has no number")
{
    const auto* const text =
        GENERATE(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}})",
            R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}})",
            R"({"jsonrpc":"2.0","id":"7","error":{}})", R"({"jsonrpc":"2.0","id":1.5,"error":{}})",
            R"({"jsonrpc":"2.0","id":[1],"error":{}})");
    const auto all = mcp::read_messages(text);
    REQUIRE(all.answers.size() == 1);
    CHECK_FALSE(all.answers[0].id);
    CHECK(all.answers[0].failure);
}

TEST_CASE("what is not JSON-RPC 2.0 is refused with its beginning")
{
    const auto* const text = GENERATE("", "hello", "{", "7", "null", "{}",
        R"({"id":1,"result":{}})", R"({"jsonrpc":"1.0","id":1,"result":{}})",
        R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","id":1,"result":null})",
        R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", R"({"jsonrpc":"2.0","method":1})",
        R"({"jsonrpc":"2.0","method":"x","id":{}})", R"([{"jsonrpc":"2.0","method":"a"},1])",
        "{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}");
    CAPTURE(text);
    try {
        static_cast<void>(mcp::read_messages(text));
        FAIL("it was accepted");
    } catch (const live::error& refused) {
        CHECK(refused.value() == live::errc::malformed_message);
    }
}

TEST_CASE("messages are written as JSON-RPC 2.0")
{
    CHECK(mcp::request_text(3, "tools/call", R"({"name":"x"})") ==
          R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"x"}})");
    CHECK(mcp::request_text(4, "tools/list", "") ==
          R"({"jsonrpc":"2.0","id":4,"method":"tools/list"})");
    CHECK(mcp::notification_text("notifications/initialized") ==
          R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    CHECK(mcp::empty_result_text(R"("a\"b")") == R"({"jsonrpc":"2.0","id":"a\"b","result":{}})");
    CHECK(mcp::method_not_found_text("5", "roots/list") ==
          R"({"jsonrpc":"2.0","id":5,"error":{"code":-32601,"message":)"
          R"("This client has no roots/list."}})");
}

} // namespace json_rpc_test
