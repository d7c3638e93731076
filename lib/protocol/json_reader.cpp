// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_reader.hpp"

#include "protocol/json_check.hpp"

#include <gemini/live/error.hpp>

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace gemini::live::protocol {

namespace dom = simdjson::dom;

struct json_value::document {
    dom::parser parser;
};

struct json_value::position {
    dom::element element;
};

json_value::json_value(std::shared_ptr<document> owner, std::shared_ptr<const position> at) noexcept
    : owner_(std::move(owner)), at_(std::move(at))
{
}

namespace {

bool fits_64_bits(std::string_view digits)
{
    const char* const end = digits.data() + digits.size();
    std::int64_t signed_value = 0;
    std::uint64_t unsigned_value = 0;
    return std::from_chars(digits.data(), end, signed_value).ec == std::errc() ||
           std::from_chars(digits.data(), end, unsigned_value).ec == std::errc();
}

/// Rewrites integers of more than 64 bits, which simdjson rejects, as doubles. The text must be
/// valid JSON.
std::string with_large_integers_as_doubles(std::string_view text)
{
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool number = !quoted && (c == '-' || (c >= '0' && c <= '9'));
        if (number) {
            const auto token = text.substr(i, text.find_first_not_of("+-.0123456789eE", i) - i);
            out += token;
            if (token.find_first_of(".eE") == token.npos && !fits_64_bits(token)) out += "e0";
            i += token.size() - 1;
            continue;
        }
        out += c;
        if (quoted && c == '\\') out += text[++i];
        if (c == '"') quoted = !quoted;
    }
    return out;
}

} // namespace

json_value json_value::parse(std::string_view text)
{
    auto owner = std::make_shared<document>();
    dom::element root;
    const auto read = [&](std::string_view from) {
        // simdjson also counts the level of the document itself.
        const auto failed = owner->parser.allocate(from.size() + 1, max_json_depth + 1);
        if (failed != simdjson::SUCCESS) return failed;
        return owner->parser.parse(from.data(), from.size()).get(root);
    };
    if (read(text) != simdjson::SUCCESS) {
        if (const auto fault = find_json_fault(text)) throw error(errc::malformed_message, *fault);
        if (read(with_large_integers_as_doubles(text)) != simdjson::SUCCESS)
            throw error(errc::malformed_message, "A number in the JSON is too large.");
    }
    return {owner, std::make_shared<const position>(position{root})};
}

json_value::type json_value::kind() const noexcept
{
    switch (at_->element.type()) {
    case dom::element_type::ARRAY: return type::array;
    case dom::element_type::OBJECT: return type::object;
    case dom::element_type::STRING: return type::string;
    case dom::element_type::BOOL: return type::boolean;
    case dom::element_type::NULL_VALUE: return type::null;
    default: return type::number;
    }
}

std::optional<json_value> json_value::find(std::string_view member) const
{
    dom::element found;
    if (!is_object() || at_->element[member].get(found) != simdjson::SUCCESS || found.is_null())
        return std::nullopt;
    return json_value(owner_, std::make_shared<const position>(position{found}));
}

std::vector<std::pair<std::string, json_value>> json_value::members() const
{
    std::vector<std::pair<std::string, json_value>> all;
    dom::object object;
    if (at_->element.get(object) != simdjson::SUCCESS) return all;
    for (const auto& [key, value] : object) {
        all.emplace_back(std::string(key),
            json_value(owner_, std::make_shared<const position>(position{value})));
    }
    return all;
}

std::vector<json_value> json_value::elements() const
{
    std::vector<json_value> all;
    dom::array array;
    if (at_->element.get(array) != simdjson::SUCCESS) return all;
    for (const auto each : array)
        all.push_back(json_value(owner_, std::make_shared<const position>(position{each})));
    return all;
}

std::optional<std::string> json_value::string() const
{
    std::string_view text;
    if (at_->element.get(text) != simdjson::SUCCESS) return std::nullopt;
    return std::string(text);
}

std::optional<double> json_value::number() const
{
    double value = 0;
    if (at_->element.get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
}

std::optional<std::int64_t> json_value::integer() const
{
    std::int64_t value = 0;
    if (at_->element.get(value) == simdjson::SUCCESS) return value;
    if (const auto spelt_otherwise = number()) return whole_number(*spelt_otherwise);
    const auto digits = string();
    if (!digits) return std::nullopt;
    const char* const end = digits->data() + digits->size();
    const auto [stopped, failed] = std::from_chars(digits->data(), end, value);
    if (failed != std::errc() || stopped != end) return std::nullopt;
    return value;
}

std::optional<bool> json_value::boolean() const
{
    bool value = false;
    if (at_->element.get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
}

std::string json_value::text() const { return simdjson::minify(at_->element); }

const dom::element& json_value::element() const noexcept { return at_->element; }

bool operator==(const json_value& a, const json_value& b)
{
    using type = json_value::type;
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
    case type::array: return a.elements() == b.elements();
    case type::object: {
        const auto ours = a.members();
        const auto theirs = b.members();
        return ours.size() == theirs.size() &&
               std::is_permutation(ours.begin(), ours.end(), theirs.begin());
    }
    case type::number:
        // Whole numbers beyond 2^53 may differ by less than a double can represent.
        return a.integer() && b.integer() ? a.integer() == b.integer() : a.number() == b.number();
    default: return a.text() == b.text();
    }
}

} // namespace gemini::live::protocol
