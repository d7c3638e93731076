// SPDX-License-Identifier: Apache-2.0
#include "protocol/reader.hpp"

#include "base/base64.hpp"
#include "protocol/json_check.hpp"
#include "protocol/timestamp.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace gemini::live::protocol {
namespace {

char lower(char c) { return static_cast<char>(c - 'A' + 'a'); }

bool decode_base64(std::string_view text, bytes& to)
{
    to.resize(base::base64_capacity(text.size()));
    const auto size = base::base64_decode(text, to.data());
    to.resize(size.value_or(0));
    return size.has_value();
}

} // namespace

void reader::fail(std::string_view what) const
{
    std::string path;
    for (std::size_t i = 0; i < depth_; ++i) {
        if (steps_[i].index >= 0)
            path += fmt::format("[{}]", steps_[i].index);
        else
            path.append(path.empty() ? "" : ".").append(steps_[i].member);
    }
    throw error(errc::malformed_message,
        fmt::format("The {} sent a malformed message: {} {}.",
            sender_ == from::server ? "server" : "client", path.empty() ? "it" : path, what),
        {phase::open});
}

bool reader::is_snake_case(std::string_view wire, std::string_view name) noexcept
{
    std::size_t at = 0;
    for (const char c : wire) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper && (at == name.size() || name[at++] != '_')) return false;
        if (at == name.size() || name[at++] != (upper ? lower(c) : c)) return false;
    }
    return at == name.size();
}

void reader::pass_over(
    std::string_view name, ondemand::value value, std::vector<std::string>* unknown)
{
    if (sender_ == from::client) fail(fmt::format("has an unknown member \"{}\"", name));
    if (is_null(value)) return;
    if (unknown) unknown->emplace_back(name);
    check(value, depth_ + 1);
}

bool reader::is_null(ondemand::value& value) const
{
    bool null = false;
    if (simdjson::simdjson_result<bool>(value.is_null()).get(null) != simdjson::SUCCESS)
        fail("is not valid JSON");
    return null;
}

void reader::check(ondemand::value value, std::size_t depth) const
{
    const auto failed = check_json(value, static_cast<int>(depth));
    if (failed == simdjson::DEPTH_ERROR) fail("is nested too deeply");
    if (failed != simdjson::SUCCESS) fail("is not valid JSON");
}

void reader::read(ondemand::value value, std::string& to)
{
    to = must(value.get_string(), "is not a string");
}

void reader::read(ondemand::value value, bool& to)
{
    to = must(value.get_bool(), "is not a boolean");
}

void reader::read(ondemand::value value, double& to)
{
    if (get_number(value, to) != simdjson::SUCCESS) fail("is not a number");
}

void reader::read(ondemand::value value, std::int64_t& to)
{
    if (value.get_int64().get(to) == simdjson::SUCCESS) return;
    if (double number = 0; get_number(value, number) == simdjson::SUCCESS) {
        const auto whole = whole_number(number);
        if (!whole) fail("is not an integer");
        to = *whole;
        return;
    }
    const auto text = must(value.get_string(), "is not an integer");
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (failed != std::errc() || end != text.data() + text.size()) fail("is not an integer");
}

void reader::read(ondemand::value value, int& to)
{
    std::int64_t number = 0;
    read(value, number);
    if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max())
        fail("is too large");
    to = static_cast<int>(number);
}

void reader::read(ondemand::value value, std::chrono::nanoseconds& to)
{
    constexpr std::string_view wrong = "is not a duration such as \"9.5s\"";
    const auto read = parse_duration(must(value.get_string(), wrong));
    if (!read) fail(wrong);
    to = *read;
}

void reader::read(ondemand::value value, std::chrono::milliseconds& to)
{
    int count = 0;
    read(value, count);
    to = std::chrono::milliseconds(count);
}

void reader::read(ondemand::value value, std::chrono::system_clock::time_point& to)
{
    constexpr std::string_view wrong = "is not a time such as \"2026-11-23T12:30:00Z\"";
    const auto read = parse_timestamp(must(value.get_string(), wrong));
    if (!read) fail(wrong);
    to = *read;
}

void reader::read(ondemand::value value, bytes& to)
{
    std::string_view text = value.raw_json_token();
    while (!text.empty() && text.back() != '"') text.remove_suffix(1); // white space behind
    const bool quoted = text.size() >= 2 && text.front() == '"';
    if (quoted && decode_base64(text.substr(1, text.size() - 2), to)) {
        must(value.get_raw_json_string(), "is not a string"); // else it could be a member's name
        return;
    }
    // slashes may have been escaped
    if (!decode_base64(must(value.get_string(), "is not a string"), to)) fail("is not base64");
}

void reader::read(ondemand::value value, json& to)
{
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::object)
        fail("is not an object");
    const char* const begin = value.raw_json_token().data();
    check(value, depth_);
    const char* end = must(value.current_location(), "is not valid JSON"); // of what follows
    while (end[-1] != '}') --end;
    to = json::trusted(std::string(begin, end));
}

void reader::read(ondemand::value value, schema& to)
{
    json text;
    read(value, text);
    try {
        to = schema(text);
    } catch (const error&) {
        fail("is not a schema");
    }
}

void reader::read(ondemand::value value, modalities& to)
{
    constexpr std::pair<std::string_view, modalities> names[]{{"TEXT", modality::text},
        {"AUDIO", modality::audio}, {"IMAGE", modality::image}, {"VIDEO", modality::video}};
    elements(value, [&](ondemand::value each) {
        const auto name = must(each.get_string(), "is not a string");
        const auto found = std::find_if(std::begin(names), std::end(names),
            [name](const auto& known) { return known.first == name; });
        if (found == std::end(names)) fail("is not a modality");
        to = to | found->second;
    });
}

void reader::read(ondemand::value value, std::map<std::string, std::string>& to)
{
    for (auto next : must(value.get_object(), "is not an object")) {
        if (next.error() != simdjson::SUCCESS) fail("is not valid JSON");
        const auto name = must(next.unescaped_key(), "has a bad member name");
        auto& text = to[std::string(name)];
        read(std::move(next).value_unsafe().value(), text);
    }
}

} // namespace gemini::live::protocol
