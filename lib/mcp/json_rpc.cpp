// SPDX-License-Identifier: Apache-2.0
#include "mcp/json_rpc.hpp"

#include "base/excerpt.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace gemini::live::mcp {
namespace {

using protocol::json_value;
using protocol::json_writer;

[[noreturn]] void refuse(const json_value& message, std::string_view why)
{
    throw error(errc::malformed_message, fmt::format("The MCP server sent a message that {}: {}",
                                             why, base::excerpt(message.text(), 200)));
}

bool can_be_id(const json_value& id)
{
    return id.kind() == json_value::type::string || id.kind() == json_value::type::number;
}

void read_message(const json_value& message, message_batch& into)
{
    const auto version = message.find("jsonrpc");
    if (!version || version->string() != "2.0") refuse(message, "is not JSON-RPC 2.0");
    const auto id = message.find("id");
    if (const auto method = message.find("method")) {
        const auto name = method->string();
        if (!name) refuse(message, "has a method that is no string");
        if (!id)
            into.notifications.push_back({*name, message.find("params")});
        else if (can_be_id(*id))
            into.requests.push_back({id->text(), *name});
        else
            refuse(message, "has an id that is neither a string nor a number");
        return;
    }
    answer_message answer;
    // ours are numbers, in any spelling but as a string
    if (id && id->kind() == json_value::type::number) answer.id = id->integer();
    answer.result = message.find("result");
    if (const auto failure = message.find("error")) {
        const auto code = failure->find("code");
        const auto words = failure->find("message");
        answer.failure = rpc_error{
            code ? code->integer().value_or(0) : 0, words ? words->string().value_or("") : ""};
    }
    if (answer.result.has_value() == answer.failure.has_value())
        refuse(message, "has neither a method, nor either a result or an error");
    into.answers.push_back(std::move(answer));
}

json_writer begin_message()
{
    json_writer text;
    text.begin_object().member("jsonrpc", "2.0");
    return text;
}

} // namespace

message_batch read_messages(std::string_view text)
{
    message_batch all;
    const auto whole = json_value::parse(text);
    if (whole.kind() != json_value::type::array) {
        read_message(whole, all);
        return all;
    }
    for (const auto& each : whole.elements()) read_message(each, all);
    return all;
}

std::string request_text(std::int64_t id, std::string_view method, std::string_view params)
{
    auto text = begin_message();
    text.member("id", id).member("method", method);
    if (!params.empty()) text.key("params").raw(params);
    return text.end_object().take();
}

std::string notification_text(std::string_view method, std::string_view params)
{
    auto text = begin_message();
    text.member("method", method);
    if (!params.empty()) text.key("params").raw(params);
    return text.end_object().take();
}

std::string empty_result_text(std::string_view id)
{
    auto text = begin_message();
    text.key("id").raw(id).key("result").raw("{}");
    return text.end_object().take();
}

std::string method_not_found_text(std::string_view id, std::string_view method)
{
    constexpr std::int64_t method_not_found = -32601;
    auto text = begin_message();
    text.key("id").raw(id).key("error").begin_object();
    text.member("code", method_not_found);
    text.member("message", fmt::format("This client has no {}.", base::excerpt(method, 100)));
    return text.end_object().end_object().take();
}

} // namespace gemini::live::mcp
