// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/json.hpp>

#include "base/access.hpp"
#include "protocol/json_check.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace gemini::live {
namespace {

namespace ondemand = simdjson::ondemand;

/// RFC 6901: "~1" is a slash, "~0" a tilde.
std::string unescape(std::string_view token)
{
    std::string name;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool escaped = token[i] == '~' && i + 1 < token.size();
        if (escaped)
            name += token[++i] == '1' ? '/' : '~';
        else
            name += token[i];
    }
    return name;
}

std::optional<std::size_t> read_index(std::string_view token)
{
    std::size_t index = 0;
    const char* const end = token.data() + token.size();
    const auto [stopped, failed] = std::from_chars(token.data(), end, index);
    const bool leading_zero = token.size() > 1 && token.front() == '0';
    if (failed != std::errc() || stopped != end || leading_zero) return std::nullopt;
    return index;
}

/// Takes one step of a JSON pointer. simdjson's own does not unescape names.
std::optional<ondemand::value> step(ondemand::value from, std::string_view token)
{
    ondemand::value found;
    ondemand::object object;
    ondemand::array array;
    if (from.get_object().get(object) == simdjson::SUCCESS) {
        const auto name = unescape(token);
        for (auto field : object) {
            std::string_view key;
            if (field.unescaped_key().get(key) != simdjson::SUCCESS) return std::nullopt;
            if (key != name) continue;
            if (field.value().get(found) == simdjson::SUCCESS) return found;
        }
    } else if (from.get_array().get(array) == simdjson::SUCCESS) {
        const auto index = read_index(token);
        if (index && array.at(*index).get(found) == simdjson::SUCCESS) return found;
    }
    return std::nullopt;
}

/// Returns the value that `pointer` refers to, converted by `get`.
template <class Get>
auto find_at(const std::string& text, std::string_view pointer, Get get)
    -> decltype(get(std::declval<ondemand::value&>()))
{
    const simdjson::padded_string padded('[' + text + ']'); // an array may hold any value
    ondemand::parser parser;
    ondemand::document document;
    ondemand::array array;
    ondemand::value at;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
        document.get_array().get(array) != simdjson::SUCCESS ||
        array.at(0).get(at) != simdjson::SUCCESS)
        return std::nullopt;
    while (!pointer.empty()) {
        if (pointer.front() != '/') return std::nullopt;
        pointer.remove_prefix(1);
        const auto size = std::min(pointer.find('/'), pointer.size());
        const auto next = step(at, pointer.substr(0, size));
        if (!next) return std::nullopt;
        at = *next;
        pointer.remove_prefix(size);
    }
    return get(at);
}

} // namespace

json::json(std::string text) : text_(std::move(text))
{
    if (text_.size() > max_size) {
        throw error(
            errc::invalid_argument, fmt::format("The JSON is too long: {} bytes, {} are the most.",
                                        text_.size(), max_size));
    }
    if (const auto fault = protocol::find_json_fault(text_))
        throw error(errc::invalid_argument, *fault);
}

json access::trusted(std::string text) noexcept
{
    json value;
    value.text_ = std::move(text);
    return value;
}

json json::array() { return access::trusted("[]"); }

json_type json::type() const noexcept
{
    const auto first = text_.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return json_type::null; // moved from
    switch (text_[first]) {
    case 'n': return json_type::null;
    case 't':
    case 'f': return json_type::boolean;
    case '"': return json_type::string;
    case '[': return json_type::array;
    case '{': return json_type::object;
    default: return json_type::number;
    }
}

/// RFC 6901, the other way round than `unescape`.
void json::append_step(std::string& pointer, std::string_view name)
{
    pointer += '/';
    for (const char c : name) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

bool json::empty() const noexcept
{
    const auto first = text_.find_first_not_of(" \t\r\n");
    const auto next = text_.find_first_not_of(" \t\r\n", first + 1);
    return next != std::string::npos && ((text_[first] == '{' && text_[next] == '}') ||
                                            (text_[first] == '[' && text_[next] == ']'));
}

bool operator==(const json& a, const json& b)
{
    if (a.text_ == b.text_) return true;
    return protocol::json_value::parse(a.text_) == protocol::json_value::parse(b.text_);
}

namespace {

/// Returns the nesting depth of objects and arrays.
int depth_of(std::string_view text)
{
    int depth = 0;
    int most = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\') ++i;
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '{' || c == '[') most = std::max(most, ++depth);
        if (c == '}' || c == ']') --depth;
    }
    return most;
}

/// Appends before the last bracket of `to`, which must be `close`. Leaves `to` unchanged if it
/// throws.
void append(std::string& to, char close, std::string_view name, std::string_view value)
{
    const auto last = to.find_last_not_of(" \t\r\n");
    if (last == std::string::npos || to[last] != close) {
        throw error(errc::invalid_argument,
            fmt::format("Only {} takes {}.", close == '}' ? "an object" : "an array",
                close == '}' ? "members" : "elements"));
    }
    const auto behind = last == 0 ? std::string::npos : to.find_last_not_of(" \t\r\n", last - 1);
    std::string piece; // `name` and `value` may alias `to`
    if (to[behind] != '{' && to[behind] != '[') piece += ',';
    if (close == '}') {
        if (!protocol::append_json_string(piece, name))
            throw error(errc::invalid_argument, "The name of a member is not UTF-8.");
        piece += ':';
    }
    piece.append(value).append(1, close);
    if (last + piece.size() > json::max_size)
        throw error(errc::invalid_argument, "The JSON would become too long.");
    to.resize(last);
    to += piece;
}

std::string number_text(double value)
{
    protocol::json_writer out;
    return out.number(value).take();
}

/// Returns a whole value that is to be nested inside one more object or array.
const std::string& nested(const json& value)
{
    if (depth_of(value.text()) >= json::max_depth)
        throw error(errc::invalid_argument, "The JSON would be nested too deeply.");
    return value.text();
}

} // namespace

json json::add(std::string_view name, std::string_view value) &&
{
    append(text_, '}', name, json_quote(value));
    return std::move(*this);
}
json json::add(std::string_view name, const char* value) &&
{
    return std::move(*this).add(name, std::string_view(value));
}
json json::add(std::string_view name, double value) &&
{
    append(text_, '}', name, number_text(value));
    return std::move(*this);
}
json json::add(std::string_view name, std::int64_t value) &&
{
    append(text_, '}', name, std::to_string(value));
    return std::move(*this);
}
json json::add(std::string_view name, std::uint64_t value) &&
{
    append(text_, '}', name, std::to_string(value));
    return std::move(*this);
}
json json::add(std::string_view name, int value) &&
{
    append(text_, '}', name, std::to_string(value));
    return std::move(*this);
}
json json::add(std::string_view name, bool value) &&
{
    append(text_, '}', name, value ? "true" : "false");
    return std::move(*this);
}
json json::add(std::string_view name, std::nullptr_t) &&
{
    append(text_, '}', name, "null");
    return std::move(*this);
}
json json::add(std::string_view name, const json& value) &&
{
    append(text_, '}', name, nested(value));
    return std::move(*this);
}

json json::push(std::string_view value) &&
{
    append(text_, ']', {}, json_quote(value));
    return std::move(*this);
}
json json::push(const char* value) && { return std::move(*this).push(std::string_view(value)); }
json json::push(double value) &&
{
    append(text_, ']', {}, number_text(value));
    return std::move(*this);
}
json json::push(std::int64_t value) &&
{
    append(text_, ']', {}, std::to_string(value));
    return std::move(*this);
}
json json::push(std::uint64_t value) &&
{
    append(text_, ']', {}, std::to_string(value));
    return std::move(*this);
}
json json::push(int value) &&
{
    append(text_, ']', {}, std::to_string(value));
    return std::move(*this);
}
json json::push(bool value) &&
{
    append(text_, ']', {}, value ? "true" : "false");
    return std::move(*this);
}
json json::push(std::nullptr_t) &&
{
    append(text_, ']', {}, "null");
    return std::move(*this);
}
json json::push(const json& value) &&
{
    append(text_, ']', {}, nested(value));
    return std::move(*this);
}

std::optional<json_type> json::find_type(std::string_view pointer) const
{
    const auto value = find(pointer);
    return value ? std::optional(value->type()) : std::nullopt;
}

std::optional<std::string> json::find_string(std::string_view pointer) const
{
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<std::string> {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
        return std::string(text);
    });
}

std::optional<double> json::find_number(std::string_view pointer) const
{
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<double> {
        double number = 0;
        if (protocol::get_number(value, number) != simdjson::SUCCESS) return std::nullopt;
        return number;
    });
}

std::optional<std::int64_t> json::find_integer(std::string_view pointer) const
{
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<std::int64_t> {
        std::int64_t number = 0;
        if (value.get_int64().get(number) == simdjson::SUCCESS) return number;
        double spelt_otherwise = 0;
        if (protocol::get_number(value, spelt_otherwise) != simdjson::SUCCESS) return std::nullopt;
        return protocol::whole_number(spelt_otherwise);
    });
}

std::optional<bool> json::find_bool(std::string_view pointer) const
{
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<bool> {
        bool truth = false;
        if (value.get_bool().get(truth) != simdjson::SUCCESS) return std::nullopt;
        return truth;
    });
}

std::optional<json> json::find(std::string_view pointer) const
{
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<json> {
        std::string_view text;
        if (simdjson::to_json_string(value).get(text) != simdjson::SUCCESS) return std::nullopt;
        while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ')
            text.remove_suffix(1);
        return access::trusted(std::string(text));
    });
}

std::optional<std::size_t> json::find_size(std::string_view pointer) const
{
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<std::size_t> {
        std::size_t count = 0;
        ondemand::object object;
        ondemand::array array;
        const bool counted = (value.get_object().get(object) == simdjson::SUCCESS &&
                                 object.count_fields().get(count) == simdjson::SUCCESS) ||
                             (value.get_array().get(array) == simdjson::SUCCESS &&
                                 array.count_elements().get(count) == simdjson::SUCCESS);
        return counted ? std::optional(count) : std::nullopt;
    });
}

std::optional<std::vector<std::string>> json::find_names(std::string_view pointer) const
{
    using names = std::vector<std::string>;
    return find_at(text_, pointer, [](ondemand::value& value) -> std::optional<names> {
        ondemand::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
        names all;
        for (auto field : object) {
            std::string_view name;
            if (field.unescaped_key().get(name) != simdjson::SUCCESS) return std::nullopt;
            all.emplace_back(name);
        }
        return all;
    });
}

namespace {

template <class T>
T found(std::optional<T> value, std::string_view what, std::string_view pointer)
{
    if (value) return *std::move(value);
    throw error(errc::invalid_argument, fmt::format("There is no {} at {} in the JSON.", what,
                                            pointer.empty() ? "its top" : pointer));
}

} // namespace

template <>
std::string json::at<std::string>(std::string_view pointer) const
{
    return found(find_string(pointer), "string", pointer);
}
template <>
double json::at<double>(std::string_view pointer) const
{
    return found(find_number(pointer), "number", pointer);
}
template <>
std::int64_t json::at<std::int64_t>(std::string_view pointer) const
{
    return found(find_integer(pointer), "whole number", pointer);
}
template <>
bool json::at<bool>(std::string_view pointer) const
{
    return found(find_bool(pointer), "boolean", pointer);
}
template <>
json json::at<json>(std::string_view pointer) const
{
    return found(find(pointer), "value", pointer);
}

std::string json_quote(std::string_view text)
{
    std::string quoted;
    if (!protocol::append_json_string(quoted, text))
        throw error(errc::invalid_argument, "The text is not UTF-8.");
    return quoted;
}

} // namespace gemini::live
