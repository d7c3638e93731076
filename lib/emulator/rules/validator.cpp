// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/validator.hpp"

#include "base/base64.hpp"
#include "emulator/rules/wire.hpp"

#include <gemini/live/content.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;

/// A member of a message; see wire.hpp for how types are written.
struct field {
    std::string_view name, type;
    std::string_view one_of{}; ///< Only one member of each such group may be set.
    char only = 0;             ///< 'g' or 'v' if only one backend knows it.
};

/// The text of wire.hpp, parsed once. The views refer to that text.
struct wire {
    std::map<std::string_view, std::vector<field>> messages{};
    std::map<std::string_view, std::set<std::string_view>> enumerations{};
};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \n";
    const auto begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

/// Splits `text` at each `separator`. Empty pieces are dropped.
std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (const auto piece = trimmed(text.substr(0, end)); !piece.empty())
            pieces.push_back(piece);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return pieces;
}

/// Calls `take` with the heading and the list of each paragraph. Indented lines continue a
/// paragraph.
template <class Take>
void for_each_paragraph(std::string_view text, Take take)
{
    while (!(text = text.substr(std::min(text.find_first_not_of('\n'), text.size()))).empty()) {
        std::size_t end = text.find('\n');
        const auto heading = text.substr(0, end);
        while (end + 1 < text.size() && text[end + 1] == ' ')
            end = std::min(text.find('\n', end + 1), text.size());
        take(heading, split(text.substr(heading.size(), end - heading.size()), ','));
        text.remove_prefix(end);
    }
}

field read_field(std::string_view words)
{
    field member;
    for (const auto word : split(words, ' ')) {
        if (member.name.empty())
            member.name = member.type = word;
        else if (word.front() == '@')
            member.only = word[1];
        else if (word.front() == '|')
            member.one_of = word.substr(1);
        else
            member.type = word;
    }
    return member;
}

const wire& read_wire()
{
    static const wire all = [] {
        wire read;
        for_each_paragraph(wire_messages, [&](auto name, const auto& members) {
            auto& fields = read.messages[name];
            std::transform(members.begin(), members.end(), std::back_inserter(fields), read_field);
        });
        for_each_paragraph(wire_enumerations, [&](auto name, const auto& values) {
            read.enumerations[name] = {values.begin(), values.end()};
        });
        return read;
    }();
    return all;
}

/// Whether `name` is `camel` in camelCase or snake_case.
bool is_spelling_of(std::string_view camel, std::string_view name)
{
    if (name == camel) return true;
    std::size_t at = 0;
    for (const char c : camel) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isupper(byte) != 0 && (at == name.size() || name[at++] != '_')) return false;
        if (at == name.size() || name[at++] != static_cast<char>(std::tolower(byte))) return false;
    }
    return at == name.size();
}

/// Reads a number, which proto3 JSON allows to be a string.
std::optional<double> as_number(const json_value& value)
{
    if (const auto number = value.number()) return number;
    const auto text = value.string();
    if (!text) return std::nullopt;
    if (*text == "NaN" || *text == "Infinity" || *text == "-Infinity")
        return std::numeric_limits<double>::quiet_NaN();
    double number = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return number;
}

bool is_whole(const json_value& value, double most)
{
    if (value.integer()) return std::abs(static_cast<double>(*value.integer())) <= most;
    const auto number = as_number(value);
    return number && *number == std::floor(*number) && std::abs(*number) <= most;
}

bool is_base64(const json_value& value)
{
    const auto text = value.string();
    if (!text) return false;
    bytes decoded(base::base64_capacity(text->size()));
    return base::base64_decode(*text, decoded.data()).has_value();
}

bool is_digits(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether `value` looks like "1.5s": seconds with up to nine decimals.
bool is_duration(const json_value& value)
{
    const auto whole = value.string();
    if (!whole || !whole->ends_with('s')) return false;
    std::string_view text(*whole);
    text.remove_suffix(1);
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto point = text.find('.');
    if (point == std::string_view::npos) return is_digits(text);
    const auto decimals = text.substr(point + 1);
    return is_digits(text.substr(0, point)) && is_digits(decimals) && decimals.size() <= 9;
}

/// Whether `value` looks like "2026-11-23T12:30:00.5Z", or ends in an offset such as "+01:00".
bool is_timestamp(const json_value& value)
{
    const auto whole = value.string();
    if (!whole) return false;
    constexpr std::string_view form = "0000-00-00T00:00:00";
    std::string_view text(*whole);
    const auto fits = [](std::string_view some, std::string_view pattern) {
        return some.size() == pattern.size() &&
               std::equal(some.begin(), some.end(), pattern.begin(), [](char c, char wanted) {
                   return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
               });
    };
    if (!fits(text.substr(0, form.size()), form)) return false;
    text.remove_prefix(form.size());
    if (text.starts_with('.')) {
        const auto end = std::min(text.find_first_not_of("0123456789", 1), text.size());
        if (end < 2 || end > 10) return false;
        text.remove_prefix(end);
    }
    return text == "Z" || fits(text, "+00:00") || fits(text, "-00:00");
}

/// Returns the service's complaint about a value that is not of this scalar type, or "" if it is.
std::string mismatch(const json_value& value, std::string_view type)
{
    constexpr double most_int32 = std::numeric_limits<std::int32_t>::max();
    constexpr double most_int64 = 9.2e18;
    const auto well_known = [&](std::string_view name) {
        return fmt::format("(type.googleapis.com/google.protobuf.{}), {}", name, value.text());
    };
    if (type == "string" && !value.string()) return "(TYPE_STRING), " + value.text();
    if (type == "bool" && !value.boolean()) return "(TYPE_BOOL), " + value.text();
    if (type == "float" && !as_number(value)) return "(TYPE_FLOAT), " + value.text();
    if (type == "double" && !as_number(value)) return "(TYPE_DOUBLE), " + value.text();
    if (type == "int32" && !is_whole(value, most_int32)) return "(TYPE_INT32), " + value.text();
    if (type == "int64" && !is_whole(value, most_int64)) return "(TYPE_INT64), " + value.text();
    if (type == "bytes" && !is_base64(value))
        return "(TYPE_BYTES), Base64 decoding failed for " + value.text();
    if (type == "struct" && !value.is_object()) return well_known("Struct");
    if (type == "duration" && !is_duration(value)) return well_known("Duration");
    if (type == "timestamp" && !is_timestamp(value)) return well_known("Timestamp");
    return {};
}

class checker {
public:
    explicit checker(backend backend) : backend_(backend) {}

    [[nodiscard]] std::optional<std::string> check(
        const json_value& value, std::string_view type, const std::string& path) const
    {
        if (type == "any" || value.kind() == json_value::type::null) return std::nullopt;
        if (type.ends_with("[]")) return check_list(value, type.substr(0, type.size() - 2), path);
        if (type.ends_with("{}")) return check_map(value, type.substr(0, type.size() - 2), path);
        if (const auto found = wire_.messages.find(type); found != wire_.messages.end())
            return check_message(value, found->second, path);
        if (const auto found = wire_.enumerations.find(type); found != wire_.enumerations.end())
            return check_name(value, *found, path);
        const auto complaint = mismatch(value, type);
        if (complaint.empty()) return std::nullopt;
        return fmt::format("Invalid value at '{}' {}", path, complaint);
    }

private:
    [[nodiscard]] bool knows(const field& one) const
    {
        return one.only == 0 || (one.only == 'v') == (backend_ == backend::vertex_ai);
    }

    [[nodiscard]] std::optional<std::string> check_list(
        const json_value& value, std::string_view type, const std::string& path) const
    {
        if (value.kind() != json_value::type::array) return check(value, type, path);
        int index = 0;
        for (const auto& each : value.elements())
            if (auto fault = check(each, type, fmt::format("{}[{}]", path, index++))) return fault;
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> check_map(
        const json_value& value, std::string_view type, const std::string& path) const
    {
        if (!value.is_object()) return no_object(value, path);
        for (const auto& [name, member] : value.members())
            if (auto fault = check(member, type, fmt::format("{}[{}].value", path, name)))
                return fault;
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> check_message(
        const json_value& value, const std::vector<field>& fields, const std::string& path) const
    {
        if (!value.is_object()) return no_object(value, path);
        std::set<std::string_view> set; // groups with a member set
        for (const auto& [name, member] : value.members()) {
            const auto found = std::find_if(fields.begin(), fields.end(),
                [&](const field& each) { return knows(each) && is_spelling_of(each.name, name); });
            if (found == fields.end()) {
                return fmt::format(
                    "Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.",
                    name, at(path));
            }
            if (!found->one_of.empty() && member.kind() != json_value::type::null &&
                !set.insert(found->one_of).second) {
                return fmt::format(
                    "Invalid value{} (oneof), oneof field '{}' is already set. Cannot set '{}'",
                    at(path), found->one_of, name);
            }
            const auto inner = snake_case(found->name);
            if (auto fault = check(member, found->type, path.empty() ? inner : path + '.' + inner))
                return fault;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> check_name(const json_value& value,
        const std::pair<const std::string_view, std::set<std::string_view>>& names,
        const std::string& path) const
    {
        const auto name = value.string();
        if (value.integer() || (name && names.second.contains(upper(*name)))) return std::nullopt;
        const auto* const package = backend_ == backend::vertex_ai
                                        ? "google.cloud.aiplatform.v1beta1"
                                        : "google.ai.generativelanguage.v1beta";
        return fmt::format("Invalid value at '{}' (type.googleapis.com/{}.{}), {}", path, package,
            names.first, value.text());
    }

    static std::string no_object(const json_value& value, const std::string& path)
    {
        return fmt::format("Invalid value{}: an object is wanted, not {}", at(path), value.text());
    }

    static std::string at(const std::string& path)
    {
        return path.empty() ? std::string() : fmt::format(" at '{}'", path);
    }

    const wire& wire_ = read_wire();
    backend backend_;
};

} // namespace

std::optional<std::string> find_fault(const json_value& message, backend backend)
{
    return checker(backend).check(message, "message", "");
}

std::optional<std::string> find_music_fault(const json_value& message)
{
    return checker(backend::gemini_api).check(message, "musicMessage", "");
}

std::optional<json_value> find_member(const json_value& object, std::string_view camel_case)
{
    auto found = object.find(camel_case);
    return found ? found : object.find(snake_case(camel_case));
}

std::optional<json_value> find_path(const json_value& object, std::string_view path)
{
    std::optional<json_value> at = object;
    while (at && !path.empty()) {
        const auto end = std::min(path.find('.'), path.size());
        at = find_member(*at, path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return at;
}

std::string text_at(const json_value& object, std::string_view path)
{
    const auto found = find_path(object, path);
    return found ? found->string().value_or("") : std::string();
}

std::string snake_case(std::string_view camel)
{
    std::string name;
    for (const char c : camel) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) name += '_';
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return name;
}

std::string upper(std::string text)
{
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

std::string name_at(const json_value& object, std::string_view path)
{
    return upper(text_at(object, path));
}

bool flag_at(const json_value& object, std::string_view path)
{
    const auto found = find_path(object, path);
    return found && found->boolean().value_or(false);
}

} // namespace gemini::live::emulator
