// SPDX-License-Identifier: Apache-2.0
#include "vectors/official_client.hpp"

#include "protocol/decode.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace live = gemini::live;
using live::protocol::json_value;
using live::protocol::json_writer;

namespace vectors {
namespace {

constexpr std::array<std::string_view, 14> of_generation_config{"responseModalities", "temperature",
    "topP", "topK", "maxOutputTokens", "candidateCount", "presencePenalty", "frequencyPenalty",
    "seed", "mediaResolution", "speechConfig", "thinkingConfig", "enableAffectiveDialog",
    "translationConfig"};

constexpr std::array<std::string_view, 2> not_sent{"httpOptions", "abortSignal"};

template <class List>
bool contains(const List& list, std::string_view name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_content(const json_value& value) { return value.find("parts") || value.find("role"); }

void write_part(json_writer& out, const json_value& part)
{
    if (const auto text = part.string())
        out.begin_object().member("text", *text).end_object();
    else
        out.raw(part.text());
}

/// A string, a part, a list of them or a content: as content of the user.
void write_content(json_writer& out, const json_value& given)
{
    if (is_content(given)) {
        out.raw(given.text());
        return;
    }
    out.begin_object().member("role", "user").key("parts").begin_array();
    if (given.kind() == json_value::type::array)
        for (const auto& each : given.elements()) write_part(out, each);
    else
        write_part(out, given);
    out.end_array().end_object();
}

void write_contents(json_writer& out, const json_value& given)
{
    const auto list = given.elements();
    out.begin_array();
    if (!list.empty() && is_content(list.front()))
        for (const auto& each : list) write_content(out, each);
    else
        write_content(out, given);
    out.end_array();
}

/// A JSON Schema that says that it is one goes where JSON Schemas go.
void write_function(json_writer& out, const json_value& function)
{
    const auto members = function.members();
    out.begin_object();
    for (const auto& [name, value] : members) {
        const bool free = name == "parameters" && value.find("$schema");
        out.key(free ? "parametersJsonSchema" : name).raw(value.text());
    }
    out.end_object();
}

void write_tools(json_writer& out, const json_value& tools)
{
    out.begin_array();
    for (const auto& tool : tools.elements()) {
        const auto members = tool.members();
        out.begin_object();
        for (const auto& [name, value] : members) {
            out.key(name);
            if (name != "functionDeclarations") {
                out.raw(value.text());
                continue;
            }
            out.begin_array();
            for (const auto& each : value.elements()) write_function(out, each);
            out.end_array();
        }
        out.end_object();
    }
    out.end_array();
}

void write_generation_config(json_writer& out, const json_value& config)
{
    out.key("generationConfig").begin_object();
    const auto given = config.find("generationConfig");
    const auto inner = given ? given->members() : decltype(config.members()){};
    for (const auto& [name, value] : inner) out.key(name).raw(value.text());
    const auto members = config.members();
    for (const auto& [name, value] : members)
        if (contains(of_generation_config, name)) out.key(name).raw(value.text());
    out.end_object_unless_empty();
}

live::protocol::client_message read(const json_writer& message)
{
    return live::protocol::decode_client_message(message.text());
}

} // namespace

live::setup to_setup(std::string_view model, const std::optional<json_value>& config)
{
    json_writer out;
    out.begin_object().key("setup").begin_object().member("model", model);
    if (config) {
        write_generation_config(out, *config);
        const auto members = config->members();
        for (const auto& [name, value] : members) {
            if (name == "generationConfig" || contains(of_generation_config, name) ||
                contains(not_sent, name))
                continue;
            out.key(name);
            if (name == "systemInstruction")
                write_content(out, value);
            else if (name == "tools")
                write_tools(out, value);
            else
                out.raw(value.text());
        }
    }
    return *read(out.end_object().end_object()).setup;
}

live::protocol::client_message to_message(
    std::string_view method, const std::optional<json_value>& given)
{
    const auto arguments = given.value_or(json_value::parse("{}"));
    json_writer out;
    out.begin_object();
    if (method == "sendClientContent") {
        out.key("clientContent").begin_object();
        if (const auto turns = arguments.find("turns")) write_contents(out.key("turns"), *turns);
        const auto complete = arguments.find("turnComplete");
        out.key("turnComplete").raw(complete ? complete->text() : "true").end_object();
    } else if (method == "sendRealtimeInput") {
        const auto members = arguments.members();
        out.key("realtimeInput").begin_object();
        for (const auto& [name, value] : members) {
            if (name == "media")
                out.key("mediaChunks").begin_array().raw(value.text()).end_array();
            else
                out.key(name).raw(value.text());
        }
        out.end_object();
    } else if (method == "sendToolResponse") {
        const auto responses = arguments.find("functionResponses").value_or(arguments);
        const bool one = responses.kind() != json_value::type::array;
        out.key("toolResponse").begin_object().key("functionResponses");
        out.raw(one ? '[' + responses.text() + ']' : responses.text()).end_object();
    } else if (method == "sendContextUpdate") {
        out.key("contextUpdate").begin_object();
        if (const auto instruction = arguments.find("systemInstruction"))
            write_content(out.key("systemInstruction"), *instruction);
        if (const auto tools = arguments.find("tools")) out.key("tools").raw(tools->text());
        out.end_object();
    } else if (method == "setWeightedPrompts") {
        out.key("clientContent").raw(arguments.text());
    } else if (method == "setMusicGenerationConfig") {
        const auto config = arguments.find("musicGenerationConfig");
        out.key("musicGenerationConfig").raw(config ? config->text() : "{}");
    } else if (method == "play" || method == "pause" || method == "stop") {
        std::string control(method);
        std::transform(control.begin(), control.end(), control.begin(),
            [](char c) { return static_cast<char>(c - 'a' + 'A'); });
        out.member("playbackControl", control);
    } else if (method == "resetContext") {
        out.member("playbackControl", "RESET_CONTEXT");
    } else {
        throw live::error(live::errc::invalid_argument,
            "The driver does not know the method " + std::string(method) + '.');
    }
    return read(out.end_object());
}

} // namespace vectors
