// SPDX-License-Identifier: Apache-2.0
#include "protocol/schema_node.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace gemini::live::protocol {
namespace {

constexpr std::size_t most_alternatives = 64;

bool contains(const std::vector<std::string>& list, std::string_view value)
{
    return std::find(list.begin(), list.end(), value) != list.end();
}

void add(std::vector<std::string>& list, std::string value)
{
    if (!contains(list, value)) list.push_back(std::move(value));
}

/// Returns the types that both allow. An integer is also a number.
std::vector<std::string> common_types(
    const std::vector<std::string>& a, const std::vector<std::string>& b)
{
    if (a.empty()) return b;
    if (b.empty()) return a;
    std::vector<std::string> common;
    for (const auto& each : a) {
        if (contains(b, each) || (each == "INTEGER" && contains(b, "NUMBER")))
            add(common, each);
        else if (each == "NUMBER" && contains(b, "INTEGER"))
            add(common, "INTEGER");
    }
    return common;
}

bool common_nullable(const schema_node& a, const schema_node& b)
{
    if (a.is_typed() && b.is_typed()) return a.nullable && b.nullable;
    return a.nullable || b.nullable;
}

void take_bounds(schema_node& into, const schema_node& from)
{
    for (const auto& [name, bound] : from.bounds) {
        const auto [there, is_new] = into.bounds.emplace(name, bound);
        if (is_new) continue;
        const bool least = name.starts_with("min");
        if (least ? bound.value > there->second.value : bound.value < there->second.value)
            there->second = bound;
    }
}

/// A second format or pattern, for which there is no room, becomes a note in words.
void take_plain(schema_node& into, const schema_node& from)
{
    for (const auto& [name, text] : from.plain) {
        const auto [there, is_new] = into.plain.emplace(name, text);
        if (is_new || there->second == text || (name != "format" && name != "pattern")) continue;
        into.notes.push_back(fmt::format("{}: {}.", name == "format" ? "Format" : "Pattern", text));
    }
}

void take_properties(schema_node& into, schema_node& from, std::string_view path)
{
    into.has_properties = into.has_properties || from.has_properties;
    for (auto& [name, type] : from.properties) {
        const auto there = std::find_if(into.properties.begin(), into.properties.end(),
            [&name = name](const auto& each) { return each.first == name; });
        if (there == into.properties.end()) {
            into.properties.emplace_back(name, std::move(type));
        } else {
            there->second = both(std::move(there->second), std::move(type),
                fmt::format("{}/properties/{}", path, name));
        }
    }
    for (auto& name : from.required) add(into.required, std::move(name));
}

void take_choices(schema_node& into, schema_node& from, std::string_view path)
{
    if (!from.choices) return;
    if (!into.choices) {
        into.choices = std::move(from.choices);
        return;
    }
    std::erase_if(*into.choices, [&](const json_value& each) {
        return std::find(from.choices->begin(), from.choices->end(), each) == from.choices->end();
    });
    if (into.choices->empty()) refuse_schema(path, "allows no value at all");
}

/// Combines two sets of alternatives into their product.
void take_alternatives(schema_node& into, schema_node& from, std::string_view path)
{
    if (from.any_of.empty()) return;
    if (into.any_of.empty()) {
        into.any_of = std::move(from.any_of);
        return;
    }
    if (into.any_of.size() * from.any_of.size() > most_alternatives)
        refuse_schema(path, "has too many alternatives of alternatives");
    std::vector<schema_node> product;
    for (const auto& left : into.any_of) {
        for (const auto& right : from.any_of) {
            try {
                product.push_back(both(left, right, path));
            } catch (const error&) { // nothing can match both
            }
        }
    }
    if (product.empty()) refuse_schema(path, "has alternatives that exclude each other");
    into.any_of = std::move(product);
}

// What a node becomes on the wire --------------------------------------------------------------

bool is_string(const json_value& value) { return value.kind() == json_value::type::string; }
bool is_number(const json_value& value) { return value.kind() == json_value::type::number; }
bool is_boolean(const json_value& value) { return value.kind() == json_value::type::boolean; }
bool is_whole(const json_value& value) { return is_number(value) && value.integer().has_value(); }

std::string type_of(const json_value& value)
{
    if (is_string(value)) return "STRING";
    if (is_boolean(value)) return "BOOLEAN";
    if (is_number(value)) return is_whole(value) ? "INTEGER" : "NUMBER";
    return value.is_object() ? "OBJECT" : "ARRAY";
}

bool allows(const std::vector<std::string>& types, const json_value& choice)
{
    const auto type = type_of(choice);
    return types.empty() || contains(types, type) ||
           (type == "INTEGER" && contains(types, "NUMBER"));
}

std::string list_of(const std::vector<json_value>& values)
{
    std::string text;
    for (const auto& each : values) {
        if (!text.empty()) text += ", ";
        text += each.text();
    }
    return text;
}

/// Returns the type that a node's members imply, or "" for any type.
std::string implied_type(const schema_node& node)
{
    const auto bounded = [&node](std::string_view name) { return node.bounds.contains(name); };
    if (node.has_properties || !node.required.empty() || bounded("minProperties") ||
        bounded("maxProperties"))
        return "OBJECT";
    if (node.items || bounded("minItems") || bounded("maxItems")) return "ARRAY";
    if (bounded("minLength") || bounded("maxLength") || node.plain.contains("pattern"))
        return "STRING";
    if (bounded("minimum") || bounded("maximum")) return "NUMBER";
    if (const auto format = node.plain.find("format"); format != node.plain.end()) {
        if (format->second == R"("float")" || format->second == R"("double")") return "NUMBER";
        if (format->second.starts_with("\"int")) return "INTEGER";
        return "STRING";
    }
    return {};
}

/// Returns the only type that can have this member, or "" if several can.
std::string_view type_that_has(std::string_view member)
{
    if (member == "properties" || member == "required" || member == "propertyOrdering" ||
        member.ends_with("Properties"))
        return "OBJECT";
    if (member == "items" || member.ends_with("Items")) return "ARRAY";
    if (member == "pattern" || member.ends_with("Length")) return "STRING";
    return {};
}

bool suits(std::string_view type, std::string_view member)
{
    if (type.empty()) return true;
    if (member == "minimum" || member == "maximum") return type == "INTEGER" || type == "NUMBER";
    const auto owner = type_that_has(member);
    return owner.empty() || owner == type;
}

bool knows_format(std::string_view type, std::string_view format)
{
    if (type == "STRING") return format == R"("date-time")" || format == R"("enum")";
    if (type == "NUMBER") return format == R"("float")" || format == R"("double")";
    if (type == "INTEGER")
        return format == R"("int32")" || format == R"("int64")" || format == R"("enum")";
    return false;
}

/// Spells 1 as "1", for the type string.
void spell(std::vector<json_value>& choices)
{
    for (auto& each : choices) {
        if (is_string(each)) continue;
        json_writer out;
        out.string(each.text());
        each = json_value::parse(out.take());
    }
}

/// The service cannot list numbers or booleans: bounds and the description express them instead.
void choose_among(schema_node& node)
{
    auto& choices = *node.choices;
    if (node.types == std::vector<std::string>{"STRING"}) spell(choices);
    if (std::all_of(choices.begin(), choices.end(), is_string)) return;
    const bool only_one = choices.size() == 1;
    if (!(std::all_of(choices.begin(), choices.end(), is_boolean) && !only_one)) {
        node.notes.push_back(
            fmt::format("{} {}.", only_one ? "Always" : "One of", list_of(choices)));
    }
    if (std::all_of(choices.begin(), choices.end(), is_number)) {
        const auto [least, most] = std::minmax_element(choices.begin(), choices.end(),
            [](const auto& a, const auto& b) { return *a.number() < *b.number(); });
        schema_node limits;
        limits.bounds.emplace("minimum", schema_bound{*least->number(), least->text()});
        limits.bounds.emplace("maximum", schema_bound{*most->number(), most->text()});
        take_bounds(node, limits);
        node.mention("minimum");
        node.mention("maximum");
    }
    node.choices.reset();
}

const std::array<std::string_view, 3> describing{"description", "default", "example"};

/// Returns the node without its descriptions, null and alternatives.
schema_node bare(schema_node node)
{
    node.nullable = false;
    node.notes.clear();
    node.any_of.clear();
    for (const auto name : describing) node.plain.erase(std::string(name));
    std::erase_if(node.order, [](const std::string& member) {
        return member == "anyOf" ||
               std::find(describing.begin(), describing.end(), member) != describing.end();
    });
    return node;
}

/// Keeps only what describes, together with null and the alternatives.
void strip(schema_node& node)
{
    schema_node left;
    left.path = std::move(node.path);
    left.order = std::move(node.order);
    left.nullable = node.nullable;
    left.notes = std::move(node.notes);
    left.any_of = std::move(node.any_of);
    for (auto& [name, text] : node.plain)
        if (std::find(describing.begin(), describing.end(), name) != describing.end())
            left.plain.emplace(name, std::move(text));
    node = std::move(left);
}

/// Returns one node for each of several types.
std::vector<schema_node> by_type(const schema_node& node)
{
    std::vector<schema_node> all;
    for (const auto& type : node.types) {
        auto one = bare(node);
        one.types = {type};
        if (one.choices) {
            std::erase_if(
                *one.choices, [&](const json_value& each) { return !allows(one.types, each); });
            if (one.choices->empty()) continue;
        }
        all.push_back(std::move(one));
    }
    return all;
}

/// Removes choices that no type allows, and types that no choice has.
void match_choices(schema_node& node)
{
    const auto fits = [&](const json_value& each) { return allows(node.types, each); };
    if (std::none_of(node.choices->begin(), node.choices->end(), fits)) return; // 1 spelled "1"
    std::erase_if(*node.choices, [&](const json_value& each) { return !fits(each); });
    std::vector<std::string> types;
    for (const auto& each : *node.choices) add(types, type_of(each));
    if (contains(types, "NUMBER")) std::erase(types, "INTEGER");
    if (node.types.size() != 1) node.types = std::move(types);
}

std::string text_of(const schema_node& node)
{
    json_writer out;
    write_schema(out, node);
    return out.take();
}

void add_unless_there(std::vector<schema_node>& all, schema_node node)
{
    const auto text = text_of(node);
    const bool there = std::any_of(
        all.begin(), all.end(), [&](const schema_node& each) { return text_of(each) == text; });
    if (!there) all.push_back(std::move(node));
}

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& each : names) text += (text.empty() ? "" : ", ") + each;
    return text;
}

std::string sets_of(const std::vector<schema_node>& alternatives)
{
    std::string text;
    for (const auto& each : alternatives)
        if (!each.required.empty()) text += (text.empty() ? "" : "; ") + joined(each.required);
    return text;
}

bool only_requires(const schema_node& node)
{
    auto rest = node;
    rest.required.clear();
    return !node.required.empty() && !rest.constrains();
}

bool is_object(const schema_node& node)
{
    if (!node.any_of.empty()) return false;
    return node.types.empty() ? implied_type(node) == "OBJECT" : node.types[0] == "OBJECT";
}

/// Returns a schema that matches what either matches.
schema_node either(schema_node a, schema_node b)
{
    if (a.choices && b.choices && a.types == b.types) {
        for (auto& each : *b.choices)
            if (std::find(a.choices->begin(), a.choices->end(), each) == a.choices->end())
                a.choices->push_back(std::move(each));
        return a;
    }
    if (text_of(a) == text_of(b)) return a;
    schema_node all;
    all.path = a.path;
    for (auto* one : {&a, &b}) {
        if (one->any_of.empty() || bare(*one).constrains()) {
            add_unless_there(all.any_of, std::move(*one));
        } else {
            for (auto& each : one->any_of) add_unless_there(all.any_of, std::move(each));
        }
    }
    all.mention("anyOf");
    return all;
}

/// The outermost schema must be an object. It gets the members of all alternatives.
void become_one_object(schema_node& node)
{
    auto alternatives = std::move(node.any_of);
    node.any_of.clear();
    node.types = {"OBJECT"};
    node.has_properties = true;
    node.required = alternatives.front().required;
    if (const auto sets = sets_of(alternatives); !sets.empty())
        node.notes.push_back(fmt::format("Has one of these sets of members: {}.", sets));
    for (auto& each : alternatives) {
        std::erase_if(
            node.required, [&](const std::string& name) { return !contains(each.required, name); });
        for (auto& [name, type] : each.properties) {
            const auto there = std::find_if(node.properties.begin(), node.properties.end(),
                [&name = name](const auto& one) { return one.first == name; });
            if (there == node.properties.end())
                node.properties.emplace_back(name, std::move(type));
            else
                there->second = either(std::move(there->second), std::move(type));
        }
        for (auto& note : each.notes) add(node.notes, std::move(note));
    }
    std::replace(node.order.begin(), node.order.end(), std::string("anyOf"), std::string("type"));
    node.mention("properties");
    node.mention("required");
}

/// The service accepts no constraints next to alternatives, so each alternative receives them.
void settle_alternatives(schema_node& node, bool outermost)
{
    auto beside = bare(node);
    if (beside.constrains()) {
        if (std::all_of(node.any_of.begin(), node.any_of.end(), only_requires)) {
            node.notes.push_back(fmt::format(
                "Has at least one of these sets of members: {}.", sets_of(node.any_of)));
            node.any_of.clear();
            return;
        }
        auto alternatives = std::move(node.any_of);
        strip(node);
        node.any_of.clear();
        for (auto& each : alternatives) {
            try {
                node.any_of.push_back(both(std::move(each), beside, node.path));
            } catch (const error&) { // an alternative that can never match
            }
        }
        if (node.any_of.empty()) refuse_schema(node.path, "has alternatives of which none can fit");
    }
    std::vector<schema_node> flat;
    for (auto& each : node.any_of) {
        const bool is_list = !each.any_of.empty() && !bare(each).constrains() &&
                             each.plain.empty() && each.notes.empty();
        if (!is_list) {
            add_unless_there(flat, std::move(each));
            continue;
        }
        node.nullable = node.nullable || each.nullable;
        for (auto& inner : each.any_of) add_unless_there(flat, std::move(inner));
    }
    node.any_of = std::move(flat);
    if (outermost && std::all_of(node.any_of.begin(), node.any_of.end(), is_object))
        become_one_object(node);
}

/// Reduces a node to one type, or to alternatives with only descriptions next to them.
void settle(schema_node& node, bool outermost)
{
    if (!node.any_of.empty()) settle_alternatives(node, outermost);
    if (node.any_of.size() == 1) {
        auto inside = std::move(node.any_of.front());
        node.any_of.clear();
        std::erase(node.order, "anyOf");
        const bool nullable = node.nullable || inside.nullable;
        inside.path = node.path;
        node = both(std::move(inside), std::move(node), inside.path);
        node.nullable = nullable;
    }
    if (!node.any_of.empty()) {
        std::erase(node.order, "type");
        node.mention("anyOf");
        return;
    }
    if (node.choices) match_choices(node);
    if (node.types.empty())
        if (auto type = implied_type(node); !type.empty()) node.types.push_back(std::move(type));
    if (node.types.size() > 1) {
        node.any_of = by_type(node);
        std::erase(node.order, "anyOf");
        std::replace(
            node.order.begin(), node.order.end(), std::string("type"), std::string("anyOf"));
        strip(node);
        node.mention("anyOf");
        return;
    }
    if (node.choices) choose_among(node);
}

/// Required members must be declared.
void settle_required(schema_node& node)
{
    std::vector<std::string> others;
    std::erase_if(node.required, [&](const std::string& name) {
        const bool declared = std::any_of(node.properties.begin(), node.properties.end(),
            [&](const auto& each) { return each.first == name; });
        if (!declared) others.push_back(name);
        return !declared;
    });
    if (!others.empty()) node.notes.push_back(fmt::format("Must have {}.", joined(others)));
}

void settle_format(schema_node& node, std::string_view type)
{
    const auto format = node.plain.find("format");
    if (format == node.plain.end() || knows_format(type, format->second)) return;
    if (type == "STRING") {
        const auto name = json_value::parse(format->second).string().value_or("");
        node.notes.push_back(fmt::format("Format: {}.", name));
    }
    node.plain.erase(format);
}

std::string description_of(const schema_node& node)
{
    std::string text;
    if (const auto given = node.plain.find("description"); given != node.plain.end())
        text = json_value::parse(given->second).string().value_or("");
    for (const auto& each : node.notes) {
        if (text.find(each) != std::string::npos) continue; // read back from earlier output
        if (!text.empty()) text += text.find_last_of(".!?") == text.size() - 1 ? " " : ". ";
        text += each;
    }
    return text;
}

void write_node(json_writer& out, schema_node node, bool outermost);

void write_alternatives(json_writer& out, const std::vector<schema_node>& all)
{
    out.key("anyOf").begin_array();
    for (const auto& each : all) write_node(out, each, false);
    out.end_array();
}

/// Writes a schema for any type as one alternative per type: the service requires a type.
void write_anything(json_writer& out)
{
    out.key("anyOf").begin_array();
    for (const auto* type : {"STRING", "NUMBER", "BOOLEAN"})
        out.begin_object().member("type", type).end_object();
    out.end_array();
}

void write_items(json_writer& out, const schema_node& node)
{
    out.key("items");
    write_node(out, node.items ? *node.items : schema_node(), false);
}

void write_properties(json_writer& out, const schema_node& node)
{
    out.key("properties").begin_object();
    for (const auto& [name, type] : node.properties) write_node(out.key(name), type, false);
    out.end_object();
}

void write_texts(json_writer& out, const std::vector<std::string>& list)
{
    out.begin_array();
    for (const auto& each : list) out.string(each);
    out.end_array();
}

void write_choices(json_writer& out, const std::vector<json_value>& choices)
{
    out.key("enum").begin_array();
    for (const auto& each : choices) out.raw(each.text());
    out.end_array();
}

void write_member(json_writer& out, const schema_node& node, const std::string& member)
{
    if (member == "type") {
        if (!node.types.empty()) out.member("type", node.types.front());
    } else if (member == "anyOf") {
        if (!node.any_of.empty())
            write_alternatives(out, node.any_of);
        else if (node.types.empty())
            write_anything(out);
    } else if (member == "description") {
        if (const auto text = description_of(node); !text.empty()) out.member("description", text);
    } else if (member == "enum") {
        if (node.choices) write_choices(out, *node.choices);
    } else if (member == "items") {
        write_items(out, node);
    } else if (member == "properties") {
        if (node.has_properties) write_properties(out, node);
    } else if (member == "required") {
        if (!node.required.empty()) write_texts(out.key("required"), node.required);
    } else if (const auto text = node.plain.find(member); text != node.plain.end()) {
        out.key(member).raw(text->second);
    } else if (const auto bound = node.bounds.find(member); bound != node.bounds.end()) {
        out.key(member).raw(bound->second.text);
    }
}

void write_node(json_writer& out, schema_node node, bool outermost)
{
    settle(node, outermost);
    const std::string type = node.types.empty() ? std::string() : node.types.front();
    settle_required(node);
    settle_format(node, type);
    if (type.empty() && !(outermost && node.order.empty())) node.mention("anyOf");
    if (type == "ARRAY") node.mention("items");
    if (!node.notes.empty()) node.mention("description");
    if (!type.empty() &&
        std::find(node.order.begin(), node.order.end(), "type") == node.order.end())
        node.order.insert(node.order.begin(), "type");
    const auto members = node.order; // the names must stay valid
    out.begin_object();
    for (const auto& member : members)
        if (suits(type, member)) write_member(out, node, member);
    if (node.nullable) out.member("nullable", true);
    out.end_object();
}

} // namespace

void schema_node::mention(std::string_view member)
{
    if (!contains(order, member)) order.emplace_back(member);
}

bool schema_node::constrains() const noexcept
{
    return !types.empty() || choices || !bounds.empty() || has_properties || !required.empty() ||
           items || !any_of.empty() || plain.contains("format") || plain.contains("pattern");
}

void refuse_schema(std::string_view path, std::string_view why)
{
    throw error(errc::invalid_argument, fmt::format("The schema cannot be sent: {} {}.",
                                            path.empty() ? std::string_view("it") : path, why));
}

schema_node both(schema_node a, schema_node b, std::string_view path)
{
    const bool nullable = common_nullable(a, b);
    const bool typed = !a.types.empty() || !b.types.empty();
    auto types = common_types(a.types, b.types);
    if (typed && types.empty()) refuse_schema(path, "asks for types that exclude each other");
    a.types = std::move(types);
    a.nullable = nullable;
    a.never = a.never || b.never;
    a.closed = a.closed || b.closed;
    for (auto& each : b.order) a.mention(each);
    for (auto& each : b.notes) add(a.notes, std::move(each));
    take_bounds(a, b);
    take_plain(a, b);
    take_properties(a, b, path);
    take_choices(a, b, path);
    take_alternatives(a, b, path);
    if (a.items && b.items)
        a.items =
            std::make_shared<schema_node>(both(*a.items, *b.items, fmt::format("{}/items", path)));
    else if (b.items)
        a.items = std::move(b.items);
    return a;
}

void write_schema(json_writer& out, const schema_node& node) { write_node(out, node, true); }

} // namespace gemini::live::protocol
