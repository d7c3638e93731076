// SPDX-License-Identifier: Apache-2.0
#include "base/access.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/schema_check.hpp"
#include "protocol/schema_node.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace gemini::live {
namespace {

using protocol::json_value;
using protocol::json_writer;

json in_openapi(const json& text)
{
    const auto given = json_value::parse(text.text());
    json_writer out;
    protocol::write_schema(out, protocol::read_json_schema(given));
    try {
        return json(out.take());
    } catch (const error&) {
        protocol::refuse_schema(
            "", fmt::format("is nested deeper than {} levels", json::max_depth));
    }
}

/// Returns `object` with its member `name` replaced by the result of `change`, which receives the
/// old value.
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
    return access::trusted(out.end_object().take());
}

/// Returns `list`, or a new list, with `value` appended.
std::string pushed(const std::optional<std::string>& list, std::string_view value)
{
    return access::trusted(list.value_or("[]")).push(value).text();
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
        return access::trusted(there.value_or("{}")).add(name, type.text()).text();
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

schema schema::nullable() const { return with("nullable", access::trusted("true")); }

schema schema::with(std::string_view member, const json& value) const
{
    schema made = *this;
    made.text_ = changed(
        text_, member, [&value](const std::optional<std::string>&) { return value.text(); });
    return made;
}

std::vector<schema_mismatch> schema::check(const json& value) const
{
    return protocol::check_value(
        protocol::read_json_schema(json_value::parse(text_.text())), value);
}

} // namespace gemini::live
