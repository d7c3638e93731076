// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/schema_test.cpp
#include "protocol/schema_node.hpp"

#include <gemini/live/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace gemini::live::protocol {
namespace {

// Limits on the size of a schema after its references are resolved.
constexpr std::size_t most_schemas = 4096;
constexpr std::size_t most_levels = 30;   // each takes two levels of JSON
constexpr std::size_t longest_note = 600; // in bytes

std::string upper(std::string text)
{
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

bool is_null_name(const json_value& type)
{
    const auto name = type.string();
    return name && upper(*name) == "NULL";
}

bool is_any(const std::string& type)
{
    const auto name = upper(type);
    return name == "ANY" || name == "TYPE_UNSPECIFIED";
}

/// Returns a type's name in the service's spelling.
std::string in_capitals(const std::string& name, const std::string& path)
{
    constexpr std::array types{"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"};
    auto type = upper(name);
    if (std::find(types.begin(), types.end(), type) == types.end()) {
        refuse_schema(
            path, fmt::format("is \"{}\", which is no type: the types are string, number, "
                              "integer, boolean, array and object",
                      name));
    }
    return type;
}

/// Returns "anyOf" for "any_of", which one SDK writes.
std::string keyword(const std::string& name)
{
    if (name.starts_with("x-") || name.starts_with("x_")) return {};
    std::string camel;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '_' && i != 0 && i + 1 < name.size())
            camel += static_cast<char>(std::toupper(static_cast<unsigned char>(name[++i])));
        else
            camel += name[i];
    }
    return camel;
}

// References -----------------------------------------------------------------------------------

/// Decodes percent-encoding: the JSON pointer is a URL fragment, in which "%7E1" stands for "~1".
std::string without_percent(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto* const begin = text.data() + i + 1;
            if (std::from_chars(begin, begin + 2, byte, 16).ptr == begin + 2) {
                plain += static_cast<char>(byte);
                i += 2;
                continue;
            }
        }
        plain += text[i];
    }
    return plain;
}

std::string without_tilde(std::string_view token)
{
    std::string plain;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1'))
            plain += token[++i] == '0' ? '~' : '/';
        else
            plain += token[i];
    }
    return plain;
}

/// Takes one step of a JSON pointer.
std::optional<json_value> step(const json_value& from, const std::string& token)
{
    if (from.is_object()) return from.find(token);
    std::size_t index = 0;
    const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), index);
    const auto elements = from.elements();
    if (failed != std::errc() || end != token.data() + token.size() || index >= elements.size())
        return std::nullopt;
    return elements[index];
}

std::optional<json_value> at_pointer(json_value from, std::string_view pointer)
{
    while (!pointer.empty()) {
        pointer.remove_prefix(1); // the slash
        const auto end = std::min(pointer.find('/'), pointer.size());
        auto next = step(from, without_tilde(pointer.substr(0, end)));
        if (!next) return std::nullopt;
        from = std::move(*next);
        pointer.remove_prefix(end);
    }
    return from;
}

/// Finds the schema of this name at any depth.
std::optional<json_value> find_named(
    const json_value& within, std::string_view member, std::string_view name)
{
    if (within.is_object()) {
        if (const auto own = within.find(member); own && own->string() == name) return within;
        for (const auto& [unused, value] : within.members())
            if (auto found = find_named(value, member, name)) return found;
    }
    for (const auto& each : within.elements())
        if (auto found = find_named(each, member, name)) return found;
    return std::nullopt;
}

class schema_reader {
public:
    explicit schema_reader(const json_value& root) : root_(root) {}

    [[nodiscard]] schema_node read(const json_value& schema, const std::string& path)
    {
        if (++schemas_ > most_schemas) {
            refuse_schema(
                path, fmt::format("makes it larger than {} schemas once references are resolved",
                          most_schemas));
        }
        if (const auto always = schema.boolean()) {
            schema_node node;
            node.never = !*always;
            return node;
        }
        if (!schema.is_object()) refuse_schema(path, "must be a JSON object");
        if (++depth_ > most_levels)
            refuse_schema(path, fmt::format("is nested deeper than {} schemas", most_levels));
        auto node = read_object(schema, path);
        node.path = path;
        --depth_;
        return node;
    }

private:
    schema_node read_object(const json_value& schema, const std::string& path)
    {
        schema_node node;
        const auto members = schema.members();
        for (const auto& [name, value] : members)
            if (value.kind() != json_value::type::null || name == "const")
                read_member(node, schema, keyword(name), value, path + json::pointer(name));
        read_conditions(node, schema, path);
        for (const auto* name : {"anyOf", "any_of", "oneOf", "one_of"})
            if (const auto list = schema.find(name))
                node = read_alternatives(std::move(node), *list, path + '/' + name);
        for (const auto* name : {"allOf", "all_of"}) {
            const auto list = schema.find(name);
            if (!list) continue;
            const auto all = read_list(*list, path + '/' + name);
            for (const auto& each : all) node = both(std::move(node), each, path + '/' + name);
        }
        for (const auto* name : {"$ref", "$dynamicRef", "$recursiveRef", "ref"})
            if (const auto ref = schema.find(name); ref && ref->string())
                node = both(std::move(node), resolve(*ref->string(), path + '/' + name), path);
        return node;
    }

    void read_member(schema_node& node, const json_value& schema, const std::string& name,
        const json_value& value, const std::string& path)
    {
        if (name == "type") return read_type(node, value, path);
        if (name == "nullable") {
            node.nullable = node.nullable || value.boolean().value_or(false);
        } else if (name == "enum" || name == "const") {
            read_choices(node, name == "enum" ? value.elements() : std::vector{value}, path);
        } else if (name == "properties") {
            read_properties(node, value, path);
        } else if (name == "required") {
            read_required(node, value, path);
        } else if (name == "items" || name == "prefixItems") {
            read_items(node, schema, path);
        } else if (name == "description" || name == "format" || name == "pattern") {
            if (!value.string()) return;
            node.mention(name);
            node.plain[name] = value.text();
        } else if (name == "default" || name == "example" || name == "propertyOrdering") {
            node.mention(name);
            node.plain[name] = value.text();
        } else {
            read_bound(node, name, value, path);
        }
    }

    static void read_type(schema_node& node, const json_value& type, const std::string& path)
    {
        if (const auto name = type.string()) {
            if (is_null_name(type)) {
                if (*name != "NULL") refuse_schema(path, "cannot be null alone");
                node.types = {"NULL"};
            } else if (!is_any(*name)) {
                node.types = {in_capitals(*name, path)};
            }
            node.mention("type");
            return;
        }
        auto types = type.elements();
        node.nullable = std::erase_if(types, is_null_name) != 0 || node.nullable;
        for (const auto& each : types) {
            if (!each.string()) types.clear();
            if (types.empty()) break;
            if (is_any(*each.string())) { // regardless of the other types in the list
                node.types.clear();
                break;
            }
            auto name = in_capitals(*each.string(), path);
            if (std::find(node.types.begin(), node.types.end(), name) == node.types.end())
                node.types.push_back(std::move(name));
        }
        if (types.empty())
            refuse_schema(
                path, "must be the name of a type other than null, or a list of such names");
        // Every integer is a number.
        if (std::find(node.types.begin(), node.types.end(), "NUMBER") != node.types.end())
            std::erase(node.types, "INTEGER");
        node.mention("type");
    }

    static void read_choices(
        schema_node& node, std::vector<json_value> choices, const std::string& path)
    {
        const auto is_null = [](const json_value& each) {
            return each.kind() == json_value::type::null;
        };
        const bool nullable = std::erase_if(choices, is_null) != 0;
        if (choices.empty())
            refuse_schema(path, nullable ? "allows nothing but null" : "must list values");
        node.mention("enum");
        schema_node allowed;
        allowed.choices = std::move(choices);
        const bool was = node.nullable;
        node = both(std::move(node), std::move(allowed), path);
        node.nullable = was || nullable;
    }

    void read_properties(schema_node& node, const json_value& properties, const std::string& path)
    {
        if (!properties.is_object()) refuse_schema(path, "must be a JSON object");
        node.has_properties = true;
        node.mention("properties");
        for (const auto& [name, type] : properties.members()) {
            auto property = read(type, path + json::pointer(name));
            if (const auto must = type.find("required"); must && must->boolean() == true)
                require(node, name); // the style of drafts before 4
            if (!property.never) node.properties.emplace_back(name, std::move(property));
        }
    }

    static void require(schema_node& node, const std::string& name)
    {
        node.mention("required");
        if (std::find(node.required.begin(), node.required.end(), name) == node.required.end())
            node.required.push_back(name);
    }

    static void read_required(
        schema_node& node, const json_value& required, const std::string& path)
    {
        if (required.boolean()) return; // handled by read_properties
        if (required.kind() != json_value::type::array) refuse_schema(path, "must be a list");
        for (const auto& each : required.elements()) {
            const auto name = each.string();
            if (!name) refuse_schema(path, "must be a list of names");
            require(node, *name);
        }
    }

    /// Reads items that all have one type, or a tuple with a type for each position.
    void read_items(schema_node& node, const json_value& schema, const std::string& path)
    {
        if (node.items) return; // already read with the tuple
        const auto tuple = schema.find("prefixItems");
        const auto items = schema.find("items");
        const auto above = path.substr(0, path.rfind('/'));
        node.mention("items");
        const bool is_old_tuple = items && items->kind() == json_value::type::array;
        if (!tuple && !is_old_tuple) {
            auto one = read(*items, above + "/items");
            if (one.never) node.bounds.insert_or_assign("maxItems", schema_bound{0, "0"});
            if (one.never) node.mention("maxItems");
            one.never = false;
            node.items = std::make_shared<schema_node>(std::move(one));
            return;
        }
        const auto at = above + (tuple ? "/prefixItems" : "/items");
        const auto places = read_list(tuple ? *tuple : *items, at);
        const auto rest = tuple ? items : schema.find("additionalItems");
        schema_node any;
        any.path = at;
        any.any_of = places;
        if (rest && rest->boolean() == false) {
            const auto most = std::to_string(places.size());
            node.bounds.emplace("maxItems", schema_bound{static_cast<double>(places.size()), most});
            node.mention("maxItems");
        } else if (rest && rest->is_object()) {
            any.any_of.push_back(read(*rest, above + (tuple ? "/items" : "/additionalItems")));
        }
        any.mention("anyOf");
        node.items = std::make_shared<schema_node>(std::move(any));
        add_note(node, "Items by their place: ", (tuple ? *tuple : *items).text(), path);
    }

    std::vector<schema_node> read_list(const json_value& list, const std::string& path)
    {
        const auto elements = list.elements();
        if (elements.empty()) refuse_schema(path, "must be a list of schemas");
        std::vector<schema_node> all;
        for (std::size_t i = 0; i < elements.size(); ++i)
            all.push_back(read(elements[i], fmt::format("{}/{}", path, i)));
        return all;
    }

    /// A null alternative makes the whole schema nullable.
    schema_node read_alternatives(schema_node node, const json_value& list, const std::string& path)
    {
        const auto elements = list.elements();
        if (elements.empty()) refuse_schema(path, "must be a list of schemas");
        std::vector<schema_node> all;
        bool nullable = false;
        for (std::size_t i = 0; i < elements.size(); ++i) {
            if (is_null_schema(elements[i])) {
                nullable = true;
                continue;
            }
            auto one = read(elements[i], fmt::format("{}/{}", path, i));
            if (!one.never) all.push_back(std::move(one));
        }
        if (all.empty()) refuse_schema(path, "must list schemas other than null");
        if (all.size() == 1) {
            const bool was = node.nullable;
            auto one = std::move(all.front());
            const bool inner = one.nullable;
            node = both(std::move(one), std::move(node), path);
            node.nullable = nullable || was || inner;
            return node;
        }
        schema_node choice;
        choice.any_of = std::move(all);
        choice.mention("anyOf");
        const bool was = node.nullable;
        node = both(std::move(node), std::move(choice), path);
        node.nullable = was || nullable;
        return node;
    }

    static bool is_null_schema(const json_value& schema)
    {
        if (const auto type = schema.find("type"); type && is_null_name(*type)) return true;
        const auto members = schema.members();
        return std::any_of(members.begin(), members.end(), [](const auto& each) {
            const auto& [name, value] = each;
            if (name == "const") return value.kind() == json_value::type::null;
            const auto list = value.elements();
            return name == "enum" && list.size() == 1 &&
                   list.front().kind() == json_value::type::null;
        });
    }

    static void read_bound(schema_node& node, const std::string& name, const json_value& value,
        const std::string& path)
    {
        constexpr std::array counts{
            "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"};
        if (std::find(counts.begin(), counts.end(), name) != counts.end()) {
            const auto count = value.integer();
            if (!count || *count < 0) refuse_schema(path, "must be a whole number from 0");
            const bool spelt_whole = value.text().find_first_of(".eE") == std::string::npos;
            node.mention(name);
            node.bounds.insert_or_assign(
                name, schema_bound{static_cast<double>(*count),
                          spelt_whole ? value.text() : std::to_string(*count)});
            return;
        }
        if (name != "minimum" && name != "maximum") return;
        const auto limit = value.number();
        if (!limit) refuse_schema(path, "must be a number");
        node.mention(name);
        node.bounds.insert_or_assign(name, schema_bound{*limit, value.text()});
    }

    // What the service's Schema cannot express becomes words ------------------------------------

    static void add_note(schema_node& node, std::string_view words, const std::string& rule,
        const std::string& path, std::string_view after = ".")
    {
        if (rule.size() > longest_note) {
            refuse_schema(path, "cannot be said in the service's Schema, and is too long for the "
                                "description: use parameters_json_schema, or leave it out");
        }
        node.notes.push_back(fmt::format("{}{}{}", words, rule, after));
    }

    void read_conditions(schema_node& node, const json_value& schema, const std::string& path)
    {
        struct wording {
            const char* name;
            const char* words;
        };
        constexpr std::array wordings{wording{"not", "Must not match "},
            wording{"if", "If it matches "}, wording{"then", "Then it matches "},
            wording{"else", "Else it matches "},
            wording{"dependentRequired", "Members that need others: "},
            wording{"dependentSchemas", "Members that need more: "},
            wording{"dependencies", "Members that need others: "},
            wording{"patternProperties", "Members by patterns of their names: "},
            wording{"propertyNames", "Names of members: "}, wording{"contains", "An item matches "},
            wording{"multipleOf", "A multiple of "}};
        for (const auto& each : wordings)
            if (const auto rule = schema.find(each.name))
                add_note(node, each.words, rule->text(), path + '/' + each.name);
        if (const auto unique = schema.find("uniqueItems"); unique && unique->boolean() == true)
            node.notes.emplace_back("No item twice.");
        for (const auto* name : {"additionalProperties", "additional_properties"}) {
            const auto others = schema.find(name);
            node.closed = node.closed || (others && others->boolean() == false);
            if (others && others->is_object() && !others->members().empty())
                add_note(node, "Any other member: ", others->text(), path + '/' + name);
        }
        if (schema.find("patternProperties") || schema.find("propertyNames") ||
            schema.find("additionalProperties"))
            if (node.types.empty() && !node.choices && !schema.find("$ref"))
                imply_object(node, schema);
        read_exclusive(node, schema, "exclusiveMinimum", "minimum", path);
        read_exclusive(node, schema, "exclusiveMaximum", "maximum", path);
    }

    static void imply_object(schema_node& node, const json_value& schema)
    {
        for (const auto* name : {"anyOf", "oneOf", "allOf", "any_of"})
            if (schema.find(name)) return;
        node.types = {"OBJECT"};
    }

    /// Accepts a number or, as in drafts before 6, `true` next to the bound.
    static void read_exclusive(schema_node& node, const json_value& schema, const char* name,
        const std::string& bound, const std::string& path)
    {
        const auto given = schema.find(name);
        if (!given || given->boolean() == false) return;
        const bool least = bound == "minimum";
        auto limit = given->number();
        if (given->boolean() == true) {
            const auto there = node.bounds.find(bound);
            if (there == node.bounds.end()) return;
            limit = there->second.value;
        }
        if (!limit) refuse_schema(path + '/' + name, "must be a number");
        const bool whole = node.types.size() == 1 && node.types.front() == "INTEGER";
        schema_node excluded;
        double value = *limit;
        if (whole) {
            value = least ? std::floor(*limit) + 1 : std::ceil(*limit) - 1;
            if (given->boolean() == true) node.bounds.erase(bound);
        } else {
            node.notes.push_back(
                fmt::format("{} than {}.", least ? "More" : "Less", json_number(*limit)));
        }
        excluded.bounds.emplace(bound, schema_bound{value, json_number(value)});
        excluded.mention(bound);
        node = both(std::move(node), std::move(excluded), path);
    }

    static std::string json_number(double value)
    {
        json_writer out;
        out.number(value);
        return out.take();
    }

    // References --------------------------------------------------------------------------------

    schema_node resolve(const std::string& ref, const std::string& path)
    {
        const auto target = find_target(ref, path);
        const auto same = std::find(open_.begin(), open_.end(), ref);
        if (same != open_.end()) {
            refuse_schema(path,
                fmt::format("leads from {} to itself: the service takes no recursive schemas; use "
                            "parameters_json_schema, or write out as many levels as you need",
                    ref));
        }
        open_.push_back(ref);
        auto node = read(target, ref.starts_with("#/") ? ref.substr(1) : path);
        open_.pop_back();
        return node;
    }

    [[nodiscard]] json_value find_target(const std::string& ref, const std::string& path) const
    {
        std::string_view rest(ref);
        const auto own = root_.find("$id");
        const auto name = own ? own->string().value_or("") : std::string();
        if (!name.empty() && rest.starts_with(name)) {
            rest.remove_prefix(name.size());
            if (rest.empty()) rest = "#";
        }
        if (rest == "#" || rest == "#/") return root_;
        if (rest.starts_with("#/")) {
            if (auto found = at_pointer(root_, without_percent(rest.substr(1)))) return *found;
        } else if (rest.starts_with('#')) {
            for (const auto* member : {"$anchor", "$dynamicAnchor"})
                if (auto found = find_named(root_, member, rest.substr(1))) return *found;
            for (const auto* member : {"$id", "id"})
                if (auto found = find_named(root_, member, rest)) return *found;
        } else {
            if (auto found = find_named(root_, "$id", rest)) return *found;
            refuse_schema(path,
                fmt::format("names another document, {}: put it among $defs", json_quote(ref)));
        }
        refuse_schema(path, fmt::format("names {}, which is not there", json_quote(ref)));
    }

    const json_value& root_;
    std::vector<std::string> open_{}; ///< References being resolved.
    std::size_t schemas_ = 0;
    std::size_t depth_ = 0;
};

} // namespace

schema_node read_json_schema(const json_value& schema)
{
    auto node = schema_reader(schema).read(schema, "");
    if (node.never || !schema.is_object()) refuse_schema("", "must be a JSON object");
    return node;
}

} // namespace gemini::live::protocol
