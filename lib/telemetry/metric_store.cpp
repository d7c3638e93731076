// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metric_store.hpp"

#include "base/access.hpp"
#include "telemetry/prometheus_writer.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live {
namespace {

using telemetry::histogram;
using telemetry::prometheus_writer;
using type = prometheus_writer::type;

constexpr std::array<const char*, 6> modality_names{
    "unspecified", "text", "image", "video", "audio", "document"};

/// A counter of sessions, and the metric that it is.
struct counter_metric {
    std::uint64_t session_counters::*value;
    const char* name;
    const char* help;
};
using counters = session_counters;
constexpr counter_metric counter_metrics[] = {
    {&counters::messages_sent, "gemini_live_messages_sent_total",
        "Messages written to connections, without setups."},
    {&counters::bytes_sent, "gemini_live_sent_bytes_total", "Size of the messages sent, as JSON."},
    {&counters::messages_received, "gemini_live_messages_received_total",
        "Server messages that could be read."},
    {&counters::bytes_received, "gemini_live_received_bytes_total",
        "Size of the messages received, as JSON."},
    {&counters::malformed, "gemini_live_malformed_messages_total",
        "Server messages skipped because they could not be read."},
    {&counters::members_omitted, "gemini_live_omitted_members_total",
        "Members of server messages that could not be read."},
    {&counters::connections, "gemini_live_connections_total",
        "Connections that reached setupComplete."},
    {&counters::attempts, "gemini_live_connection_attempts_total",
        "Attempts to connect, including failed ones."},
    {&counters::losses, "gemini_live_connection_losses_total",
        "Connections that ended unexpectedly."},
    {&counters::resumed, "gemini_live_resumed_connections_total",
        "Connections that resumed the conversation."},
    {&counters::handovers, "gemini_live_handovers_total",
        "Changes of connection because of a goAway."},
    {&counters::contexts_lost, "gemini_live_contexts_lost_total",
        "Times that the server had forgotten the conversation."},
    {&counters::replayed, "gemini_live_replayed_messages_total", "Messages sent again."},
    {&counters::maybe_heard, "gemini_live_maybe_heard_messages_total",
        "Messages sent again that the server may have heard before."},
    {&counters::dropped, "gemini_live_dropped_messages_total", "Audio and video messages dropped."},
    {&counters::uncertain, "gemini_live_uncertain_messages_total",
        "Durable messages that may not have arrived."},
    {&counters::obsolete, "gemini_live_obsolete_responses_total",
        "Tool responses dropped because the server had forgotten the calls."},
    {&counters::stale, "gemini_live_stale_messages_total",
        "Server messages dropped because the user had interrupted."},
    {&counters::cut_turns, "gemini_live_unanswered_questions_total",
        "Questions that have to be asked again."},
    {&counters::stalls, "gemini_live_stalls_total", "Reports that the server says nothing."},
    {&counters::nudges, "gemini_live_nudges_total", "Stalls that a nudge was sent for."},
    {&counters::stall_reconnects, "gemini_live_stall_reconnects_total",
        "Stalls that the connection was changed for."},
    {&counters::memory_doubts, "gemini_live_memory_doubts_total",
        "Resumed conversations that the server may have forgotten."},
};

/// A present size in sessions, and the metric that it is.
struct size_metric {
    std::size_t session_counters::*value;
    const char* name;
    const char* help;
};
constexpr size_metric size_metrics[] = {
    {&counters::outbox, "gemini_live_outbox_bytes", "Memory of messages that wait to be sent."},
    {&counters::unconfirmed, "gemini_live_unconfirmed_bytes",
        "Memory of messages that were sent and are kept for replay."},
    {&counters::inbox, "gemini_live_inbox_bytes",
        "Memory of messages and events that wait to be read."},
};

std::size_t place_of(turn_origin origin) noexcept { return static_cast<std::size_t>(origin); }

void observe(histogram& in, const std::optional<turn_record::duration>& value) noexcept
{
    if (value) in.observe(*value);
}

} // namespace

constinit const std::array<double, 13> metric_store::latency_bounds{
    0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30};
constinit const std::array<double, 10> metric_store::silence_bounds{
    0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5};
constinit const std::array<double, 11> metric_store::duration_bounds{
    0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300};
constinit const std::array<double, 12> metric_store::call_bounds{
    0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60};
constinit const std::array<double, 11> metric_store::outage_bounds{
    0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900};

void metric_store::add(const turn_record& record) noexcept
{
    constexpr auto relaxed = std::memory_order_relaxed;
    const auto origin = place_of(record.origin);
    observe(first_byte_[origin], record.first_byte);
    observe(first_audio_[origin], record.first_audio);
    observe(first_heard_[origin], record.first_heard);
    observe(silence_, record.silence);
    turns_.observe(record.lasted);
    turn_endings_[static_cast<std::size_t>(record.end)].fetch_add(1, relaxed);
    for (const auto& each : record.calls) {
        call_endings_[static_cast<std::size_t>(each.ending)].fetch_add(1, relaxed);
        calls_.observe(each.duration);
    }
    calls_omitted_.fetch_add(record.calls_omitted, relaxed);
    if (!record.usage) return;
    const auto& usage = *record.usage;
    add_tokens(input_tokens_, usage.prompt_token_count, usage.prompt_tokens_details);
    add_tokens(output_tokens_, usage.response_token_count, usage.response_tokens_details);
    for (const auto& each : usage.billed_tool_calls)
        search_queries_.fetch_add(
            static_cast<std::uint64_t>(std::max(each.search_query_count, 0)), relaxed);
}

/// What the details leave out has no modality.
void metric_store::add_tokens(std::array<count, modalities>& to, int total,
    const std::vector<modality_token_count>& details) noexcept
{
    std::int64_t rest = total;
    for (const auto& each : details) {
        if (each.token_count <= 0) continue;
        auto place =
            static_cast<std::size_t>(each.modality.known().value_or(token_modality::unspecified));
        if (place >= modalities) place = 0;
        to[place].fetch_add(
            static_cast<std::uint64_t>(each.token_count), std::memory_order_relaxed);
        rest -= each.token_count;
    }
    if (rest > 0) to[0].fetch_add(static_cast<std::uint64_t>(rest), std::memory_order_relaxed);
}

void metric_store::opened(const std::shared_ptr<counter_source>& session)
{
    const std::lock_guard lock(mutex_);
    open_.push_back({session.get(), session});
}

void metric_store::ended(const counter_source* session, session_counters last) noexcept
{
    last.outbox = last.unconfirmed = last.inbox = 0;
    const std::lock_guard lock(mutex_);
    if (std::erase_if(open_, [&](const open_session& each) { return each.which == session; }) != 0)
        ended_ += last;
}

/// Sessions are asked without the lock, since they call with theirs held. One that ends meanwhile
/// is counted as it was asked.
std::string metric_store::text() const
{
    session_counters all;
    std::vector<std::shared_ptr<counter_source>> open;
    {
        const std::lock_guard lock(mutex_);
        all = ended_;
        for (const auto& each : open_)
            if (auto session = each.owner.lock()) open.push_back(std::move(session));
    }
    for (const auto& each : open) all += each->counters();

    prometheus_writer page;
    const auto by_origin = [&page](const char* name, const char* help, const auto& values) {
        page.family(name, help, type::histogram);
        for (const auto each : {turn_origin::speech, turn_origin::text, turn_origin::tool_response})
            page.sample(values[place_of(each)], {{"origin", to_string(each)}});
    };
    const auto times = [&page](const char* name, const char* help, const histogram& values) {
        page.family(name, help, type::histogram);
        page.sample(values);
    };
    by_origin("gemini_live_time_to_first_byte_seconds",
        "From the user's end to the model's first message.", first_byte_);
    by_origin("gemini_live_time_to_first_audio_seconds",
        "From the user's end to the first audio received.", first_audio_);
    by_origin("gemini_live_time_to_first_heard_seconds",
        "From the user's end to the first audio played.", first_heard_);
    times("gemini_live_interruption_to_silence_seconds",
        "From the server's interruption to the end of playback.", silence_);
    times(
        "gemini_live_turn_duration_seconds", "From the user's end to the end of the turn.", turns_);
    times("gemini_live_tool_call_duration_seconds", "From a function call to its final response.",
        calls_);
    times("gemini_live_outage_seconds", "Time without a connection, at the next one.", outages_);

    page.family("gemini_live_turns_total", "Turns of the model, by how they ended.", type::counter);
    for (std::size_t i = 0; i < endings; ++i)
        page.sample(turn_endings_[i].load(), {{"ending", to_string(static_cast<turn_end>(i))}});
    page.family("gemini_live_tool_calls_total", "Function calls, by how they ended on the wire.",
        type::counter);
    for (const auto each : {call_ending::answered, call_ending::canceled, call_ending::forgotten,
             call_ending::session_ended})
        page.sample(
            call_endings_[static_cast<std::size_t>(each)].load(), {{"ending", to_string(each)}});
    page.family("gemini_live_omitted_tool_calls_total",
        "Function calls beyond those that a turn record can hold.", type::counter);
    page.sample(calls_omitted_.load());
    page.family("gemini_live_tokens_total", "Tokens of prompts and responses.", type::counter);
    for (std::size_t i = 0; i < modalities; ++i) {
        page.sample(
            input_tokens_[i].load(), {{"direction", "input"}, {"modality", modality_names[i]}});
        page.sample(
            output_tokens_[i].load(), {{"direction", "output"}, {"modality", modality_names[i]}});
    }
    page.family("gemini_live_billed_search_queries_total",
        "Search queries that the service has billed.", type::counter);
    page.sample(search_queries_.load());
    for (const auto& each : counter_metrics) {
        page.family(each.name, each.help, type::counter);
        page.sample(all.*each.value);
    }
    page.family(
        "gemini_live_sessions_open", "Sessions that have begun and not ended.", type::gauge);
    page.sample(static_cast<std::uint64_t>(open.size()));
    page.family("gemini_live_longest_outage_seconds", "The longest time without a connection.",
        type::gauge);
    page.sample(std::chrono::duration<double>(all.longest_outage).count());
    for (const auto& each : size_metrics) {
        page.family(each.name, each.help, type::gauge);
        page.sample(static_cast<std::uint64_t>(all.*each.value));
    }
    return page.take();
}

metrics::metrics() : store_(std::make_shared<metric_store>()) {}

metrics::~metrics() = default;

std::string metrics::prometheus_text() const { return store_->text(); }

const std::shared_ptr<metric_store>& access::store(const metrics& of) noexcept { return of.store_; }

} // namespace gemini::live
