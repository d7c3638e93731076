// SPDX-License-Identifier: Apache-2.0
// Whatever a server sends is a message or errc::malformed_message. A second decoder, which walks
// simdjson's DOM and shares only the list of fields with the first, must produce the same message
// where it can read every member. A message with one member spoiled must differ from the whole one
// in that member only.
#include "protocol/decode.hpp"
#include "base/access.hpp"
#include "fuzz/pieces.hpp"
#include "protocol/fields.hpp"
#include "protocol/json_check.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/mend.hpp"
#include "support/spoiling.hpp"

#include <gemini/live/error.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

using namespace gemini::live;
using protocol::json_value;

namespace {

struct does_not_fit {};

template <class T>
T must(std::optional<T> value)
{
    if (!value) throw does_not_fit{};
    return *std::move(value);
}

void take(const json_value& from, std::string& to) { to = must(from.string()); }
void take(const json_value& from, bool& to) { to = must(from.boolean()); }
void take(const json_value& from, double& to) { to = must(from.number()); }
void take(const json_value& from, std::int64_t& to) { to = must(from.integer()); }

void take(const json_value& from, int& to)
{
    const auto number = must(from.integer());
    if (number != static_cast<int>(number)) throw does_not_fit{};
    to = static_cast<int>(number);
}

void take(const json_value& from, json& to)
{
    if (!from.is_object()) throw does_not_fit{};
    to = access::trusted(from.text());
}

/// Six bits at a time.
void take(const json_value& from, bytes& to)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    auto text = must(from.string());
    if (text.size() % 4 == 0)
        for (int i = 0; i < 2 && text.ends_with('='); ++i) text.pop_back();
    to.clear();
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) throw does_not_fit{};
        bits = bits << 6 | static_cast<std::uint32_t>(value < 64 ? value : value - 2);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        to.push_back(static_cast<std::byte>(bits >> count));
        bits &= (1u << count) - 1;
    }
    if (count == 6 || bits != 0) throw does_not_fit{};
}

/// All decimals but the point are one number of nanoseconds.
void take(const json_value& from, std::chrono::nanoseconds& to)
{
    auto text = must(from.string());
    if (!text.ends_with('s')) throw does_not_fit{};
    text.pop_back();
    const bool negative = text.starts_with('-');
    if (negative) text.erase(0, 1);
    const auto point = std::min(text.find('.'), text.size());
    auto digits = text.substr(0, point);
    if (digits.empty()) throw does_not_fit{};
    std::string decimals;
    if (point != text.size()) decimals = text.substr(point + 1);
    if (decimals.size() > 9 || (point != text.size() && decimals.empty())) throw does_not_fit{};
    decimals.resize(9, '0');
    digits += decimals;
    if (digits.find_first_not_of("0123456789") != std::string::npos) throw does_not_fit{};
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (digits.size() > 19) throw does_not_fit{};
    std::uint64_t number = 0; // 19 digits always fit
    for (const char c : digits) number = number * 10 + static_cast<std::uint64_t>(c - '0');
    // the range of nanoseconds ends a little before a whole second
    constexpr std::uint64_t most = 9'223'372'036'000'000'000U;
    if (number >= most) throw does_not_fit{};
    to = std::chrono::nanoseconds(static_cast<std::int64_t>(number));
    if (negative) to = -to;
}

template <class Known>
void take(const json_value& from, open_enum<Known>& to)
{
    if (from.kind() == json_value::type::number &&
        from.text().find_first_of(".e") == std::string::npos)
        to = open_enum<Known>(std::to_string(must(from.integer())));
    else
        to = open_enum<Known>(must(from.string()));
}

template <class T>
void take(const json_value& from, std::vector<T>& to);
template <class T>
void take(const json_value& from, std::optional<T>& to);
template <class T>
void take(const json_value& from, boxed<T>& to);
void take(const json_value& from, blob& to);

/// Whether `name` was the member's.
template <class T, class Field>
bool take_member(std::string_view name, const json_value& value, T& to, const Field& about);

template <class T, class Fields>
bool take_member_of(std::string_view name, const json_value& value, T& to, const Fields& all)
{
    bool taken = false;
    protocol::for_each_field(
        all, [&](const auto& one) { taken = taken || take_member(name, value, to, one); });
    return taken;
}

template <protocol::described T>
void take(const json_value& from, T& to)
{
    if (!from.is_object()) throw does_not_fit{};
    for (const auto& [name, value] : from.members())
        if (value.kind() != json_value::type::null)
            take_member_of(name, value, to, protocol::fields<T>);
}

/// Inline data of the model without a media type is taken for audio, and reported.
void take(const json_value& from, blob& to)
{
    take<blob>(from, to);
    if (to.mime_type.empty() && !to.data.empty()) throw does_not_fit{};
}

template <class T>
void take(const json_value& from, std::vector<T>& to)
{
    if (from.kind() != json_value::type::array) throw does_not_fit{};
    for (const auto& each : from.elements()) take(each, to.emplace_back());
}

template <class T>
void take(const json_value& from, std::optional<T>& to)
{
    take(from, to ? *to : to.emplace());
}
template <class T>
void take(const json_value& from, boxed<T>& to)
{
    take(from, to ? *to : to.emplace());
}

template <class T, class Field>
bool take_member(std::string_view name, const json_value& value, T& to, const Field& about)
{
    if constexpr (protocol::is_group<Field>) {
        if (name != about.name) return false;
        if (!value.is_object()) throw does_not_fit{};
        for (const auto& [inner, each] : value.members())
            if (each.kind() != json_value::type::null)
                take_member_of(inner, each, to, about.fields);
        return true;
    } else {
        if (name != about.name && (about.on_vertex.empty() || name != about.on_vertex) &&
            (about.also.empty() || name != about.also))
            return false;
        take(value, to.*Field::member);
        return true;
    }
}

/// Three members of serverContent may stand beside it.
bool is_stray(std::string_view name)
{
    return name == "interactionStatus" || name == "inputTranscription" ||
           name == "outputTranscription";
}

server_message_members by_the_dom(std::string_view text)
{
    const auto root = json_value::parse(text);
    if (!root.is_object()) throw does_not_fit{};
    server_message_members message;
    for (const auto& [name, value] : root.members()) {
        if (value.kind() == json_value::type::null) continue;
        if (is_stray(name)) {
            auto& content =
                message.server_content ? *message.server_content : message.server_content.emplace();
            take_member_of(name, value, content, protocol::fields<server_content>);
        } else if (!take_member_of(
                       name, value, message, protocol::fields<server_message_members>)) {
            message.unknown.push_back(name);
        }
    }
    return message;
}

std::optional<server_message> decode(std::string_view text)
{
    try {
        return protocol::decode_server_message(base::padded_buffer(text));
    } catch (const error& refused) {
        fuzz::require(refused.value() == errc::malformed_message);
        fuzz::require(!std::string_view(refused.what()).empty());
        return std::nullopt;
    }
}

/// NaN does not equal itself.
bool are_same(const server_message& a, const server_message& b)
{
    using protocol::encode_server_message;
    return a.members() == b.members() ||
           encode_server_message(a.members()) == encode_server_message(b.members());
}

/// Text that is not valid JSON.
void check_mended(std::string_view text, const std::optional<server_message>& message)
{
    const auto mended = protocol::mend_json(protocol::mend_characters(text));
    if (!mended) return fuzz::require(!message);
    fuzz::require(!protocol::find_json_fault(mended->text));
    const auto other = decode(mended->text);
    fuzz::require(message.has_value() == other.has_value());
    if (message && mended->cuts.empty()) fuzz::require(are_same(*message, *other));
}

/// Spoils one member in one way, both chosen by the text itself.
void spoil(std::string_view text)
{
    namespace spoiling = test::spoiling;
    constexpr std::size_t longest = 4096;
    if (text.size() > longest) return;
    std::uint32_t seed = 2166136261u;
    for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619u;
    const auto root = json_value::parse(text);
    const auto paths = spoiling::all_paths(root);
    if (paths.empty() || spoiling::has_duplicates(root)) return;
    const auto& where = paths[seed % paths.size()];
    const auto forms = spoiling::spoilt_forms(spoiling::value_at(root, where));
    fuzz::require(spoiling::complaint(root, where, forms[(seed >> 16) % forms.size()]).empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto message = decode(text);
    if (message) {
        fuzz::require(message->raw() == text || message->raw() == protocol::mend_characters(text));
    }
    if (protocol::find_json_fault(text)) {
        check_mended(text, message);
        return 0;
    }
    try {
        const auto expected = by_the_dom(text);
        fuzz::require(message && message->members() == expected);
    } catch (const does_not_fit&) {
        fuzz::require(message.has_value() == json_value::parse(text).is_object());
    }
    if (message && message->members().omitted.empty()) spoil(text);
    return 0;
}
