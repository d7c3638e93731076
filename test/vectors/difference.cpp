// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vectors {
namespace {

std::string shown(const std::string& path) { return path.empty() ? "the whole" : path; }

std::string cut(std::string text)
{
    constexpr std::size_t most = 120;
    if (text.size() > most) text = text.substr(0, most) + "…";
    return text;
}

std::string other(const std::string& path, const json_value& expected, const json_value& actual)
{
    return fmt::format(
        "{}: {} is expected, there is {}", shown(path), cut(expected.text()), cut(actual.text()));
}

complaint differing_members(
    const json_value& expected, const json_value& actual, const std::string& path)
{
    const auto wanted = expected.members();
    auto there = actual.members();
    for (const auto& [name, value] : wanted) {
        const auto inside = path.empty() ? name : path + '.' + name;
        const auto same = std::find_if(there.begin(), there.end(),
            [&name = name](const auto& each) { return each.first == name; });
        if (same == there.end())
            return fmt::format("{}: {} is expected, it is missing", inside, cut(value.text()));
        if (auto found = difference(value, same->second, inside)) return found;
        there.erase(same);
    }
    if (there.empty()) return std::nullopt;
    const auto& [name, value] = there.front();
    return fmt::format("{}: {} is there, none is expected", path.empty() ? name : path + '.' + name,
        cut(value.text()));
}

complaint differing_elements(
    const json_value& expected, const json_value& actual, const std::string& path)
{
    const auto wanted = expected.elements();
    const auto there = actual.elements();
    for (std::size_t i = 0; i < std::min(wanted.size(), there.size()); ++i)
        if (auto found = difference(wanted[i], there[i], fmt::format("{}[{}]", path, i)))
            return found;
    if (wanted.size() == there.size()) return std::nullopt;
    return fmt::format(
        "{}: {} elements are expected, there are {}", shown(path), wanted.size(), there.size());
}

} // namespace

complaint difference(const json_value& expected, const json_value& actual, const std::string& path)
{
    using type = json_value::type;
    if (expected.kind() != actual.kind()) return other(path, expected, actual);
    switch (expected.kind()) {
    case type::object: return differing_members(expected, actual, path);
    case type::array: return differing_elements(expected, actual, path);
    case type::number:
        if (expected.number() == actual.number()) return std::nullopt;
        break;
    default:
        if (expected.text() == actual.text()) return std::nullopt;
    }
    return other(path, expected, actual);
}

} // namespace vectors
