// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/json.hpp>

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <charconv>

namespace gemini::live {
namespace {

using protocol::json_value;

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

std::optional<json_value> step(const json_value& from, const std::string& name)
{
    if (from.is_object()) return from.find(name);
    std::size_t index = 0;
    const char* const end = name.data() + name.size();
    const auto [stopped, failed] = std::from_chars(name.data(), end, index);
    const auto elements = from.elements();
    if (failed != std::errc() || stopped != end || index >= elements.size()) return std::nullopt;
    return elements[index];
}

std::optional<json_value> find(const std::string& text, std::string_view pointer)
{
    std::optional<json_value> at = json_value::parse(text);
    while (at && !pointer.empty()) {
        if (pointer.front() != '/') return std::nullopt;
        pointer.remove_prefix(1);
        const auto size = std::min(pointer.find('/'), pointer.size());
        at = step(*at, unescape(pointer.substr(0, size)));
        pointer.remove_prefix(size);
    }
    return at;
}

} // namespace

json::json(std::string text) : text_(std::move(text))
{
    try {
        static_cast<void>(json_value::parse(text_));
    } catch (const error& malformed) {
        throw error(errc::invalid_argument, malformed.what());
    }
}

std::optional<std::string> json::find_string(std::string_view pointer) const
{
    const auto found = find(text_, pointer);
    return found ? found->string() : std::nullopt;
}

std::optional<double> json::find_number(std::string_view pointer) const
{
    const auto found = find(text_, pointer);
    return found ? found->number() : std::nullopt;
}

std::optional<bool> json::find_bool(std::string_view pointer) const
{
    const auto found = find(text_, pointer);
    return found ? found->boolean() : std::nullopt;
}

std::string json_quote(std::string_view text)
{
    std::string quoted;
    if (!protocol::append_json_string(quoted, text))
        throw error(errc::invalid_argument, "The text is not UTF-8.");
    return quoted;
}

} // namespace gemini::live
