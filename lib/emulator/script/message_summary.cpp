// SPDX-License-Identifier: Apache-2.0
#include "emulator/script/message_summary.hpp"

#include "base/base64.hpp"
#include "emulator/rules/text_util.hpp"
#include "emulator/rules/validator.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;

/// Returns "[audio 3200 B]" for {"mimeType": "audio/pcm", "data": "…"}.
std::optional<std::string> as_media(const json_value& value)
{
    const auto type = text_at(value, "mimeType");
    const auto data = text_at(value, "data");
    if (type.empty() || data.empty()) return std::nullopt;
    const auto characters = std::min(data.find('='), data.size());
    return fmt::format("[{} {} B]", type.substr(0, type.find('/')), characters * 3 / 4);
}

std::string shown(const json_value& value)
{
    std::string all;
    switch (value.kind()) {
    case json_value::type::object:
        if (auto media = as_media(value)) return *media;
        for (const auto& [name, each] : value.members())
            all += fmt::format("{}{}: {}", all.empty() ? "" : ", ", name, shown(each));
        return '{' + all + '}';
    case json_value::type::array:
        for (const auto& each : value.elements()) all += (all.empty() ? "" : ", ") + shown(each);
        return '[' + all + ']';
    default: return value.text();
    }
}

} // namespace

std::string message_summary(std::string_view message, std::size_t width)
{
    std::string line;
    try {
        line = shown(json_value::parse(message));
    } catch (const error&) {
        line = message.substr(0, width);
    }
    // Unprintable characters could control the terminal.
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    if (line.size() > width) line = shortened(line, width) + " …";
    return line;
}

} // namespace gemini::live::emulator
