// SPDX-License-Identifier: Apache-2.0
#include "vectors/official_client.hpp"
#include "support/client_codec.hpp"

#include "protocol/decode.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace live = gemini::live;
using live::protocol::json_value;
using live::protocol::json_writer;

namespace vectors {
namespace {

constexpr std::array<std::string_view, 14> of_generation_config{"responseModalities", "temperature",
    "topP", "topK", "maxOutputTokens", "candidateCount", "presencePenalty", "frequencyPenalty",
    "seed", "mediaResolution", "speechConfig", "thinkingConfig", "enableAffectiveDialog",
    "translationConfig"};

/// Members of generationConfig that have a place in our setup; all others are passed on unchanged.
constexpr std::string_view of_generation_config_only = "modelSelectionConfig";

constexpr std::array<std::string_view, 2> not_sent{"httpOptions", "abortSignal"};

template <class List>
bool contains(const List& list, std::string_view name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

[[noreturn]] void refuse(std::string why)
{
    throw live::error(live::errc::invalid_argument, std::move(why));
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
    if (given.kind() == json_value::type::array && list.empty()) refuse("There are no turns.");
    out.begin_array();
    if (!list.empty() && is_content(list.front()))
        for (const auto& each : list) write_content(out, each);
    else
        write_content(out, given);
    out.end_array();
}

/// A schema that declares itself a JSON Schema is passed on as one.
void write_function(json_writer& out, const json_value& function)
{
    const auto members = function.members();
    out.begin_object();
    for (const auto& [name, value] : members) {
        const bool free = value.find("$schema").has_value();
        const std::string_view called = !free                  ? std::string_view(name)
                                        : name == "parameters" ? "parametersJsonSchema"
                                        : name == "response"   ? "responseJsonSchema"
                                                               : std::string_view(name);
        out.key(called).raw(value.text());
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

using member_list = std::vector<std::pair<std::string, json_value>>;

/// What is given in generationConfig itself.
member_list given_there(const json_value& config)
{
    const auto given = config.find("generationConfig");
    return given ? given->members() : member_list();
}

bool is_typed(std::string_view name)
{
    return contains(of_generation_config, name) || name == of_generation_config_only;
}

/// A member that may be at the top or in generationConfig must not have two values.
void write_generation_config(json_writer& out, const json_value& config)
{
    const auto inner = given_there(config);
    const auto members = config.members();
    out.key("generationConfig").begin_object();
    for (const auto& [name, value] : inner) {
        if (const auto above = config.find(name); above && !(*above == value))
            refuse(name + " is given twice, with different values.");
        if (is_typed(name)) out.key(name).raw(value.text());
    }
    for (const auto& [name, value] : members)
        if (contains(of_generation_config, name)) out.key(name).raw(value.text());
    out.end_object_unless_empty();
}

/// Members of generationConfig without a place in our setup, as a user of ours passes them.
std::optional<live::json> extra_of(const json_value& config)
{
    const auto inner = given_there(config);
    json_writer out;
    out.begin_object().key("generationConfig").begin_object();
    for (const auto& [name, value] : inner)
        if (!is_typed(name)) out.key(name).raw(value.text());
    out.end_object_unless_empty().end_object();
    live::json extra(out.text());
    return extra.empty() ? std::nullopt : std::optional(std::move(extra));
}

void write_response(json_writer& out, const json_value& response)
{
    if (!response.find("name") || !response.find("response"))
        refuse("A function response must have a name and a response.");
    out.raw(response.text());
}

live::protocol::client_message read(const json_writer& message)
{
    return test::decode_client_message(message.text());
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
    auto setup = *read(out.end_object().end_object()).setup;
    if (config) setup.extra = extra_of(*config);
    return setup;
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
            const bool several = value.kind() == json_value::type::array;
            if (name == "media")
                out.key("mediaChunks").raw(several ? value.text() : '[' + value.text() + ']');
            else
                out.key(name).raw(value.text());
        }
        out.end_object();
    } else if (method == "sendToolResponse") {
        const auto responses = arguments.find("functionResponses").value_or(arguments);
        const bool several = responses.kind() == json_value::type::array;
        out.key("toolResponse").begin_object().key("functionResponses").begin_array();
        for (const auto& each : several ? responses.elements() : std::vector{responses})
            write_response(out, each);
        out.end_array().end_object();
    } else if (method == "sendContextUpdate") {
        out.key("contextUpdate").begin_object();
        if (const auto instruction = arguments.find("systemInstruction"))
            write_content(out.key("systemInstruction"), *instruction);
        if (const auto tools = arguments.find("tools")) {
            out.key("tools").begin_object();
            if (const auto list = tools->find("tools")) write_tools(out.key("tools"), *list);
            out.end_object();
        }
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
