// SPDX-License-Identifier: Apache-2.0
// Any value can be checked against any schema, and what does not fit is told in few words. The
// input is a JSON Schema, a zero byte, and the value.
#include <gemini/live/error.hpp>
#include <gemini/live/tool.hpp>

#include "fuzz/pieces.hpp"

#include <optional>
#include <string>

using namespace gemini::live;

namespace {

std::optional<json> read(std::string_view text)
{
    try {
        return json(std::string(text));
    } catch (const error&) {
        return std::nullopt;
    }
}

std::optional<schema> converted(const json& text)
{
    try {
        return schema(text);
    } catch (const error& refused) {
        fuzz::require(refused.value() == errc::invalid_argument);
        return std::nullopt;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto middle = text.find('\0');
    if (middle == text.npos) return 0;
    const auto type_text = read(text.substr(0, middle));
    const auto value = read(text.substr(middle + 1));
    if (!type_text || !value) return 0;
    const auto type = converted(*type_text);
    if (!type) return 0;
    const auto found = type->check(*value);
    fuzz::require(found.size() <= 16);
    for (const auto& [path, what] : found) {
        fuzz::require(!what.empty() && what.size() < 1000);
        fuzz::require(value->find(path).has_value() != (what == "is required"));
    }
    return 0;
}
