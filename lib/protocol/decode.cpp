// SPDX-License-Identifier: Apache-2.0
#include "protocol/decode.hpp"

#include "base/base64.hpp"
#include "protocol/json_check.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace gemini::live::protocol {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(base::padded_buffer::padding >= simdjson::SIMDJSON_PADDING);

class reader;

/// How a member is read: its wire name, and what to do with its value.
template <class T>
struct rule {
    std::string_view name;
    void (*read)(reader&, ondemand::value, T&);
};

/// Walks a message forward, and knows where it is.
class reader {
public:
    [[noreturn]] void fail(std::string_view what) const
    {
        std::string path;
        for (std::size_t i = 0; i < depth_; ++i) {
            if (steps_[i].index >= 0)
                path += fmt::format("[{}]", steps_[i].index);
            else
                path.append(path.empty() ? "" : ".").append(steps_[i].member);
        }
        throw error(errc::malformed_message,
            fmt::format(
                "The server sent a malformed message: {} {}.", path.empty() ? "it" : path, what),
            {phase::open});
    }

    template <class T>
    T must(simdjson::simdjson_result<T> result, std::string_view what) const
    {
        T value{};
        if (std::move(result).get(value) != simdjson::SUCCESS) fail(what);
        return value;
    }

    /// Each member of `object` by its rule; those that no rule knows are named in `unknown`.
    template <class T, std::size_t Count>
    void members(ondemand::object object, T& into, const std::array<rule<T>, Count>& rules,
        std::vector<std::string>* unknown = nullptr)
    {
        for (auto next : object) {
            if (next.error() != simdjson::SUCCESS) fail("is not valid JSON");
            // of `next`, not of its field: there later versions of simdjson want an argument
            const auto name = must(next.unescaped_key(), "has a bad member name");
            auto value = std::move(next).value_unsafe().value();
            const auto found = std::find_if(rules.begin(), rules.end(),
                [name](const rule<T>& each) { return each.name == name; });
            if (found != rules.end()) {
                enter({found->name, -1});
                if (!is_null(value)) found->read(*this, value, into);
                --depth_;
            } else if (!is_null(value)) {
                if (unknown) unknown->emplace_back(name);
                check(value, depth_ + 1);
            }
        }
    }

    template <class T, std::size_t Count>
    void object(ondemand::value value, T& into, const std::array<rule<T>, Count>& rules)
    {
        members(must(value.get_object(), "is not an object"), into, rules);
    }

    template <class Read>
    void array(ondemand::value value, Read read)
    {
        int index = 0;
        for (auto next : must(value.get_array(), "is not an array")) {
            enter({{}, index++});
            read(must(std::move(next), "is not valid JSON"));
            --depth_;
        }
    }

    std::string string(ondemand::value value) const
    {
        return std::string(must(value.get_string(), "is not a string"));
    }

    bool boolean(ondemand::value value) const { return must(value.get_bool(), "is not a boolean"); }

    /// Also given as a string of digits, as proto3 JSON does for 64 bits.
    std::int64_t integer(ondemand::value value) const
    {
        std::int64_t number = 0;
        if (value.get_int64().get(number) == simdjson::SUCCESS) return number;
        const auto text = must(value.get_string(), "is not an integer");
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc() || end != text.data() + text.size()) fail("is not an integer");
        return number;
    }

    int small_integer(ondemand::value value) const
    {
        const auto number = integer(value);
        if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max())
            fail("is too large");
        return static_cast<int>(number);
    }

    /// "9.846s": seconds with up to nine decimals.
    std::chrono::nanoseconds duration(ondemand::value value) const
    {
        constexpr std::string_view wrong = "is not a duration such as \"9.5s\"";
        const auto text = must(value.get_string(), wrong);
        std::int64_t seconds = 0;
        const char* end = text.data() + text.size();
        auto [at, failed] = std::from_chars(text.data(), end, seconds);
        constexpr auto most = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
        if (failed != std::errc() || seconds < -most || seconds > most) fail(wrong);
        std::int64_t nanoseconds = 0;
        if (at != end && *at == '.') {
            std::int64_t unit = 100'000'000;
            const char* const first = ++at;
            for (; at != end && *at >= '0' && *at <= '9' && unit != 0; ++at, unit /= 10)
                nanoseconds += (*at - '0') * unit;
            if (at == first) fail(wrong);
        }
        if (at + 1 != end || *at != 's') fail(wrong);
        if (text.front() == '-') nanoseconds = -nanoseconds;
        return std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds);
    }

    /// Base64, from where it stands in the message into `to`.
    void base64(ondemand::value value, bytes& to) const
    {
        std::string_view text = value.raw_json_token();
        while (!text.empty() && text.back() != '"') text.remove_suffix(1); // white space behind
        const bool quoted = text.size() >= 2 && text.front() == '"';
        if (quoted && read_base64(text.substr(1, text.size() - 2), to)) return;
        // slashes may have been escaped
        if (!read_base64(must(value.get_string(), "is not a string"), to)) fail("is not base64");
    }

    /// A whole object as its text.
    json object_text(ondemand::value value) const
    {
        ondemand::json_type type{};
        if (value.type().get(type) != simdjson::SUCCESS || type != ondemand::json_type::object)
            fail("is not an object");
        const char* const begin = value.raw_json_token().data();
        check(value, depth_);
        const char* end = must(value.current_location(), "is not valid JSON"); // of what follows
        while (end[-1] != '}') --end;
        return json::trusted(std::string(begin, end));
    }

    bool is_null(ondemand::value& value) const
    {
        bool null = false;
        if (simdjson::simdjson_result<bool>(value.is_null()).get(null) != simdjson::SUCCESS)
            fail("is not valid JSON");
        return null;
    }

private:
    struct step {
        std::string_view member;
        int index;
    };

    void enter(step next)
    {
        if (depth_ == steps_.size()) fail("is nested too deeply");
        steps_[depth_++] = next;
    }

    /// What nobody reads must be JSON, too.
    void check(ondemand::value value, std::size_t depth) const
    {
        const auto failed = check_json(value, static_cast<int>(depth));
        if (failed == simdjson::DEPTH_ERROR) fail("is nested too deeply");
        if (failed != simdjson::SUCCESS) fail("is not valid JSON");
    }

    static bool read_base64(std::string_view text, bytes& to)
    {
        to.resize(base::base64_capacity(text.size()));
        const auto size = base::base64_decode(text, to.data());
        to.resize(size.value_or(0));
        return size.has_value();
    }

    std::array<step, 16> steps_{};
    std::size_t depth_ = 0;
};

template <class T>
T& ensure(std::optional<T>& value)
{
    return value ? *value : value.emplace();
}

// The tables: a member of the wire is a line here -------------------------------------------

constexpr std::array blob_rules{
    rule<blob>{
        "mimeType", [](reader& in, ondemand::value v, blob& b) { b.mime_type = in.string(v); }},
    rule<blob>{"data", [](reader& in, ondemand::value v, blob& b) { in.base64(v, b.data); }},
};

constexpr std::array part_rules{
    rule<part>{"text", [](reader& in, ondemand::value v, part& p) { p.text = in.string(v); }},
    rule<part>{"inlineData", [](reader& in, ondemand::value v,
                                 part& p) { in.object(v, p.inline_data.emplace(), blob_rules); }},
    rule<part>{
        "thought", [](reader& in, ondemand::value v, part& p) { p.thought = in.boolean(v); }},
};

constexpr std::array content_rules{
    rule<content>{"role", [](reader& in, ondemand::value v, content& c) { c.role = in.string(v); }},
    rule<content>{"parts",
        [](reader& in, ondemand::value v, content& c) {
            in.array(v,
                [&](ondemand::value each) { in.object(each, c.parts.emplace_back(), part_rules); });
        }},
};

constexpr std::array transcription_rules{
    rule<transcription>{
        "text", [](reader& in, ondemand::value v, transcription& t) { t.text = in.string(v); }},
    rule<transcription>{"finished",
        [](reader& in, ondemand::value v, transcription& t) { t.finished = in.boolean(v); }},
};

using sc = server_content;
constexpr std::array server_content_rules{
    rule<sc>{"modelTurn", [](reader& in, ondemand::value v,
                              sc& c) { in.object(v, ensure(c.model_turn), content_rules); }},
    rule<sc>{"generationComplete",
        [](reader& in, ondemand::value v, sc& c) { c.generation_complete = in.boolean(v); }},
    rule<sc>{"turnComplete",
        [](reader& in, ondemand::value v, sc& c) { c.turn_complete = in.boolean(v); }},
    rule<sc>{
        "interrupted", [](reader& in, ondemand::value v, sc& c) { c.interrupted = in.boolean(v); }},
    rule<sc>{"waitingForInput",
        [](reader& in, ondemand::value v, sc& c) { c.waiting_for_input = in.boolean(v); }},
    rule<sc>{"turnCompleteReason",
        [](reader& in, ondemand::value v, sc& c) { c.turn_complete_reason = in.string(v); }},
    rule<sc>{"interactionStatus",
        [](reader& in, ondemand::value v, sc& c) { c.interaction_status = in.string(v); }},
    rule<sc>{"inputTranscription",
        [](reader& in, ondemand::value v, sc& c) {
            in.object(v, ensure(c.input_transcription), transcription_rules);
        }},
    rule<sc>{"outputTranscription",
        [](reader& in, ondemand::value v, sc& c) {
            in.object(v, ensure(c.output_transcription), transcription_rules);
        }},
};

constexpr std::array function_call_rules{
    rule<function_call>{
        "id", [](reader& in, ondemand::value v, function_call& f) { f.id = in.string(v); }},
    rule<function_call>{
        "name", [](reader& in, ondemand::value v, function_call& f) { f.name = in.string(v); }},
    rule<function_call>{"args",
        [](reader& in, ondemand::value v, function_call& f) { f.args = in.object_text(v); }},
};

constexpr std::array tool_call_rules{
    rule<tool_call>{"functionCalls",
        [](reader& in, ondemand::value v, tool_call& t) {
            in.array(v, [&](ondemand::value each) {
                in.object(each, t.function_calls.emplace_back(), function_call_rules);
            });
        }},
};

constexpr std::array cancellation_rules{
    rule<tool_call_cancellation>{"ids",
        [](reader& in, ondemand::value v, tool_call_cancellation& c) {
            in.array(v, [&](ondemand::value each) { c.ids.push_back(in.string(each)); });
        }},
};

constexpr std::array setup_complete_rules{
    rule<setup_complete>{"sessionId",
        [](reader& in, ondemand::value v, setup_complete& s) { s.session_id = in.string(v); }},
};

constexpr std::array go_away_rules{
    rule<go_away>{"timeLeft",
        [](reader& in, ondemand::value v, go_away& g) { g.time_left = in.duration(v); }},
};

using sru = session_resumption_update;
constexpr std::array resumption_rules{
    rule<sru>{
        "newHandle", [](reader& in, ondemand::value v, sru& u) { u.new_handle = in.string(v); }},
    rule<sru>{
        "resumable", [](reader& in, ondemand::value v, sru& u) { u.resumable = in.boolean(v); }},
    rule<sru>{"lastConsumedClientMessageIndex",
        [](reader& in, ondemand::value v, sru& u) {
            u.last_consumed_client_message_index = in.integer(v);
        }},
};

template <std::int64_t usage_metadata::*Count>
void read_count(reader& in, ondemand::value v, usage_metadata& u)
{
    u.*Count = in.integer(v);
}
using um = usage_metadata;
constexpr std::array usage_rules{
    rule<um>{"promptTokenCount", read_count<&um::prompt_token_count>},
    rule<um>{"responseTokenCount", read_count<&um::response_token_count>},
    rule<um>{"candidatesTokenCount", read_count<&um::response_token_count>}, // Vertex AI
    rule<um>{"cachedContentTokenCount", read_count<&um::cached_content_token_count>},
    rule<um>{"toolUsePromptTokenCount", read_count<&um::tool_use_prompt_token_count>},
    rule<um>{"thoughtsTokenCount", read_count<&um::thoughts_token_count>},
    rule<um>{"totalTokenCount", read_count<&um::total_token_count>},
};

constexpr std::array error_rules{
    rule<server_error>{"code",
        [](reader& in, ondemand::value v, server_error& e) { e.code = in.small_integer(v); }},
    rule<server_error>{"message",
        [](reader& in, ondemand::value v, server_error& e) { e.message = in.string(v); }},
    rule<server_error>{
        "status", [](reader& in, ondemand::value v, server_error& e) { e.status = in.string(v); }},
};

/// The value of member `Member`, by the rules of its type.
template <auto Member, const auto& Rules>
void read_member(reader& in, ondemand::value v, server_message::members& m)
{
    in.object(v, ensure(m.*Member), Rules);
}
using sm = server_message::members;
constexpr std::array message_rules{
    rule<sm>{"serverContent", read_member<&sm::server_content, server_content_rules>},
    rule<sm>{"usageMetadata", read_member<&sm::usage_metadata, usage_rules>},
    rule<sm>{"toolCall", read_member<&sm::tool_call, tool_call_rules>},
    rule<sm>{"toolCallCancellation", read_member<&sm::tool_call_cancellation, cancellation_rules>},
    rule<sm>{"setupComplete", read_member<&sm::setup_complete, setup_complete_rules>},
    rule<sm>{"goAway", read_member<&sm::go_away, go_away_rules>},
    rule<sm>{
        "sessionResumptionUpdate", read_member<&sm::session_resumption_update, resumption_rules>},
    rule<sm>{"error", read_member<&sm::error, error_rules>},
    // at this level in some of the service's messages
    rule<sm>{"interactionStatus",
        [](reader& in, ondemand::value v, sm& m) {
            ensure(m.server_content).interaction_status = in.string(v);
        }},
    rule<sm>{"inputTranscription",
        [](reader& in, ondemand::value v, sm& m) {
            in.object(v, ensure(ensure(m.server_content).input_transcription), transcription_rules);
        }},
    rule<sm>{"outputTranscription",
        [](reader& in, ondemand::value v, sm& m) {
            in.object(
                v, ensure(ensure(m.server_content).output_transcription), transcription_rules);
        }},
};

/// A parser's tables are several times as large as its largest message. So there is one for each
/// thread, not one for each message or session; nothing of a message stays in it.
ondemand::parser& this_threads_parser()
{
    thread_local ondemand::parser parser;
    return parser;
}

constexpr std::size_t everyday_message = 256 * 1024; // larger ones leave no tables behind

void read_message(base::padded_buffer& text, ondemand::parser& parser, reader& in, sm& into)
{
    if (parser.capacity() < text.size() &&
        parser.allocate(std::bit_ceil(text.size())) != simdjson::SUCCESS)
        throw std::bad_alloc();
    // simdjson looks at what follows a text that ends too early
    std::memset(text.data() + text.size(), 0, base::padded_buffer::padding);
    const simdjson::padded_string_view view(
        text.data(), text.size(), text.size() + base::padded_buffer::padding);
    ondemand::document document;
    if (parser.iterate(view).get(document) != simdjson::SUCCESS) in.fail("is not JSON in UTF-8");
    ondemand::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) in.fail("is not a JSON object");
    in.members(object, into, message_rules, &into.unknown);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        in.fail("goes on behind its end");
}

} // namespace

server_message decode_server_message(base::padded_buffer text)
{
    reader in;
    if (text.empty()) in.fail("is empty");
    server_message::members members;
    if (text.size() <= everyday_message) {
        read_message(text, this_threads_parser(), in, members);
    } else {
        ondemand::parser parser;
        read_message(text, parser, in, members);
    }
    server_message::text_buffer raw;
    raw.size = text.size();
    raw.bytes = text.release();
    return {std::move(members), std::move(raw)};
}

} // namespace gemini::live::protocol
