// SPDX-License-Identifier: Apache-2.0
#include "mcp/tool_messages.hpp"

#include "base/access.hpp"
#include "base/base64.hpp"
#include "base/excerpt.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gemini::live::mcp {
namespace {

using protocol::json_value;
using protocol::json_writer;

std::string text_at(const json_value& object, std::string_view member)
{
    const auto found = object.find(member);
    return found ? found->string().value_or("") : "";
}

bool flag_at(const json_value& object, std::string_view member)
{
    const auto found = object.find(member);
    return found && found->boolean().value_or(false);
}

std::optional<json> json_at(const json_value& object, std::string_view member)
{
    const auto found = object.find(member);
    if (!found) return std::nullopt;
    return access::trusted(found->text());
}

[[noreturn]] void refuse(std::string_view what, const json_value& result)
{
    throw error(errc::malformed_message,
        fmt::format("The MCP server answered {}: {}", what, base::excerpt(result.text(), 200)));
}

void read_tool(const json_value& from, tool_list& into)
{
    tool one;
    one.name = text_at(from, "name");
    const auto refuse_tool = [&](std::string_view why) {
        into.refused.push_back({one.name, std::string(why)});
    };
    if (one.name.empty()) return refuse_tool("It has no name.");
    const auto schema = from.find("inputSchema");
    if (!schema || !schema->is_object()) return refuse_tool("Its inputSchema is not an object.");
    one.title = text_at(from, "title");
    one.description = text_at(from, "description");
    one.input_schema = access::trusted(schema->text());
    one.output_schema = json_at(from, "outputSchema");
    one.annotations = json_at(from, "annotations");
    into.tools.push_back(std::move(one));
}

/// What the content of a result consists of.
struct collected_content {
    std::string text{};
    std::vector<function_response_part> parts{};

    void add_line(std::string_view line)
    {
        if (!text.empty()) text += '\n';
        text += line;
    }
    void add_bytes(const json_value& holder, std::string_view member, const std::string& name);
    void add_resource(const json_value& resource);
    void add(const json_value& block);
};

void collected_content::add_bytes(
    const json_value& holder, std::string_view member, const std::string& name)
{
    const auto coded = text_at(holder, member);
    auto type = text_at(holder, "mimeType");
    if (type.empty()) type = "application/octet-stream";
    std::vector<std::byte> data(base::base64_capacity(coded.size()));
    const auto size = base::base64_decode_leniently(coded, data.data());
    if (!size) return add_line(fmt::format("({} that cannot be read: it is not base64)", type));
    data.resize(*size);
    parts.emplace_back(blob(std::move(type), std::move(data), name));
}

void collected_content::add_resource(const json_value& resource)
{
    const auto uri = text_at(resource, "uri");
    if (resource.find("blob")) return add_bytes(resource, "blob", uri);
    add_line(fmt::format("{}:", uri));
    add_line(text_at(resource, "text"));
}

void collected_content::add(const json_value& block)
{
    const auto type = text_at(block, "type");
    if (type == "text") return add_line(text_at(block, "text"));
    if (type == "image" || type == "audio") return add_bytes(block, "data", {});
    if (type == "resource") {
        if (const auto resource = block.find("resource")) add_resource(*resource);
        return;
    }
    if (type == "resource_link") {
        const auto description = text_at(block, "description");
        return add_line(fmt::format("{} ({}){}{}", text_at(block, "uri"), text_at(block, "name"),
            description.empty() ? "" : ": ", description));
    }
    add_line(block.text()); // a newer type: the model may understand it
}

json response_of(std::string_view member, std::string_view value_json)
{
    json_writer text;
    text.begin_object().key(member).raw(value_json).end_object();
    return access::trusted(text.take());
}

std::string json_string(std::string_view text)
{
    json_writer quoted;
    quoted.string(text);
    return quoted.take();
}

/// Something for the model to go by where everything is in the parts.
std::string listed(const std::vector<function_response_part>& parts)
{
    std::string line;
    for (const auto& each : parts) {
        line += line.empty() ? "Attached: " : ", ";
        line += each.inline_data->mime_type;
    }
    return line;
}

} // namespace

std::string initialize_params()
{
    json_writer params;
    params.begin_object().member("protocolVersion", known_versions[0]);
    params.key("capabilities").begin_object().end_object();
    params.key("clientInfo").begin_object();
    params.member("name", "gemini-live").member("version", version());
    return params.end_object().end_object().take();
}

server_info read_server_info(const json_value& result)
{
    server_info info;
    info.protocol_version = text_at(result, "protocolVersion");
    if (info.protocol_version.empty()) refuse("initialize without a version", result);
    const auto* const end = std::end(known_versions);
    if (std::find(std::begin(known_versions), end, info.protocol_version) == end) {
        throw error(errc::rejected,
            fmt::format("The MCP server speaks version {}, this library {} to {}: use a version of "
                        "the server that speaks one of these.",
                base::excerpt(info.protocol_version, 40), known_versions[3], known_versions[0]));
    }
    if (const auto server = result.find("serverInfo")) {
        info.name = text_at(*server, "name");
        info.version = text_at(*server, "version");
    }
    info.instructions = text_at(result, "instructions");
    const auto capabilities = result.find("capabilities");
    info.has_tools = capabilities && capabilities->find("tools");
    return info;
}

std::string list_params(const std::string& cursor)
{
    if (cursor.empty()) return {};
    json_writer params;
    return params.begin_object().member("cursor", cursor).end_object().take();
}

tool_page read_tool_page(const json_value& result)
{
    const auto tools = result.find("tools");
    if (!tools || tools->kind() != json_value::type::array)
        refuse("tools/list without a list", result);
    tool_page page;
    for (const auto& each : tools->elements()) read_tool(each, page.list);
    page.next_cursor = text_at(result, "nextCursor");
    return page;
}

std::string call_params(
    std::string_view name, const json& arguments, std::optional<std::int64_t> progress_token)
{
    json_writer params;
    params.begin_object().member("name", name).key("arguments").raw(arguments.text());
    if (progress_token) {
        params.key("_meta").begin_object().member("progressToken", *progress_token);
        params.end_object();
    }
    return params.end_object().take();
}

call_result read_call_result(const json_value& result)
{
    if (!result.is_object()) refuse("tools/call with something that is no object", result);
    collected_content content;
    if (const auto blocks = result.find("content")) {
        if (blocks->kind() != json_value::type::array)
            refuse("tools/call with content that is no list", result);
        for (const auto& each : blocks->elements()) content.add(each);
    }
    call_result all;
    all.is_error = flag_at(result, "isError");
    all.parts = std::move(content.parts);
    if (content.text.empty()) content.text = listed(all.parts);
    const auto structured = result.find("structuredContent");
    if (all.is_error)
        all.response = response_of("error", json_string(content.text));
    else if (structured) // the text says the same
        all.response = response_of("output", structured->text());
    else
        all.response = response_of("output", json_string(content.text));
    return all;
}

std::optional<progress_report> read_progress(const json_value& params)
{
    const auto token = params.find("progressToken");
    const auto value = params.find("progress");
    if (!token || !token->integer() || !value || !value->number()) return std::nullopt;
    progress_report report{*token->integer(), {*value->number()}};
    if (const auto total = params.find("total")) report.progress.total = total->number();
    report.progress.message = text_at(params, "message");
    return report;
}

std::string cancel_params(std::int64_t id, std::string_view reason)
{
    json_writer params;
    params.begin_object().member("requestId", id).member("reason", reason);
    return params.end_object().take();
}

} // namespace gemini::live::mcp
