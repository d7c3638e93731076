// SPDX-License-Identifier: Apache-2.0
#include "telemetry/session_trace.hpp"

#include "telemetry/span_names.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemini::live::telemetry {
namespace {

namespace names = span_names;

/// Scatters consecutive numbers, each to another one (the finalizer of MurmurHash3).
std::uint64_t scattered(std::uint64_t value) noexcept
{
    value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
    value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
    return value ^ (value >> 33);
}

bool is_failure(turn_end end) noexcept
{
    switch (end) {
    case turn_end::complete:
    case turn_end::interrupted:
    case turn_end::tool_call:
    case turn_end::closed:
    case turn_end::empty:
    case turn_end::unfinished: return false;
    default: return true;
    }
}

double seconds(turn_record::duration value) { return std::chrono::duration<double>(value).count(); }

} // namespace

session_trace::session_trace(backend backend, std::string model, base::time_point now,
    std::chrono::system_clock::time_point wall_clock, trace_id random)
    : provider_(names::provider_of(backend)), model_(std::move(model)), began_(now),
      wall_clock_(wall_clock), trace_(random), session_(next_id()),
      conversation_(fmt::format("{:016x}{:016x}", trace_[0], trace_[1]))
{
}

span_id session_trace::next_id() noexcept
{
    const auto id = scattered(trace_[0] ^ (trace_[1] + ++ids_));
    return id != 0 ? id : 1;
}

std::chrono::system_clock::time_point session_trace::at(base::time_point when) const
{
    using duration = std::chrono::system_clock::duration;
    return wall_clock_ + std::chrono::duration_cast<duration>(when - began_);
}

span session_trace::span_of(const turn_record& record)
{
    span made;
    made.id = next_id();
    made.parent = session_;
    made.name = fmt::format("{} {}", names::answers, model_);
    made.what = span::kind::client;
    made.start = at(record.began);
    made.end = at(record.began + record.lasted);
    made.has_failed = is_failure(record.end);
    const auto add = [&made](std::string_view name, span::value value) {
        made.attributes.emplace_back(name, value);
    };
    const auto text = [&add](std::string_view name, std::string_view value) { add(name, value); };
    const auto number = [&add](std::string_view name, std::int64_t value) { add(name, value); };
    const auto count = [&number](std::string_view name, std::int64_t value) {
        if (value != 0) number(name, value);
    };
    const auto time = [&add](std::string_view name, std::optional<turn_record::duration> value) {
        if (value) add(name, seconds(*value));
    };
    text(names::operation, names::answers);
    text(names::provider, provider_);
    text(names::model, model_);
    text(names::conversation, conversation_);
    if (record.usage) {
        number(names::input_tokens, record.usage->prompt_token_count);
        number(names::output_tokens,
            record.usage->response_token_count + record.usage->thoughts_token_count);
        count(names::cached_tokens, record.usage->cached_content_token_count);
        count(names::thought_tokens, record.usage->thoughts_token_count);
    }
    time(names::first_chunk, record.first_byte);
    time(names::first_audio, record.first_audio);
    time(names::first_heard, record.first_heard);
    time(names::silence, record.silence);
    number(names::turn_number, static_cast<std::int64_t>(record.number));
    text(names::turn_origin, to_string(record.origin));
    text(names::turn_end, to_string(record.end));
    if (record.speech_end != speech_end_sign::none)
        text(names::speech_end, to_string(record.speech_end));
    count(names::losses, record.losses);
    count(names::handovers, record.handovers);
    count(names::resumes, record.resumes);
    if (made.has_failed) text(names::error_type, to_string(record.end));
    return made;
}

span session_trace::span_of(const call_record& call, span_id turn)
{
    span made;
    made.id = next_id();
    made.parent = turn;
    made.name = fmt::format("{} {}", names::calls, call.name);
    made.start = at(call.began);
    made.end = at(call.began + call.duration);
    made.has_failed = call.ending != call_ending::answered && call.ending != call_ending::canceled;
    const auto text = [&made](std::string_view name, std::string_view value) {
        made.attributes.emplace_back(name, value);
    };
    text(names::operation, names::calls);
    text(names::tool_name, call.name);
    text(names::tool_call_id, call.id);
    text(names::tool_type, names::function);
    text(names::call_ending, to_string(call.ending));
    if (made.has_failed) text(names::error_type, to_string(call.ending));
    return made;
}

std::string session_trace::turn(const turn_record& record)
{
    std::vector<span> all;
    all.push_back(span_of(record));
    const auto turn = all.front().id;
    for (const auto& each : record.calls) all.push_back(span_of(each, turn));
    return export_request(trace_, all, names::version);
}

std::string session_trace::session(base::time_point now)
{
    span made;
    made.id = session_;
    made.name = names::session;
    made.start = wall_clock_;
    made.end = at(now);
    const auto text = [&made](std::string_view name, std::string_view value) {
        made.attributes.emplace_back(name, value);
    };
    text(names::provider, provider_);
    text(names::model, model_);
    text(names::conversation, conversation_);
    const std::vector<span> all{std::move(made)};
    return export_request(trace_, all, names::version);
}

} // namespace gemini::live::telemetry
