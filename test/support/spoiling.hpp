// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/decode.hpp"
#include "protocol/encode.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Server messages with one member spoiled, and what must be left of them: such a message differs
/// from the whole one in that member only.
namespace test::spoiling {

namespace live = gemini::live;
using live::protocol::json_value;

/// The path of a value: names of members, and indices of elements after a '#'.
using path = std::vector<std::string>;

inline std::string text_of(const path& where)
{
    std::string text;
    for (const auto& step : where) text += '/' + step;
    return text;
}

/// `from` with the value at `where` replaced, or removed.
inline std::string with(const json_value& from, const path& where,
    const std::optional<std::string>& value, std::size_t depth = 0)
{
    if (depth == where.size()) return *value;
    const bool is_object = from.is_object();
    std::vector<std::pair<std::string, json_value>> all;
    if (is_object)
        all = from.members();
    else
        for (const auto& each : from.elements())
            all.emplace_back('#' + std::to_string(all.size()), each);
    std::string text(1, is_object ? '{' : '[');
    for (const auto& [name, each] : all) {
        const bool is_on_the_way = name == where[depth];
        if (is_on_the_way && depth + 1 == where.size() && !value) continue;
        if (text.size() > 1) text += ',';
        if (is_object) text += live::json_quote(name) + ':';
        text += is_on_the_way ? with(each, where, value, depth + 1) : each.text();
    }
    return text + (is_object ? '}' : ']');
}

inline void list_paths(const json_value& from, path& at, std::vector<path>& to)
{
    const auto go = [&](std::string step, const json_value& value) {
        at.push_back(std::move(step));
        to.push_back(at);
        list_paths(value, at, to);
        at.pop_back();
    };
    for (const auto& [name, value] : from.members()) go(name, value);
    std::size_t number = 0;
    for (const auto& each : from.elements()) go('#' + std::to_string(number++), each);
}

/// The paths of every member and every element, at every depth.
inline std::vector<path> all_paths(const json_value& message)
{
    std::vector<path> all;
    path at;
    list_paths(message, at, all);
    return all;
}

/// Then a path may lead to several values.
inline bool has_duplicates(const json_value& from)
{
    std::vector<std::string> names;
    for (const auto& [name, value] : from.members()) {
        if (has_duplicates(value)) return true;
        names.push_back(name);
    }
    const auto elements = from.elements();
    if (std::any_of(elements.begin(), elements.end(), has_duplicates)) return true;
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

inline json_value value_at(json_value from, const path& where)
{
    for (const auto& step : where) {
        if (!from.is_object()) {
            from = from.elements().at(std::stoul(step.substr(1)));
            continue;
        }
        const auto all = from.members();
        from = std::find_if(all.begin(), all.end(), [&](const auto& each) {
            return each.first == step;
        })->second;
    }
    return from;
}

/// What may take the place of a value by mistake: of another type, of no type that JSON has, or in
/// another form.
inline std::vector<std::string> spoilt_forms(const json_value& value)
{
    using type = json_value::type;
    std::string deep(80, '[');
    deep += std::string(80, ']');
    std::vector<std::string> forms{"null", "[]", "{\"spoilt\":[1,{}]}", "1e999", "-1e999", "[null]",
        "[[7]]", "NaN", "\"\\ud83d\\ud83d\"", "\"\xff\xc3\"", deep, "-7.5",
        "123456789012345678901234567890"};
    const auto text = value.text();
    if (text == "\"\"") return {"null", "true", "{}"}; // another string would be valid
    switch (value.kind()) {
    case type::string: forms.insert(forms.end(), {"true", "7", "{}", "[" + text + "]"}); break;
    case type::number:
    case type::boolean:
        forms.insert(forms.end(), {"\"many\"", "{}", "\"\"", "[" + text + "]"});
        break;
    case type::array:
        forms.insert(forms.end(), {"true", "{\"0\":" + text + "}", "[" + text + "]"});
        if (value.elements().size() == 1) forms.push_back(value.elements().front().text());
        break;
    case type::object: forms.insert(forms.end(), {"true", "\"soon\"", "[" + text + "]"}); break;
    case type::null: break;
    }
    return forms;
}

/// Where two values differ: the paths of what is in only one of them, or has another value.
inline void list_differences(const std::optional<json_value>& a, const std::optional<json_value>& b,
    path& at, std::vector<path>& to)
{
    if (a && b && a->kind() == b->kind()) {
        const bool is_array = a->kind() == json_value::type::array;
        if (is_array && a->elements().size() == b->elements().size()) {
            const auto ours = a->elements(), theirs = b->elements();
            for (std::size_t i = 0; i < ours.size(); ++i) {
                at.push_back('#' + std::to_string(i));
                list_differences(ours[i], theirs[i], at, to);
                at.pop_back();
            }
            return;
        }
        if (a->is_object()) {
            std::vector<std::string> names;
            for (const auto& [name, value] : a->members()) names.push_back(name);
            for (const auto& [name, value] : b->members())
                if (!a->find(name)) names.push_back(name);
            for (const auto& name : names) {
                at.push_back(name);
                list_differences(a->find(name), b->find(name), at, to);
                at.pop_back();
            }
            return;
        }
        if (*a == *b) return;
    }
    if (!a && !b) return;
    to.push_back(at);
}

inline std::vector<path> differences(
    const live::server_message_members& a, const live::server_message_members& b)
{
    using live::protocol::encode_server_message;
    std::vector<path> all;
    path at;
    list_differences(json_value::parse(encode_server_message(a)),
        json_value::parse(encode_server_message(b)), at, all);
    return all;
}

/// A path without the indices of elements.
inline path names_of(const path& where)
{
    path names;
    for (const auto& step : where)
        if (!step.starts_with('#')) names.push_back(step);
    return names;
}

inline bool is_within(const path& inner, const path& outer)
{
    return outer.size() <= inner.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

inline std::optional<live::server_message> read(const std::string& text)
{
    try {
        return live::protocol::decode_server_message(live::base::padded_buffer(text));
    } catch (const live::error&) {
        return std::nullopt;
    }
}

/// Empty if all is well; else the problem. `whole` is a message that is read without omissions.
inline std::string complaint(const json_value& whole, const path& where, const std::string& form)
{
    const auto spoilt_text = with(whole, where, form);
    const auto complete = read(whole.text());
    const auto spoilt = read(spoilt_text);
    const auto without = read(with(whole, where, std::nullopt));
    if (!complete || !without) return "the whole message cannot be read";
    if (!spoilt) return text_of(where) + " costs the message: " + spoilt_text;
    auto may_differ = differences(complete->members(), without->members());
    const auto sources = std::find(where.begin(), where.end(), "groundingChunkIndices");
    if (sources != where.end()) { // a source goes with its score
        may_differ.emplace_back(where.begin(), sources).push_back("confidenceScores");
    }
    for (const auto& each : differences(complete->members(), spoilt->members())) {
        // a member with its default value has no region
        const bool is_own = may_differ.empty() && is_within(names_of(each), names_of(where));
        const bool is_told =
            is_own || std::any_of(may_differ.begin(), may_differ.end(),
                          [&each](const path& region) { return is_within(each, region); });
        if (!is_told)
            return text_of(where) + " changes " + text_of(each) + " when it is " + form + ": " +
                   spoilt_text;
    }
    return {};
}

} // namespace test::spoiling
