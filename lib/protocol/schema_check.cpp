// SPDX-License-Identifier: Apache-2.0
#include "protocol/schema_check.hpp"

#include "base/excerpt.hpp"
#include "base/utf8.hpp"
#include "protocol/decode.hpp"
#include "protocol/json_check.hpp"
#include "protocol/timestamp.hpp"

#include <gemini/live/json.hpp>

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace gemini::live::protocol {
namespace {

namespace dom = simdjson::dom;
using mismatches = std::vector<schema_mismatch>;

constexpr std::size_t most_mismatches = 16;
constexpr std::size_t most_parts = 250'000;
constexpr std::size_t longest_quote = 60; // in bytes
constexpr std::size_t longest_list = 500; // in bytes

schema_mismatch too_large() { return {"", "is too large to be checked"}; }

/// The place of a value within the whole. Its pointer is written only for a mismatch.
struct place {
    const place* above = nullptr; ///< Null: this is the whole value.
    std::optional<std::string_view> name{};
    std::size_t index = 0; ///< If there is no name.

    [[nodiscard]] std::string pointer() const
    {
        if (!above) return {};
        return above->pointer() + (name ? json::pointer(*name) : json::pointer(index));
    }
};

// Values -----------------------------------------------------------------------------------------

/// A long double represents every integer of 64 bits and every double.
std::optional<long double> number_in(dom::element value)
{
    if (value.is_int64()) return value.get_int64().value_unsafe();
    if (value.is_uint64()) return value.get_uint64().value_unsafe();
    if (value.is_double()) return value.get_double().value_unsafe();
    return std::nullopt;
}

/// As `json::find_integer`.
bool is_integer(dom::element value)
{
    return value.is_int64() ||
           (value.is_double() && whole_number(value.get_double().value_unsafe()).has_value());
}

bool equal(dom::element choice, dom::element value)
{
    if (const auto number = number_in(choice)) return number == number_in(value);
    if (choice.type() != value.type()) return false;
    switch (choice.type()) {
    case dom::element_type::ARRAY: {
        const dom::array ours = choice.get_array().value_unsafe();
        const dom::array theirs = value.get_array().value_unsafe();
        return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), equal);
    }
    case dom::element_type::OBJECT: {
        const dom::object ours = choice.get_object().value_unsafe();
        const dom::object theirs = value.get_object().value_unsafe();
        if (ours.size() != theirs.size()) return false;
        return std::all_of(ours.begin(), ours.end(), [&](const dom::key_value_pair& member) {
            dom::element other;
            return theirs[member.key].get(other) == simdjson::SUCCESS && equal(member.value, other);
        });
    }
    case dom::element_type::STRING:
        return choice.get_string().value_unsafe() == value.get_string().value_unsafe();
    case dom::element_type::BOOL:
        return choice.get_bool().value_unsafe() == value.get_bool().value_unsafe();
    default: return true; // null
    }
}

bool has_type(dom::element value, std::string_view type)
{
    if (type == "STRING") return value.is_string();
    if (type == "NUMBER") return value.is_number();
    if (type == "INTEGER") return is_integer(value);
    if (type == "BOOLEAN") return value.is_bool();
    if (type == "ARRAY") return value.is_array();
    if (type == "OBJECT") return value.is_object();
    return value.is_null();
}

bool has_type_of(dom::element value, const schema_node& node)
{
    return node.types.empty() ||
           std::any_of(node.types.begin(), node.types.end(),
               [&](const std::string& each) { return has_type(value, each); });
}

bool requires_member(const schema_node& node, std::string_view name)
{
    return std::find(node.required.begin(), node.required.end(), name) != node.required.end();
}

bool has_property(const schema_node& node, std::string_view name)
{
    return std::any_of(node.properties.begin(), node.properties.end(),
        [name](const auto& property) { return property.first == name; });
}

std::size_t characters_in(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(),
        [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Words ------------------------------------------------------------------------------------------

std::string quoted(std::string_view text)
{
    const auto beginning = base::truncate_utf8(text, longest_quote);
    auto quote = json_quote(beginning);
    if (beginning.size() < text.size()) quote.insert(quote.size() - 1, "…");
    return quote;
}

std::string in_words(dom::element value)
{
    if (value.is_array()) return "an array";
    if (value.is_object()) return "an object";
    if (value.is_string()) return quoted(value.get_string().value_unsafe());
    return simdjson::minify(value);
}

std::string required(std::string_view what, dom::element value)
{
    return fmt::format("{} is required, not {}", what, in_words(value));
}

std::string_view name_of(std::string_view type, dom::element value)
{
    if (type == "STRING") return "a string";
    if (type == "NUMBER") return "a number";
    if (type == "BOOLEAN") return "true or false";
    if (type == "ARRAY") return "an array";
    if (type == "OBJECT") return "an object";
    if (type == "NULL") return "null";
    const auto number = number_in(value);
    return number && std::trunc(*number) == *number ? "a whole number of 64 bits"
                                                    : "a whole number";
}

std::string names_of(const std::vector<std::string>& types, bool nullable, dom::element value)
{
    std::string names;
    for (const auto& type : types)
        names.append(names.empty() ? "" : " or ").append(name_of(type, value));
    return nullable ? names + " or null" : names;
}

std::string list_of(const std::vector<json_value>& choices, bool nullable)
{
    std::string list;
    for (const auto& each : choices) {
        const auto text = each.string().value_or("");
        list.append(list.empty() ? "" : ", ").append(text.empty() ? each.text() : text);
    }
    list = base::excerpt(list, longest_list);
    return (choices.size() > 1 ? "one of " : "") + list + (nullable ? " or null" : "");
}

class schema_checker {
public:
    [[nodiscard]] mismatches check(const schema_node& node, dom::element value)
    {
        mismatches found;
        visit(node, value, {}, found);
        if (exhausted_) found.push_back(too_large());
        return found;
    }

private:
    void visit(const schema_node& node, dom::element value, const place& at, mismatches& found)
    {
        if (found.size() >= most_mismatches || !spend(1)) return;
        if (value.is_null() && node.nullable) return;
        if (!has_type_of(value, node))
            return add(found, at, required(names_of(node.types, node.nullable, value), value));
        if (node.choices && std::none_of(node.choices->begin(), node.choices->end(),
                                [&](const auto& each) { return equal(each.element(), value); }))
            return add(found, at, required(list_of(*node.choices, node.nullable), value));
        if (value.is_string())
            visit_string(node, value, at, found);
        else if (value.is_number())
            visit_number(node, value, at, found);
        else if (value.is_array())
            visit_array(node, value.get_array().value_unsafe(), at, found);
        else if (value.is_object())
            visit_object(node, value.get_object().value_unsafe(), at, found);
        if (!node.any_of.empty()) visit_alternatives(node, value, at, found);
    }

    void visit_string(
        const schema_node& node, dom::element value, const place& at, mismatches& found)
    {
        const auto text = value.get_string().value_unsafe();
        if (node.bounds.contains("minLength") || node.bounds.contains("maxLength"))
            check_size(node, "minLength", "maxLength", characters_in(text), "character", at, found);
        if (has_format(node, R"("date-time")") && !is_timestamp(text))
            add(found, at, required("a time like 2026-11-23T12:30:00Z", value));
    }

    void visit_number(
        const schema_node& node, dom::element value, const place& at, mismatches& found)
    {
        const auto number = *number_in(value);
        if (const auto* const least = bound(node, "minimum"); least && number < least->value)
            add(found, at, required("at least " + least->text, value));
        if (const auto* const most = bound(node, "maximum"); most && number > most->value)
            add(found, at, required("at most " + most->text, value));
        constexpr auto int32_max = std::numeric_limits<std::int32_t>::max();
        if (has_format(node, R"("int32")") && (number > int32_max || number < -1.0L - int32_max))
            add(found, at, required("a whole number of 32 bits", value));
        if (has_format(node, R"("float")") && std::abs(number) > std::numeric_limits<float>::max())
            add(found, at, required("a number of 32 bits", value));
    }

    void visit_array(
        const schema_node& node, const dom::array& array, const place& at, mismatches& found)
    {
        check_size(node, "minItems", "maxItems", array.size(), "element", at, found);
        if (!node.items) return;
        std::size_t index = 0;
        for (const auto each : array) {
            visit(*node.items, each, {&at, std::nullopt, index++}, found);
            if (exhausted_ || found.size() >= most_mismatches) return;
        }
    }

    void visit_object(
        const schema_node& node, const dom::object& object, const place& at, mismatches& found)
    {
        check_size(node, "minProperties", "maxProperties", object.size(), "member", at, found);
        if (node.properties.empty() && node.required.empty() && !node.closed) return;
        if (!spend(object.size() + node.properties.size() + node.required.size())) return;
        std::map<std::string_view, dom::element> members; // the first of each name, as json::find
        for (const auto& [name, value] : object) members.emplace(name, value);
        for (const auto& [name, type] : node.properties) {
            const place below{&at, name};
            if (const auto member = members.find(name); member != members.end()) {
                visit(type, member->second, below, found);
                members.erase(member);
            } else if (requires_member(node, name)) {
                add(found, below, "is required");
            }
        }
        for (const auto& name : node.required)
            if (!members.contains(name) && !has_property(node, name))
                add(found, {&at, name}, "is required");
        if (!node.closed) return;
        for (const auto& [name, value] : members) {
            if (found.size() >= most_mismatches) return;
            add(found, at, fmt::format("has an unknown member {}", quoted(name)));
        }
    }

    /// Reports what is wrong with the only alternative that may be meant, or else why none fits.
    void visit_alternatives(
        const schema_node& node, dom::element value, const place& at, mismatches& found)
    {
        std::vector<mismatches> meant; // with the value's type
        std::vector<std::string> types;
        for (const auto& each : node.any_of) {
            mismatches own;
            visit(each, value, at, own);
            if (own.empty()) return; // it fits, or the parts are used up
            if (has_type_of(value, each)) meant.push_back(std::move(own));
            for (const auto& type : each.types)
                if (std::find(types.begin(), types.end(), type) == types.end())
                    types.push_back(type);
        }
        if (meant.empty())
            return add(found, at, required(names_of(types, node.nullable, value), value));
        if (meant.size() == 1) {
            for (auto& each : meant.front())
                if (found.size() < most_mismatches) found.push_back(std::move(each));
            return;
        }
        std::string reasons;
        for (const auto& each : meant) {
            const auto& [path, what] = each.front();
            reasons += reasons.empty() ? "fits no alternative: " : "; ";
            reasons += path == at.pointer() ? what : path + ": " + what;
        }
        add(found, at, base::excerpt(reasons, longest_list));
    }

    static void check_size(const schema_node& node, std::string_view min, std::string_view max,
        std::size_t size, std::string_view unit, const place& at, mismatches& found)
    {
        const auto tell = [&](std::string_view bounded, double limit) {
            add(found, at,
                fmt::format("{} {:.0f} {}{} required, not {}", bounded, limit, unit,
                    limit == 1 ? " is" : "s are", size));
        };
        const auto number = static_cast<double>(size);
        const auto* const least = bound(node, min);
        const auto* const most = bound(node, max);
        if (least && number < least->value) tell("at least", least->value);
        if (most && number > most->value) tell("at most", most->value);
    }

    static const schema_bound* bound(const schema_node& node, std::string_view name)
    {
        const auto there = node.bounds.find(name);
        return there == node.bounds.end() ? nullptr : &there->second;
    }

    static bool has_format(const schema_node& node, std::string_view json)
    {
        const auto there = node.plain.find("format");
        return there != node.plain.end() && there->second == json;
    }

    static void add(mismatches& found, const place& at, std::string what)
    {
        if (found.size() < most_mismatches) found.push_back({at.pointer(), std::move(what)});
    }

    /// Whether so many more parts may be visited, which bounds time and memory.
    bool spend(std::size_t parts)
    {
        exhausted_ = exhausted_ || parts > parts_left_;
        if (!exhausted_) parts_left_ -= parts;
        return !exhausted_;
    }

    std::size_t parts_left_ = most_parts;
    bool exhausted_ = false;
};

} // namespace

std::vector<schema_mismatch> check_value(const schema_node& schema, const json& value)
{
    // A parsed value takes memory for each mark, however little the mark contributes to the text.
    if (count_marks(value.text()) > most_marks) return {too_large()};
    return schema_checker().check(schema, json_value::parse(value.text()).element());
}

} // namespace gemini::live::protocol
