// SPDX-License-Identifier: Apache-2.0
#include "viewer/session_builder.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace gemini::live::viewer {
namespace {

constexpr char quietest_speech = '2'; // a peak of about 1 %
constexpr milliseconds longest_pause_in_speech{600};
constexpr milliseconds longest_pause_in_turn{2500};
constexpr milliseconds longest_pause_in_stream{250};
constexpr milliseconds shortest_end_of_stream{300};

/// Extends the last span, or begins a new one after more than `pause`.
void extend(std::vector<span>& to, span by, milliseconds pause)
{
    if (!to.empty() && by.begin <= to.back().end + pause)
        to.back().end = std::max(to.back().end, by.end);
    else
        to.push_back(by);
}

} // namespace

std::optional<milliseconds> turn::latency() const
{
    if (!asked || !first_byte || *first_byte < *asked) return std::nullopt;
    return *first_byte - *asked;
}

void session_builder::sent(
    std::size_t line, milliseconds at, const message_facts& facts, bool resent, milliseconds begin)
{
    if (resent || facts.setup) return;
    if (facts.heard) hear_user(line, begin, *facts.heard);
    for (const auto& each : facts.said)
        asking(line, at).said.push_back({each.source, at, at, line, each.text});
    for (const auto& id : facts.answered) end_call(id, at, line);
    const bool answers = !facts.answered.empty();
    if (facts.asks && !(answers && answered_))
        note_asked(at, answers ? cause::answer : cause::text);
    if (facts.activity_start) asking(line, at);
    if (facts.activity_end) note_asked(at, cause::mark);
}

void session_builder::received(std::size_t line, milliseconds at, const message_facts& facts)
{
    if (facts.speech_end && why_ != cause::loud_sound) note_asked(at, cause::server_vad);
    if (facts.outputs) {
        auto& turn = answering(line, at);
        if (facts.heard && !turn.first_sound) turn.first_sound = at;
        for (const auto& call : facts.calls)
            turn.calls.push_back({call.id, call.name, call.args, line, {at, at}});
    }
    if (facts.heard) hear_model(line, at, *facts.heard);
    for (const auto& each : facts.said) {
        const bool of_user = each.source == word_source::heard;
        auto& turn = !of_user               ? answering(line, at)
                     : !answered_ || asked_ ? asking(line, loud_since_.value_or(at))
                                            : *answered_;
        const bool plays = each.source == word_source::spoken && !all_.output.empty();
        turn.said.push_back({each.source, at, plays ? std::max(at, all_.output.back().begin) : at,
            line, each.text});
    }
    for (const auto& id : facts.cancelled) end_call(id, at, std::nullopt);
    if (facts.usage) {
        all_.sum.prompt_tokens += facts.usage->prompt_token_count;
        all_.sum.response_tokens += facts.usage->response_token_count;
        all_.sum.total_tokens += facts.usage->total_token_count;
        if (answered_)
            answered_->tokens += facts.usage->total_token_count;
        else if (!all_.turns.empty()) // it may come after the end
            all_.turns.back().tokens += facts.usage->total_token_count;
    }
    if (facts.generation_complete && answered_) answered_->generated = at;
    if (facts.interrupted) {
        all_.interruptions.push_back(at);
        silence(at);
        if (answered_) close(at, turn::ending::interrupted);
        is_interrupted_ = true;
    }
    // The turnComplete of an interrupted turn does not end the one that interrupts.
    if (facts.turn_complete && (answered_ || !is_interrupted_)) close(at, turn::ending::complete);
    if (facts.turn_complete) is_interrupted_ = false;
}

void session_builder::ended(milliseconds at)
{
    if (answered_) close(at, turn::ending::cut);
}

shown_session session_builder::take(milliseconds end) &&
{
    if (answered_) close(end, turn::ending::open);
    if (asked_ && (!asked_->said.empty() || asked_at_)) {
        answered_ = std::move(asked_);
        close(end, turn::ending::open);
    }
    std::vector<milliseconds> latencies;
    for (auto& each : all_.turns) {
        if (const auto latency = each.latency()) latencies.push_back(*latency);
        for (auto& call : each.calls)
            if (call.end == shown_call::ending::open) call.time.end = end;
        all_.sum.calls += each.calls.size();
    }
    std::sort(all_.turns.begin(), all_.turns.end(), [](const turn& a, const turn& b) {
        return std::tie(a.time.begin, a.first_line) < std::tie(b.time.begin, b.first_line);
    });
    all_.sum.turns = all_.turns.size();
    all_.sum.interruptions = all_.interruptions.size();
    all_.sum.latencies = latencies.size();
    all_.sum.latency_50 = percentile(latencies, 0.5);
    all_.sum.latency_95 = percentile(std::move(latencies), 0.95);
    return std::move(all_);
}

void session_builder::hear_user(std::size_t line, milliseconds begin, const sound& heard)
{
    last_sound_ = begin + heard.duration;
    extend(all_.sent, {begin, *last_sound_}, longest_pause_in_stream);
    all_.input.push_back({line, begin, heard.duration, heard.recorded, heard.levels});
    note_speech(begin, heard.levels);
}

void session_builder::note_speech(milliseconds begin, const std::string& levels)
{
    for (const char level : levels) {
        const auto end = begin + level_length;
        if (level >= quietest_speech) {
            const bool goes_on =
                !all_.speech.empty() && begin <= all_.speech.back().end + longest_pause_in_turn;
            if (!loud_since_ || !goes_on) loud_since_ = begin;
            extend(all_.speech, {begin, end}, longest_pause_in_speech);
            asked_at_ = end;
            why_ = cause::loud_sound;
        }
        begin = end;
    }
}

void session_builder::hear_model(std::size_t line, milliseconds at, const sound& heard)
{
    extend(all_.received, {at, at}, longest_pause_in_stream);
    const auto free =
        all_.output.empty() ? at : all_.output.back().begin + all_.output.back().duration;
    all_.output.push_back({line, std::max(at, free), heard.duration, heard.recorded, heard.levels});
}

void session_builder::note_asked(milliseconds at, cause why)
{
    asked_at_ = at;
    why_ = why;
}

turn& session_builder::asking(std::size_t line, milliseconds begin)
{
    if (!asked_) {
        asked_.emplace();
        asked_->time.begin = std::min(begin, loud_since_.value_or(begin));
        asked_->first_line = line;
    }
    return *asked_;
}

void session_builder::end_call(
    const std::string& id, milliseconds at, std::optional<std::size_t> answer_line)
{
    const auto end_in = [&](turn& of) {
        for (auto& call : of.calls) {
            if (call.id != id || call.end != shown_call::ending::open) continue;
            call.time.end = at;
            call.end = answer_line ? shown_call::ending::answered : shown_call::ending::cancelled;
            call.answer_line = answer_line;
        }
    };
    for (auto& each : all_.turns) end_in(each);
    if (answered_) end_in(*answered_);
}

turn& session_builder::answering(std::size_t line, milliseconds at)
{
    if (answered_) return *answered_;
    if (!asked_at_ && last_sound_ && *last_sound_ + shortest_end_of_stream < at)
        note_asked(*last_sound_, cause::last_sound);
    auto& begun = asking(line, std::min(at, asked_at_.value_or(at)));
    begun.first_byte = at;
    begun.asked = asked_at_;
    begun.from = why_;
    answered_ = std::exchange(asked_, std::nullopt);
    asked_at_.reset();
    why_ = cause::nothing;
    loud_since_.reset();
    return *answered_;
}

void session_builder::close(milliseconds at, turn::ending how)
{
    auto& over = answered_ ? answered_ : asked_;
    if (!over) return;
    over->time.end = at;
    over->end = how;
    if (!answered_) asked_at_.reset();
    all_.turns.push_back(std::move(*over));
    over.reset();
}

void session_builder::silence(milliseconds at)
{
    for (auto each = all_.output.rbegin(); each != all_.output.rend(); ++each) {
        if (each->begin + each->duration <= at) break;
        each->duration = each->begin < at ? at - each->begin : milliseconds(0);
        each->begin = std::min(each->begin, at);
    }
    if (!answered_) return;
    for (auto& each : answered_->said)
        each.unheard = each.source == word_source::spoken && each.plays >= at;
}

std::vector<milliseconds> begins_of(const std::vector<sent_sound>& sounds)
{
    std::vector<milliseconds> begins(sounds.size());
    auto next = milliseconds::max();
    for (auto i = sounds.size(); i-- > 0;) {
        next = std::max(std::min(sounds[i].at, next) - sounds[i].duration, milliseconds(0));
        begins[i] = next;
    }
    return begins;
}

milliseconds percentile(std::vector<milliseconds> values, double share)
{
    if (values.empty()) return milliseconds(0);
    std::sort(values.begin(), values.end());
    const auto rank = std::ceil(share * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

} // namespace gemini::live::viewer
