// SPDX-License-Identifier: Apache-2.0
// The class json accepts what simdjson's DOM accepts, finds values by pointer, and stays valid
// whatever is added, down to its maximum depth.
#include <gemini/live/json.hpp>

#include "base/access.hpp"
#include "base/utf8.hpp"
#include "fuzz/pieces.hpp"
#include "protocol/json_check.hpp"
#include "protocol/json_reader.hpp"

#include <gemini/live/error.hpp>

#include <optional>
#include <set>
#include <string>

using namespace gemini::live;
using protocol::json_value;

namespace {

template <class Work>
auto unless(errc expected, Work work) -> std::optional<decltype(work())>
{
    try {
        return work();
    } catch (const error& thrown) {
        fuzz::require(thrown.value() == expected);
        fuzz::require(!std::string_view(thrown.what()).empty());
        return std::nullopt;
    }
}

/// The DOM rejects integers of more than 64 bits, On-Demand rejects exponents with too many digits.
bool may_have_a_long_integer(std::string_view text)
{
    std::size_t digits = 0;
    for (const char c : text) {
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits >= 19) return true;
    }
    return false;
}

/// Each look-up parses the whole text, so only some are made.
void compare(const json& whole, const std::string& pointer, const json_value& there, int& left)
{
    if (left-- <= 0) return;
    const auto found = whole.find(pointer);
    fuzz::require(found && json_value::parse(found->text()) == there);
    using type = json_type;
    const auto kind = there.kind();
    fuzz::require(whole.find_type(pointer) == kind);
    fuzz::require(
        whole.find_string(pointer) == (kind == type::string ? there.string() : std::nullopt));
    fuzz::require(whole.find_number(pointer) == there.number());
    fuzz::require(
        whole.find_integer(pointer) == (kind == type::number ? there.integer() : std::nullopt));
    fuzz::require(whole.find_bool(pointer) == there.boolean());
    fuzz::require(whole.find_names(pointer).has_value() == (kind == type::object));
    const bool is_container = kind == type::object || kind == type::array;
    const auto members = there.members();
    const auto elements = there.elements();
    fuzz::require(whole.find_size(pointer) ==
                  (is_container ? std::optional(members.size() + elements.size()) : std::nullopt));
    std::set<std::string> seen;
    for (const auto& [name, value] : members)
        if (seen.insert(name).second)
            compare(whole, pointer + json::pointer(name), value, left); // finds the first of them
    for (std::size_t i = 0; i < elements.size(); ++i)
        compare(whole, pointer + json::pointer(i), elements[i], left);
}

void grow(const json& value, std::string_view text)
{
    const bool utf8 = base::is_utf8(text);
    const auto object = unless(errc::invalid_argument,
        [&] { return json::object().add("value", value).add(text, 0.5).add("text", text); });
    if (object) {
        fuzz::require(utf8 && object->find_size("") == 3);
        fuzz::require(json(object->text()) == *object);
        if (text != "value" && text != "text") {
            fuzz::require(object->find_string("/text") == text);
            fuzz::require(object->find_number(json::pointer(text)) == 0.5);
        }
    }
    // further members are added after those that are there
    const auto more = unless(errc::invalid_argument, [&] { return json(value).add("more", 1); });
    fuzz::require(more.has_value() == value.find_names("").has_value());
    if (more) {
        fuzz::require(!protocol::find_json_fault(more->text()));
        fuzz::require(*more->find_size("") == *value.find_size("") + 1);
    }
    const auto pushed = unless(errc::invalid_argument, [&] { return json(value).push(nullptr); });
    fuzz::require(pushed.has_value() == (value.find_size("") && !value.find_names("")));
    if (pushed) {
        fuzz::require(!protocol::find_json_fault(pushed->text()));
        fuzz::require(pushed->find(json::pointer(*value.find_size(""))).has_value());
    }
    auto deep = value;
    for (int i = 0; i <= json::max_depth; ++i) {
        auto deeper = unless(errc::invalid_argument, [&] { return json::array().push(deep); });
        if (!deeper) {
            fuzz::require(protocol::find_json_fault('[' + deep.text() + ']').has_value());
            return;
        }
        deep = *std::move(deeper);
    }
    fuzz::require(false);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto quoted = unless(errc::invalid_argument, [&] { return json_quote(text); }))
        fuzz::require(json(*quoted).find_string("") == text);
    else
        fuzz::require(!base::is_utf8(text));

    const auto value = unless(errc::invalid_argument, [&] { return json(std::string(text)); });
    const auto dom = unless(errc::malformed_message, [&] { return json_value::parse(text); });
    fuzz::require(value.has_value() == dom.has_value() || may_have_a_long_integer(text));
    if (!value || !dom) return 0;
    fuzz::require(value->text() == text && *value == access::trusted(dom->text()));
    int look_ups = 20;
    compare(*value, "", *dom, look_ups);
    grow(*value, text.substr(0, 40));
    return 0;
}
