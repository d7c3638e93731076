// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_check.hpp"

#include "protocol/json_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace gemini::live::protocol {
namespace {

using simdjson::error_code;
namespace ondemand = simdjson::ondemand;

/// Reads a value and discards it.
template <class T>
error_code failure_of(simdjson::simdjson_result<T> result)
{
    return result.error();
}

error_code check_string(ondemand::value& value)
{
    if (const auto text = long_string(value))
        return has_sound_escapes(*text) ? simdjson::SUCCESS : simdjson::STRING_ERROR;
    return failure_of(value.get_string());
}

error_code check_string(ondemand::document& value) { return failure_of(value.get_string()); }

error_code check_members(ondemand::object object, int depth, std::size_t& left)
{
    for (auto field : object) {
        if (field.error() != simdjson::SUCCESS) return field.error();
        if (left == 0) return simdjson::CAPACITY;
        --left;
        if (const auto failed = failure_of(field.unescaped_key())) return failed;
        ondemand::value value;
        if (const auto failed = field.value().get(value)) return failed;
        if (const auto failed = check_json(value, depth + 1, left)) return failed;
    }
    return simdjson::SUCCESS;
}

error_code check_elements(ondemand::array array, int depth, std::size_t& left)
{
    for (auto element : array) {
        ondemand::value value;
        if (const auto failed = std::move(element).get(value)) return failed;
        if (left == 0) return simdjson::CAPACITY;
        --left;
        if (const auto failed = check_json(value, depth + 1, left)) return failed;
    }
    return simdjson::SUCCESS;
}

/// Accepts a value or a document. A document may be a bare scalar.
template <class Value>
error_code check(Value& value, int depth, std::size_t& left)
{
    ondemand::json_type type{};
    if (const auto failed = value.type().get(type)) return failed;
    switch (type) {
    case ondemand::json_type::object: {
        ondemand::object object;
        if (depth == max_json_depth) return simdjson::DEPTH_ERROR;
        if (const auto failed = value.get_object().get(object)) return failed;
        return check_members(object, depth, left);
    }
    case ondemand::json_type::array: {
        ondemand::array array;
        if (depth == max_json_depth) return simdjson::DEPTH_ERROR;
        if (const auto failed = value.get_array().get(array)) return failed;
        return check_elements(array, depth, left);
    }
    case ondemand::json_type::string: return check_string(value);
    case ondemand::json_type::number: return failure_of(value.get_double());
    case ondemand::json_type::boolean: return failure_of(value.get_bool());
    default: break;
    }
    bool null = false;
    if (const auto failed = simdjson::simdjson_result<bool>(value.is_null()).get(null))
        return failed;
    return null ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

std::string_view reason(error_code failed)
{
    switch (failed) {
    case simdjson::EMPTY: return "it is empty";
    case simdjson::UTF8_ERROR: return "it is not UTF-8";
    case simdjson::DEPTH_ERROR: return "objects and arrays are nested too deeply";
    case simdjson::STRING_ERROR: return "a string has a bad escape";
    case simdjson::NUMBER_ERROR: return "a number is malformed or too large";
    case simdjson::UNCLOSED_STRING: return "a string does not end";
    case simdjson::UNESCAPED_CHARS: return "a string has a control character in it";
    case simdjson::TRAILING_CONTENT: return "it goes on behind its end";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "its last bracket is not at the end";
    default: return "brackets, commas, colons or words are not where they belong";
    }
}

/// simdjson 3.0 accepts "falset" as a literal if nothing surrounds it.
bool ends_with_its_word(std::string_view text)
{
    constexpr std::string_view blank = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    text = text.substr(0, text.find_last_not_of(blank) + 1);
    const bool word = text.starts_with('t') || text.starts_with('f') || text.starts_with('n');
    return !word || text == "true" || text == "false" || text == "null";
}

error_code check_document(ondemand::document& document, std::string_view text)
{
    auto left = std::numeric_limits<std::size_t>::max();
    if (const auto failed = check(document, 0, left)) return failed;
    if (!ends_with_its_word(text)) return simdjson::TAPE_ERROR;
    const auto behind = document.current_location();
    return behind.error() == simdjson::OUT_OF_BOUNDS ? simdjson::SUCCESS
                                                     : simdjson::TRAILING_CONTENT;
}

} // namespace

simdjson::error_code check_json(ondemand::value value, int depth, std::size_t& left)
{
    return check(value, depth, left);
}

std::optional<std::string_view> long_string(ondemand::value& value)
{
    std::string_view text = value.raw_json_token();
    if (text.size() <= longest_copied_string || text.front() != '"') return std::nullopt;
    text = text.substr(1, text.rfind('"') - 1); // trailing white space
    ondemand::raw_json_string begin;
    if (value.get_raw_json_string().get(begin) != simdjson::SUCCESS) return std::nullopt;
    return text;
}

simdjson::error_code get_number(ondemand::value& value, double& to)
{
    const std::string_view token = value.raw_json_token();
    if (const auto failed = value.get_double().get(to)) return failed;
    constexpr std::size_t digits_of_64_bits = 19;
    if (token.size() <= digits_of_64_bits) return simdjson::SUCCESS;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), to);
    if (read.ec != std::errc()) to = 0; // underflow; overflow failed above
    return simdjson::SUCCESS;
}

std::optional<std::int64_t> whole_number(double value) noexcept
{
    constexpr double most = 9007199254740991; // 2^53 - 1
    if (!(value >= -most && value <= most) || std::trunc(value) != value) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

std::optional<std::string> find_json_fault(std::string_view text)
{
    const simdjson::padded_string padded(text);
    ondemand::parser parser;
    ondemand::document document;
    if (const auto failed = parser.iterate(padded).get(document))
        return fmt::format("Not JSON: {}.", reason(failed));
    const auto failed = check_document(document, text);
    if (failed == simdjson::SUCCESS) return std::nullopt;
    const char* at = nullptr;
    if (document.current_location().get(at) != simdjson::SUCCESS) at = padded.data() + text.size();
    return fmt::format("Not JSON near byte {}: {}.", at - padded.data(), reason(failed));
}

} // namespace gemini::live::protocol
