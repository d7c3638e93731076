// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live {
namespace {

using protocol::json_value;
using protocol::json_writer;

[[noreturn]] void refuse(const char* why) { throw error(errc::invalid_argument, why); }

/// A type's name as the service wants it.
std::string in_capitals(std::string name)
{
    constexpr std::array types{"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"};
    std::transform(name.begin(), name.end(), name.begin(),
        [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const bool known = std::find(types.begin(), types.end(), name) != types.end();
    return known ? name : "TYPE_UNSPECIFIED";
}

bool is_null_type(const json_value& type) { return type.string() == "null"; }

bool is_null_schema(const json_value& schema)
{
    const auto type = schema.find("type");
    return type && is_null_type(*type);
}

/// Several types are a choice of schemas.
void write_types(json_writer& out, const json_value& type)
{
    if (is_null_type(type)) refuse("A schema's type cannot be null alone.");
    if (const auto name = type.string()) {
        out.member("type", in_capitals(*name));
        return;
    }
    auto types = type.elements();
    std::erase_if(types, is_null_type);
    const auto is_name = [](const json_value& each) { return each.string().has_value(); };
    if (types.empty() || !std::all_of(types.begin(), types.end(), is_name))
        refuse("A schema's type must be the name of a type, or a list of such names.");
    if (types.size() == 1) {
        out.member("type", in_capitals(*types.front().string()));
        return;
    }
    out.key("anyOf").begin_array();
    for (const auto& each : types)
        out.begin_object().member("type", in_capitals(*each.string())).end_object();
    out.end_array();
}

void write_schema(json_writer& out, const json_value& schema);

void write_choice(json_writer& out, const json_value& any_of)
{
    auto schemas = any_of.elements();
    std::erase_if(schemas, is_null_schema);
    if (schemas.empty()) refuse("A schema's anyOf must list schemas other than null.");
    out.key("anyOf").begin_array();
    for (const auto& each : schemas) write_schema(out, each);
    out.end_array();
}

bool is_nullable(const json_value& schema)
{
    const auto holds = [&schema](const char* name, bool (*is_null)(const json_value&)) {
        const auto list = schema.find(name);
        const auto each = list ? list->elements() : std::vector<json_value>();
        return std::any_of(each.begin(), each.end(), is_null);
    };
    return holds("type", is_null_type) || holds("anyOf", is_null_schema) ||
           (schema.find("nullable") && schema.find("nullable")->boolean().value_or(false));
}

/// A choice between one schema and null is that schema, nullable, with what stands beside the
/// choice.
std::optional<json_value> without_choice(const json_value& schema)
{
    const auto any_of = schema.find("anyOf");
    auto schemas = any_of ? any_of->elements() : std::vector<json_value>();
    if (std::erase_if(schemas, is_null_schema) == 0 || schemas.size() != 1) return std::nullopt;
    const auto beside = schema.members();
    const auto inside = schemas.front().members();
    json_writer out;
    out.begin_object();
    for (const auto& [name, value] : inside)
        if (name != "nullable") out.key(name).raw(value.text());
    for (const auto& [name, value] : beside)
        if (name != "anyOf" && name != "nullable" && !schemas.front().find(name))
            out.key(name).raw(value.text());
    out.member("nullable", true).end_object();
    return json_value::parse(out.text());
}

void write_schema(json_writer& out, const json_value& schema)
{
    if (!schema.is_object()) refuse("A schema must be a JSON object.");
    if (schema.find("type") && schema.find("anyOf"))
        refuse("A schema must have a type or anyOf, not both.");
    if (const auto one = without_choice(schema)) {
        write_schema(out, *one);
        return;
    }
    const auto members = schema.members(); // names stay readable
    out.begin_object();
    for (const auto& [name, value] : members) {
        const bool unknown_there = name == "additionalProperties";
        if (value.kind() == json_value::type::null || unknown_there || name == "nullable") continue;
        if (name == "type") {
            write_types(out, value);
        } else if (name == "items") {
            write_schema(out.key(name), value);
        } else if (name == "anyOf") {
            write_choice(out, value);
        } else if (name == "properties") {
            const auto properties = value.members();
            out.key(name).begin_object();
            for (const auto& [property, type] : properties) write_schema(out.key(property), type);
            out.end_object();
        } else {
            out.key(name).raw(value.text());
        }
    }
    if (is_nullable(schema)) out.member("nullable", true);
    out.end_object();
}

json in_openapi(const json& text)
{
    json_writer out;
    write_schema(out, json_value::parse(text.text()));
    return json::trusted(out.take());
}

/// `object` with its member `name` made by `change`, which is given what is there.
template <class Change>
json changed(const json& object, std::string_view name, Change change)
{
    json_writer out;
    bool done = false;
    const auto members = json_value::parse(object.text()).members();
    out.begin_object();
    for (const auto& [each, value] : members) {
        out.key(each);
        if (each == name)
            out.raw(change(std::optional(value.text())));
        else
            out.raw(value.text());
        done = done || each == name;
    }
    if (!done) out.key(name).raw(change(std::optional<std::string>()));
    return json::trusted(out.end_object().take());
}

/// `list`, or a new one, with one more element.
std::string pushed(const std::optional<std::string>& list, std::string_view value)
{
    return json::trusted(list.value_or("[]")).push(value).text();
}

} // namespace

schema::schema(const json& text) : text_(in_openapi(text)) {}

schema::schema(std::string_view type, std::string_view description)
{
    text_ = json::object().add("type", type);
    if (!description.empty()) text_ = std::move(text_).add("description", description);
}

schema schema::object(std::string_view description) { return {"OBJECT", description}; }
schema schema::string(std::string_view description) { return {"STRING", description}; }
schema schema::number(std::string_view description) { return {"NUMBER", description}; }
schema schema::integer(std::string_view description) { return {"INTEGER", description}; }
schema schema::boolean(std::string_view description) { return {"BOOLEAN", description}; }

schema schema::array(const schema& items, std::string_view description)
{
    return schema("ARRAY", description).with("items", items.text());
}

schema schema::property(std::string_view name, const schema& type) const
{
    schema made = *this;
    made.text_ = changed(text_, "properties", [&](const std::optional<std::string>& there) {
        return json::trusted(there.value_or("{}")).add(name, type.text()).text();
    });
    return made;
}

schema schema::required(std::string_view name) const
{
    schema made = *this;
    made.text_ = changed(text_, "required",
        [name](const std::optional<std::string>& there) { return pushed(there, name); });
    return made;
}

schema schema::one_of(std::string_view value) const
{
    schema made = *this;
    made.text_ = changed(text_, "enum",
        [value](const std::optional<std::string>& there) { return pushed(there, value); });
    return made;
}

schema schema::nullable() const { return with("nullable", json::trusted("true")); }

schema schema::with(std::string_view member, const json& value) const
{
    schema made = *this;
    made.text_ = changed(
        text_, member, [&value](const std::optional<std::string>&) { return value.text(); });
    return made;
}

} // namespace gemini::live
