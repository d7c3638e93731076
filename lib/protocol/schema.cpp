// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include <algorithm>
#include <cctype>
#include <string>

namespace gemini::live {
namespace {

using protocol::json_value;
using protocol::json_writer;

std::string in_capitals(std::string name)
{
    std::transform(name.begin(), name.end(), name.begin(),
        [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

/// Types in capitals; `["string", "null"]` is a nullable string.
void write_type(json_writer& out, const json_value& type)
{
    if (const auto name = type.string()) {
        out.member("type", in_capitals(*name));
        return;
    }
    std::vector<std::string> names;
    for (const auto& each : type.elements())
        if (const auto name = each.string()) names.push_back(in_capitals(*name));
    const auto nulls = std::erase(names, "NULL");
    if (names.size() != 1) {
        throw error(errc::invalid_argument,
            "A schema's type must be one type, with or without null: say more with anyOf.");
    }
    out.member("type", names.front());
    if (nulls != 0) out.member("nullable", true);
}

void write_schema(json_writer& out, const json_value& schema);

void write_schemas(json_writer& out, const json_value& schemas)
{
    out.begin_array();
    for (const auto& each : schemas.elements()) write_schema(out, each);
    out.end_array();
}

void write_schema(json_writer& out, const json_value& schema)
{
    if (!schema.is_object()) throw error(errc::invalid_argument, "A schema must be a JSON object.");
    const auto members = schema.members(); // names stay readable
    out.begin_object();
    for (const auto& [name, value] : members) {
        if (name == "type") {
            write_type(out, value);
        } else if (name == "items") {
            write_schema(out.key(name), value);
        } else if (name == "anyOf") {
            write_schemas(out.key(name), value);
        } else if (name == "properties") {
            const auto properties = value.members();
            out.key(name).begin_object();
            for (const auto& [property, type] : properties) write_schema(out.key(property), type);
            out.end_object();
        } else {
            out.key(name).raw(value.text());
        }
    }
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
