// SPDX-License-Identifier: Apache-2.0
#include "viewer/page.hpp"

#include "base/utf8.hpp"
#include "protocol/json_writer.hpp"
#include "viewer/page_template.hpp"

#include <gemini/live/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace gemini::live::viewer {
namespace {

using protocol::json_writer;

constexpr std::string_view data_begin = R"(<script type="application/json" id="data">)";
/// With the index of its first line.
constexpr const char* lines_begin = R"(<script type="text/plain" class="lines" data-first="{}">)";
constexpr std::string_view script_end = "</script>\n";
constexpr std::size_t block_size = 4u << 20; // of the lines in one element

/// "<" stands in JSON only inside strings, where it has an escape.
std::string without_markup(std::string_view json)
{
    std::string safe;
    safe.reserve(json.size());
    for (const char c : json) {
        if (c == '<')
            safe += "\\u003c";
        else
            safe += c == '\r' || c == '\n' ? ' ' : c;
    }
    return safe;
}

void time(json_writer& to, std::string_view name, std::optional<milliseconds> value)
{
    if (value) to.member(name, std::int64_t{value->count()});
}

void number(json_writer& to, std::string_view name, std::size_t value)
{
    to.member(name, static_cast<std::int64_t>(value));
}

void flat(json_writer& to, std::string_view name, const std::vector<span>& spans)
{
    to.key(name).begin_array();
    for (const auto& each : spans) to.integer(each.begin.count()).integer(each.end.count());
    to.end_array();
}

void sounds(json_writer& to, std::string_view name, const std::vector<shown_sound>& all)
{
    to.key(name).begin_array();
    for (const auto& each : all) {
        to.begin_array().integer(static_cast<std::int64_t>(each.line));
        to.integer(each.begin.count()).integer(each.duration.count());
        to.boolean(each.recorded).string(each.levels).end_array();
    }
    to.end_array();
}

const char* ending_name(turn::ending how)
{
    switch (how) {
    case turn::ending::complete: return "complete";
    case turn::ending::interrupted: return "interrupted";
    case turn::ending::cut: return "cut";
    default: return "open";
    }
}

const char* ending_name(shown_call::ending how)
{
    switch (how) {
    case shown_call::ending::answered: return "answered";
    case shown_call::ending::cancelled: return "cancelled";
    default: return "open";
    }
}

const char* cause_name(turn::waited_from cause)
{
    switch (cause) {
    case turn::waited_from::text: return "the text";
    case turn::waited_from::mark: return "the end of activity";
    case turn::waited_from::server_vad: return "the end of speech that the server heard";
    case turn::waited_from::loud_sound: return "the last loud sound";
    case turn::waited_from::last_sound: return "the last sound";
    case turn::waited_from::answer: return "the function's answer";
    default: return "";
    }
}

const char* source_name(word_source source)
{
    switch (source) {
    case word_source::typed: return "typed";
    case word_source::heard: return "heard";
    case word_source::spoken: return "spoken";
    case word_source::written: return "written";
    default: return "thought";
    }
}

const char* end_name(connection_end end)
{
    switch (end) {
    case connection_end::refused: return "refused";
    case connection_end::failed: return "failed";
    case connection_end::closed: return "closed";
    case connection_end::lost: return "lost";
    case connection_end::left: return "left";
    default: return "open";
    }
}

const char* kind_name(line_kind kind)
{
    switch (kind) {
    case line_kind::sent: return "sent";
    case line_kind::received: return "received";
    case line_kind::unreadable: return "unreadable";
    case line_kind::malformed: return "malformed";
    default: return "connection";
    }
}

void write_turn(json_writer& to, const turn& from)
{
    to.begin_object();
    time(to, "begin", from.time.begin);
    time(to, "end", from.time.end);
    time(to, "asked", from.asked);
    time(to, "first", from.first_byte);
    time(to, "sound", from.first_sound);
    time(to, "generated", from.generated);
    time(to, "latency", from.latency());
    to.member("from", cause_name(from.from)).member("ending", ending_name(from.end));
    to.member("tokens", from.tokens);
    number(to, "line", from.first_line);
    to.key("said").begin_array();
    for (const auto& each : from.said) {
        to.begin_object().member("source", source_name(each.source));
        time(to, "at", each.at);
        time(to, "plays", each.plays);
        number(to, "line", each.line);
        to.member("text", each.text).unless_default("unheard", each.unheard).end_object();
    }
    to.end_array().key("calls").begin_array();
    for (const auto& each : from.calls) {
        to.begin_object().member("id", each.id).member("name", each.name);
        to.member("args", each.args);
        time(to, "begin", each.time.begin);
        time(to, "end", each.time.end);
        to.member("ending", ending_name(each.end));
        number(to, "line", each.line);
        if (each.answer_line) number(to, "answer", *each.answer_line);
        to.end_object();
    }
    to.end_array().end_object();
}

void write_figures(json_writer& to, const figures& from)
{
    to.key("sum").begin_object();
    time(to, "duration", from.duration);
    number(to, "turns", from.turns);
    number(to, "interruptions", from.interruptions);
    number(to, "calls", from.calls);
    number(to, "connections", from.connections);
    number(to, "handovers", from.handovers);
    number(to, "outages", from.outages);
    number(to, "resent", from.resent);
    time(to, "lost", from.lost);
    to.member("promptTokens", from.prompt_tokens).member("responseTokens", from.response_tokens);
    to.member("totalTokens", from.total_tokens);
    number(to, "latencies", from.latencies);
    time(to, "latency50", from.latency_50);
    time(to, "latency95", from.latency_95);
    to.end_object();
}

void write_session(json_writer& to, const shown_session& from)
{
    to.begin_object().member("model", from.model).key("connections").begin_array();
    for (const auto each : from.connections) to.integer(static_cast<std::int64_t>(each));
    to.end_array().key("turns").begin_array();
    for (const auto& each : from.turns) write_turn(to, each);
    to.end_array();
    flat(to, "speech", from.speech);
    flat(to, "sent", from.sent);
    flat(to, "received", from.received);
    sounds(to, "input", from.input);
    sounds(to, "output", from.output);
    to.key("interruptions").begin_array();
    for (const auto each : from.interruptions) to.integer(each.count());
    to.end_array().key("outages").begin_array();
    for (const auto& each : from.outages) {
        to.begin_object();
        time(to, "begin", each.time.begin);
        time(to, "end", each.time.end);
        to.member("before", each.before).member("after", each.after).end_object();
    }
    to.end_array().key("handovers").begin_array();
    for (const auto each : from.handovers) to.integer(each);
    to.end_array();
    write_figures(to, from.sum);
    to.end_object();
}

void write_connections(json_writer& to, const conversation& from)
{
    to.key("connections").begin_array();
    for (std::size_t i = 0; i < from.connections.size(); ++i) {
        const auto& life = from.connections[i];
        to.begin_object().member("number", life.number);
        number(to, "session", from.owners[i].session);
        to.unless_default("guessed", from.owners[i].guessed);
        time(to, "opened", life.opened);
        time(to, "setup", life.setup);
        time(to, "ready", life.ready);
        time(to, "ended", life.ended);
        time(to, "goAway", life.go_away);
        to.member("end", end_name(life.end)).member("code", life.code).member("words", life.words);
        to.unless_default("resumes", life.resumes).end_object();
    }
    to.end_array();
}

/// One list for each property: a recording of an hour has tens of thousands of lines.
void write_lines(json_writer& to, const std::vector<listed_line>& lines)
{
    std::map<std::string_view, std::int64_t> names;
    std::vector<std::string_view> in_order;
    to.key("lines").begin_object();
    const auto column = [&](std::string_view name, auto&& write) {
        to.key(name).begin_array();
        for (const auto& each : lines) write(each);
        to.end_array();
    };
    column("number", [&](const auto& each) { to.integer(static_cast<std::int64_t>(each.number)); });
    column("kind", [&](const auto& each) { to.string(kind_name(each.kind)); });
    column("at", [&](const auto& each) { to.integer(each.at.count()); });
    column("connection", [&](const auto& each) { to.integer(each.connection); });
    column("name", [&](const auto& each) {
        const auto [found, is_new] = names.try_emplace(each.name, in_order.size());
        if (is_new) in_order.push_back(each.name);
        to.integer(found->second);
    });
    column("summary", [&](const auto& each) { to.string(each.summary); });
    column("marks", [&](const auto& each) {
        to.integer((each.resent ? 1 : 0) + (each.odd ? 2 : 0) + (each.only_sound ? 4 : 0));
    });
    to.key("names").begin_array();
    for (const auto each : in_order) to.string(each);
    to.end_array().end_object();
}

std::string page_data(const conversation& shown, std::string_view name)
{
    json_writer to;
    to.begin_object().member("name", base::mend_utf8(name)).member("version", version());
    time(to, "duration", shown.duration);
    number(to, "unreadable", shown.unreadable);
    to.key("sessions").begin_array();
    for (const auto& each : shown.sessions) write_session(to, each);
    to.end_array();
    write_connections(to, shown);
    write_lines(to, shown.lines);
    to.key("odd").begin_array();
    for (const auto& each : shown.odd) {
        to.begin_object().member("name", each.name).member("why", each.why);
        number(to, "count", each.count);
        number(to, "line", each.first_line);
        to.end_object();
    }
    return to.end_array().end_object().take();
}

} // namespace

std::string embedded_line(line_kind kind, std::string_view text)
{
    if (kind != line_kind::unreadable) return without_markup(text);
    constexpr std::size_t longest = 4096;
    json_writer quoted;
    quoted.string(base::truncate_utf8(base::mend_utf8(text), longest));
    return without_markup(quoted.text());
}

void write_page(const page_sink& to, const conversation& shown,
    const std::vector<std::string_view>& texts, std::string_view name)
{
    to(page_head);
    to(data_begin);
    to(without_markup(page_data(shown, name)));
    to(script_end);
    std::string block;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        block += block.empty() ? fmt::format(lines_begin, i) : "\n";
        block += embedded_line(shown.lines[i].kind, texts[i]);
        if (block.size() < block_size && i + 1 < texts.size()) continue;
        to(block.append(script_end));
        block.clear();
    }
    to(page_tail);
}

} // namespace gemini::live::viewer
