// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/json.hpp>

#include "protocol/json_check.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

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

/// One step of a JSON pointer. simdjson's own would not see through escapes in names.
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

/// Gives what `pointer` leads to as what `get` takes it for.
template <class Get>
auto find(const std::string& text, std::string_view pointer, Get get)
    -> decltype(get(std::declval<ondemand::value&>()))
{
    const simdjson::padded_string padded('[' + text + ']'); // so that any value is in an array
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
    if (const auto fault = protocol::find_json_fault(text_))
        throw error(errc::invalid_argument, *fault);
}

std::optional<std::string> json::find_string(std::string_view pointer) const
{
    return find(text_, pointer, [](ondemand::value& value) -> std::optional<std::string> {
        std::string_view text;
        if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
        return std::string(text);
    });
}

std::optional<double> json::find_number(std::string_view pointer) const
{
    return find(text_, pointer, [](ondemand::value& value) -> std::optional<double> {
        double number = 0;
        if (value.get_double().get(number) != simdjson::SUCCESS) return std::nullopt;
        return number;
    });
}

std::optional<bool> json::find_bool(std::string_view pointer) const
{
    return find(text_, pointer, [](ondemand::value& value) -> std::optional<bool> {
        bool truth = false;
        if (value.get_bool().get(truth) != simdjson::SUCCESS) return std::nullopt;
        return truth;
    });
}

std::string json_quote(std::string_view text)
{
    std::string quoted;
    if (!protocol::append_json_string(quoted, text))
        throw error(errc::invalid_argument, "The text is not UTF-8.");
    return quoted;
}

} // namespace gemini::live
