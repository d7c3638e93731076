// SPDX-License-Identifier: Apache-2.0
#include "session/session_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace gemini::live {
namespace {

log_level level_of(const status_change& change)
{
    if (change.to == session_status::failed) return log_level::error;
    return change.cause ? log_level::warning : log_level::info;
}

/// Leaves out fields for what did not happen.
class field_list {
public:
    void text(std::string_view name, std::string_view value) { all_.push_back({name, value}); }
    void flag(std::string_view name, bool value)
    {
        if (value) all_.push_back({name, value});
    }
    void count(std::string_view name, std::size_t value)
    {
        if (value != 0) all_.push_back({name, static_cast<std::int64_t>(value)});
    }
    void time(std::string_view name, std::chrono::milliseconds value)
    {
        if (value.count() != 0) all_.push_back({name, value});
    }
    void cause(const error& why)
    {
        text("error", to_string(why.value()));
        if (why.phase() != phase::none) text("phase", to_string(why.phase()));
        count("http_status", static_cast<std::size_t>(why.http_status()));
        count("close_code", why.close_code());
        text("cause", why.what());
    }

    [[nodiscard]] std::span<const log_field> all() const noexcept { return all_; }

private:
    std::vector<log_field> all_;
};

} // namespace

void log(const logger& to, const status_change& change)
{
    const auto level = level_of(change);
    if (!to.wants(level)) return;
    field_list fields;
    fields.text("from", to_string(change.from));
    fields.text("to", to_string(change.to));
    fields.count("attempt", static_cast<std::size_t>(change.attempt));
    if (change.attempt != 0) fields.time("delay", change.delay);
    fields.flag("turn_cut", change.turn_cut);
    fields.flag("resumed", change.resumed);
    fields.flag("handover", change.handover);
    fields.flag("context_lost", change.context_lost);
    fields.flag("restored", change.restored);
    fields.time("outage", change.outage);
    fields.count("replayed", change.replayed);
    fields.count("dropped", change.dropped);
    fields.count("uncertain", change.uncertain);
    fields.count("forgotten_calls", change.forgotten_calls.size());
    if (change.cause) fields.cause(*change.cause);
    const auto message = fmt::format("session {}", to_string(change.to));
    to.sink({level, "status_change", message, fields.all()});
}

void log(const logger& to, const malformed_message& unread)
{
    if (!to.wants(log_level::warning)) return;
    if (!unread.delivered) {
        field_list fields;
        fields.cause(unread.why);
        return to.sink({log_level::warning, "malformed_message", "a server message was skipped",
            fields.all()});
    }
    for (const auto& each : unread.omitted) {
        field_list fields;
        fields.text("member", each.path);
        fields.text("reason", each.reason);
        to.sink({log_level::warning, "member_omitted",
            "a member of a server message could not be read", fields.all()});
    }
}

void log(const logger& to, const memory_doubtful& doubt)
{
    if (!to.wants(log_level::warning)) return;
    field_list fields;
    fields.count("prompt_tokens_before", static_cast<std::size_t>(doubt.prompt_tokens_before));
    fields.count("prompt_tokens_now", static_cast<std::size_t>(doubt.prompt_tokens_now));
    to.sink({log_level::warning, "memory_doubtful",
        "the resumed conversation may have been forgotten", fields.all()});
}

void log(const logger& to, const stalled& silence)
{
    if (!to.wants(log_level::warning)) return;
    field_list fields;
    fields.text("action", to_string(silence.action));
    fields.flag("after_resume", silence.after_resume);
    fields.time("silence", silence.silence);
    fields.count("empty_turns", static_cast<std::size_t>(silence.empty_turns));
    to.sink({log_level::warning, "stalled", "the server says nothing", fields.all()});
}

void log(const logger& to, const turn_record& record)
{
    if (!to.wants(log_level::info)) return;
    field_list fields;
    const auto time = [&fields](std::string_view name,
                          const std::optional<turn_record::duration>& value) {
        using std::chrono::milliseconds;
        if (value) fields.time(name, std::chrono::ceil<milliseconds>(*value));
    };
    fields.count("number", record.number);
    fields.text("origin", to_string(record.origin));
    if (record.speech_end != speech_end_sign::none)
        fields.text("speech_end", to_string(record.speech_end));
    fields.text("end", to_string(record.end));
    time("first_byte", record.first_byte);
    time("first_audio", record.first_audio);
    time("first_heard", record.first_heard);
    time("interrupted", record.interrupted);
    time("silence", record.silence);
    time("lasted", record.lasted);
    fields.count("calls", record.calls.size() + record.calls_omitted);
    if (record.usage) {
        const auto tokens = [](int count) { return static_cast<std::size_t>(std::max(count, 0)); };
        fields.count("prompt_tokens", tokens(record.usage->prompt_token_count));
        fields.count("response_tokens", tokens(record.usage->response_token_count));
    }
    fields.count("losses", static_cast<std::size_t>(record.losses));
    fields.count("handovers", static_cast<std::size_t>(record.handovers));
    fields.count("resumes", static_cast<std::size_t>(record.resumes));
    to.sink({log_level::info, "turn", "turn ended", fields.all()});
}

void log_unsaved(const logger& to, const error& failure)
{
    if (!to.wants(log_level::warning)) return;
    field_list fields;
    fields.cause(failure);
    to.sink({log_level::warning, "handle_unsaved", "the conversation's handle was not saved",
        fields.all()});
}

void log_displaced(const logger& to)
{
    if (!to.wants(log_level::warning)) return;
    to.sink({log_level::warning, "handle_displaced",
        "another session goes by this one's name: its handle stays in the resumption store", {}});
}

} // namespace gemini::live
