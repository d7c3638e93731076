// SPDX-License-Identifier: Apache-2.0
#include "protocol/reader.hpp"
#include "base/access.hpp"

#include "base/base64.hpp"
#include "base/trim.hpp"
#include "protocol/decode.hpp"
#include "protocol/fields.hpp"
#include "protocol/json_check.hpp"
#include "protocol/json_string.hpp"
#include "protocol/timestamp.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace gemini::live::protocol {
namespace {

char lower(char c) { return static_cast<char>(c - 'A' + 'a'); }

template <class Decode>
bool decode_base64(std::string_view text, bytes& to, Decode decode)
{
    to.resize(base::base64_capacity(text.size()));
    const auto size = decode(text, to.data());
    to.resize(size.value_or(0));
    return size.has_value();
}

bool holds_number(ondemand::value& value)
{
    ondemand::json_type type{};
    return value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::number;
}

/// Returns the number that all of `text` represents in JSON's grammar.
std::optional<double> number_in(std::string_view text)
{
    double value = 0;
    const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

/// Reads a number that proto3 JSON writes as a string.
std::optional<double> quoted_number(std::string_view text)
{
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return infinity;
    if (text == "-Infinity") return -infinity;
    return number_in(text);
}

std::optional<std::int64_t> quoted_integer(std::string_view text)
{
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return value;
    const auto number = number_in(text);
    return number ? whole_number(*number) : std::nullopt;
}

/// google.protobuf.Duration as an object, which encodings other than JSON use.
struct duration_parts {
    std::optional<std::int64_t> seconds{};
    std::optional<std::int64_t> nanos{};
};

constexpr std::array duration_rules{
    rule<duration_parts>{"seconds",
        [](reader& in, ondemand::value value, duration_parts& to) { in.read(value, to.seconds); }},
    rule<duration_parts>{"nanos",
        [](reader& in, ondemand::value value, duration_parts& to) { in.read(value, to.nanos); }},
};

} // namespace

std::string reader::path() const
{
    std::string path;
    for (std::size_t i = 0; i < depth_; ++i) {
        if (steps_[i].index >= 0)
            path += fmt::format("[{}]", steps_[i].index);
        else
            path.append(path.empty() ? "" : ".").append(steps_[i].member);
    }
    return path;
}

error malformed(std::string_view sender, const omitted_member& why)
{
    return error(errc::malformed_message,
        fmt::format("The {} sent a malformed message: {} {}.", sender,
            why.path.empty() ? "it" : why.path, why.reason),
        {phase::open});
}

namespace {

std::string without_indices(std::string_view path)
{
    std::string names;
    bool inside = false;
    for (const char c : path) {
        inside = inside || c == '[';
        if (!inside) names += c;
        inside = inside && c != ']';
    }
    return names;
}

/// Omissions that matter most are recorded even if the list is already full.
int weight_of(std::string_view path)
{
    if (may_end_turn(path)) return 3;
    if (is_of_go_away(path)) return 2;
    return is_resumable(path) ? 1 : 0;
}

} // namespace

bool may_end_turn(std::string_view path)
{
    constexpr std::array<std::string_view, 5> ends{"serverContent", "serverContent.turnComplete",
        "toolCall", "toolCall.functionCalls", "error"};
    return std::find(ends.begin(), ends.end(), without_indices(path)) != ends.end();
}

bool is_of_go_away(std::string_view path) { return path.starts_with("goAway"); }

bool is_resumable(std::string_view path)
{
    return without_indices(path) == "sessionResumptionUpdate.resumable";
}

void reader::fail(std::string_view what) const
{
    throw malformed(sender_ == from::server ? "server" : "client", {path(), std::string(what)});
}

/// Whether the current value may have a weight that the list lacks. There may be very many values,
/// and building a path takes time.
bool reader::may_weigh_anew() const
{
    constexpr std::size_t deepest = 3; // depth of any path with a weight
    const auto has = [this](std::string_view path) {
        return (omitted_->weights & (1u << weight_of(path))) != 0;
    };
    if (depth_ == 0 || depth_ > deepest) return false;
    const auto first = steps_[0].member;
    return !has(first == "sessionResumptionUpdate" ? "sessionResumptionUpdate.resumable" : first);
}

bool reader::refuse(std::string_view what)
{
    if (!omitted_) fail(what);
    if (depth_ != 0 && steps_[depth_ - 1].member == "mimeType") has_refused_type_ = true;
    constexpr std::size_t most = 16;
    const bool is_full = omitted_->list.size() >= most;
    if (is_full && !may_weigh_anew()) return false;
    omitted_member one{path(), std::string(what)};
    const auto weight = 1u << weight_of(one.path);
    const bool is_new = weight != 1 && (omitted_->weights & weight) == 0;
    if (is_full && !is_new) return false;
    omitted_->weights |= weight;
    omitted_->list.push_back(std::move(one));
    return false;
}

error reader::too_rich(std::string_view in) const
{
    const auto where = path();
    return error(errc::message_too_big,
        fmt::format("The {} sent a message with too many {}{}{}.",
            sender_ == from::server ? "server" : "client", in, where.empty() ? "" : ", at ", where),
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
    constexpr std::size_t most_unknown = 64;
    constexpr std::size_t longest_name = 1024;
    if (unknown && unknown->size() < most_unknown && name.size() <= longest_name)
        unknown->emplace_back(name);
    check(value, depth_ + 1);
}

bool reader::is_null(ondemand::value& value) const
{
    bool null = false;
    if (simdjson::simdjson_result<bool>(value.is_null()).get(null) != simdjson::SUCCESS)
        fail("is not valid JSON");
    return null;
}

void reader::check(ondemand::value value, std::size_t depth)
{
    const auto failed = check_json(value, static_cast<int>(depth), budget_.values);
    if (failed == simdjson::CAPACITY) count_value();
    if (failed == simdjson::DEPTH_ERROR) fail("is nested too deeply");
    if (failed != simdjson::SUCCESS) fail("is not valid JSON");
}

bool reader::stands_alone(ondemand::value& value, bool is_object) const
{
    ondemand::json_type type{};
    if (sender_ == from::client || value.type().get(type) != simdjson::SUCCESS) return false;
    using enum ondemand::json_type;
    return is_object ? type == object : type == string || type == number;
}

bool reader::refuse_number(ondemand::value& value, std::string_view what)
{
    double number = 0;
    const bool is_too_large = holds_number(value) && get_number(value, number) != simdjson::SUCCESS;
    return refuse(is_too_large ? "is too large" : what);
}

bool reader::is_id() const
{
    auto at = depth_;
    while (at > 0 && steps_[at - 1].index >= 0) --at;
    const auto member = at == 0 ? std::string_view() : steps_[at - 1].member;
    return member == "id" || member == "ids" || member.ends_with("Id");
}

bool reader::is_within(std::string_view member) const
{
    return std::any_of(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(depth_),
        [member](const step& each) { return each.member == member; });
}

bool reader::read(ondemand::value value, std::string& to)
{
    if (const auto text = long_string(value)) {
        auto meant = unescape(*text);
        if (!meant) return refuse("is not a string");
        to = *std::move(meant);
        return true;
    }
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) {
        to = text;
        return true;
    }
    if (!holds_number(value) || sender_ == from::client || !is_id())
        return refuse("is not a string");
    refuse("is not a string: its digits are taken");
    to = base::trimmed(std::string_view(value.raw_json_token()));
    return true;
}

bool reader::read_name(ondemand::value value, std::string& to)
{
    std::int64_t number = 0;
    double spelt_otherwise = 0;
    if (value.get_int64().get(number) == simdjson::SUCCESS) {
        to = std::to_string(number);
        return true;
    }
    if (get_number(value, spelt_otherwise) == simdjson::SUCCESS) {
        const auto whole = whole_number(spelt_otherwise);
        if (!whole) return refuse("is not an integer");
        to = std::to_string(*whole);
        return true;
    }
    return read(value, to);
}

bool reader::read(ondemand::value value, bool& to)
{
    if (value.get_bool().get(to) == simdjson::SUCCESS) return true;
    std::string_view text;
    if (sender_ == from::client || value.get_string().get(text) != simdjson::SUCCESS ||
        (text != "true" && text != "false"))
        return refuse("is not a boolean");
    to = text == "true";
    return true;
}

bool reader::read(ondemand::value value, double& to)
{
    double number = 0;
    if (get_number(value, number) == simdjson::SUCCESS) {
        to = number;
        return true;
    }
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS)
        return refuse_number(value, "is not a number");
    const auto quoted = quoted_number(text);
    if (!quoted) return refuse("is not a number");
    to = *quoted;
    return true;
}

bool reader::read(ondemand::value value, std::int64_t& to)
{
    std::int64_t number = 0;
    if (value.get_int64().get(number) == simdjson::SUCCESS) {
        to = number;
        return true;
    }
    std::optional<std::int64_t> read;
    std::string_view text;
    if (double spelt_otherwise = 0; get_number(value, spelt_otherwise) == simdjson::SUCCESS)
        read = whole_number(spelt_otherwise);
    else if (value.get_string().get(text) == simdjson::SUCCESS)
        read = quoted_integer(text);
    else
        return refuse_number(value, "is not an integer");
    if (!read) return refuse("is not an integer");
    to = *read;
    return true;
}

bool reader::read(ondemand::value value, int& to)
{
    std::int64_t number = 0;
    if (!read(value, number)) return false;
    if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max())
        return refuse("is too large");
    to = static_cast<int>(number);
    return true;
}

bool reader::read(ondemand::value value, std::chrono::nanoseconds& to)
{
    constexpr std::string_view wrong = "is not a duration such as \"9.5s\"";
    const bool strictly = sender_ == from::client;
    std::optional<std::chrono::nanoseconds> read;
    std::string_view text;
    double number = 0;
    ondemand::object object;
    if (value.get_string().get(text) == simdjson::SUCCESS) {
        read = strictly ? parse_duration(text) : parse_duration_leniently(text);
    } else if (strictly) {
        return refuse(wrong);
    } else if (const auto token = std::string(value.raw_json_token());
               get_number(value, number) == simdjson::SUCCESS) {
        read = parse_duration_leniently(token);
        constexpr double most = 9e9; // seconds
        if (!read && number > -most && number < most)
            read = std::chrono::nanoseconds(std::llround(number * 1e9));
    } else if (value.get_object().get(object) == simdjson::SUCCESS) {
        duration_parts parts;
        members(object, parts, duration_rules);
        if (parts.seconds || parts.nanos)
            read = duration_of(parts.seconds.value_or(0), parts.nanos.value_or(0));
    }
    if (!read) return refuse(wrong);
    to = *read;
    return true;
}

bool reader::read(ondemand::value value, std::chrono::milliseconds& to)
{
    int count = 0;
    if (!read(value, count)) return false;
    to = std::chrono::milliseconds(count);
    return true;
}

bool reader::read(ondemand::value value, std::chrono::system_clock::time_point& to)
{
    constexpr std::string_view wrong = "is not a time such as \"2026-11-23T12:30:00Z\"";
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return refuse(wrong);
    const auto read = parse_timestamp(text);
    if (!read) return refuse(wrong);
    to = *read;
    return true;
}

/// Records base64 that can be reproduced exactly from the decoded bytes.
void reader::note_base64(std::string_view text, const bytes& decoded)
{
    constexpr std::size_t shortest = 256;
    const bool is_plain = text.size() == base::base64_size(decoded.size()) &&
                          text.find('-') == text.npos && text.find('_') == text.npos;
    if (base64_ && text.size() >= shortest && is_plain)
        base64_->push_back({static_cast<std::size_t>(text.data() - text_), decoded});
}

void reader::forget_base64(const bytes& decoded)
{
    if (!base64_) return;
    std::erase_if(*base64_,
        [&decoded](const base64_value& each) { return each.decoded.data() == decoded.data(); });
}

bool reader::read(ondemand::value value, bytes& to)
{
    std::string_view text = value.raw_json_token();
    while (!text.empty() && text.back() != '"') text.remove_suffix(1); // trailing white space
    const bool quoted = text.size() >= 2 && text.front() == '"';
    bytes decoded;
    if (quoted && decode_base64(text.substr(1, text.size() - 2), decoded, base::base64_decode)) {
        must(value.get_raw_json_string(), "is not a string"); // rules out a member name
        if (!to.empty()) forget_base64(to);                   // of an earlier duplicate member
        to = std::move(decoded);
        note_base64(text.substr(1, text.size() - 2), to);
        return true;
    }
    if (value.get_string().get(text) != simdjson::SUCCESS) return refuse("is not a string");
    // Slashes may have been escaped.
    if (!decode_base64(text, decoded, base::base64_decode) &&
        (sender_ == from::client || !decode_base64(text, decoded, base::base64_decode_leniently)))
        return refuse("is not base64");
    to = std::move(decoded);
    return true;
}

bool reader::read(ondemand::value value, json& to)
{
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::object)
        return refuse("is not an object");
    const char* const begin = value.raw_json_token().data();
    check(value, depth_);
    const char* end = must(value.current_location(), "is not valid JSON"); // start of what follows
    while (end[-1] != '}') --end;
    to = access::trusted(std::string(begin, end));
    if (omitted_) {
        const auto& cuts = omitted_->cuts;
        const auto at = [this](const char* where) {
            return static_cast<std::size_t>(where - omitted_->text);
        };
        const auto cut = std::lower_bound(cuts.begin(), cuts.end(), at(begin));
        if (cut != cuts.end() && *cut < at(end)) refuse("is nested too deeply");
    }
    return true;
}

bool reader::read(ondemand::value value, schema& to)
{
    json text;
    if (!read(value, text)) return false;
    try {
        to = schema(text);
    } catch (const error&) {
        return refuse("is not a schema");
    }
    return true;
}

bool reader::read(ondemand::value value, std::map<std::string, std::string>& to)
{
    return object(value, [&](ondemand::object object) {
        for (auto next : object) {
            if (next.error() != simdjson::SUCCESS) fail("is not valid JSON");
            const std::string name(must(next.unescaped_key(), "has a bad member name"));
            std::string text;
            if (read(std::move(next).value_unsafe().value(), text)) to[name] = std::move(text);
        }
    });
}

bool reader::read(ondemand::value value, blob& to)
{
    has_refused_type_ = false;
    if (!object(value, [&](ondemand::object found) { members(found, to, rules_for<blob>::value); }))
        return false;
    const bool is_untold = to.mime_type.empty() && !to.data.empty() && !has_refused_type_;
    if (is_untold && sender_ == from::server && is_within("modelTurn")) {
        enter({"mimeType", -1});
        refuse("is missing: taken for sound");
        --depth_;
    }
    if (has_refused_type_ && to.mime_type.empty()) to.mime_type = "audio/pcm;rate=24000";
    return true;
}

bool reader::read(ondemand::value value, grounding_support& to)
{
    const auto read_members = [&](ondemand::object found) {
        members(found, to, rules_for<grounding_support>::value);
    };
    if (!object(value, read_members)) return false;
    const auto is_unread = [](int index) { return index == unread_source; };
    auto& sources = to.grounding_chunk_indices;
    auto& scores = to.confidence_scores;
    std::size_t source = 0;
    std::erase_if(scores, [&](double) {
        const auto at = source++;
        return at < sources.size() && is_unread(sources[at]);
    });
    std::erase_if(sources, is_unread);
    std::erase_if(to.rendered_parts, is_unread);
    return true;
}

} // namespace gemini::live::protocol
