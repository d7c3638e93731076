// SPDX-License-Identifier: Apache-2.0
#include "engine/turn_recorder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gemini::live::engine {
namespace {

constexpr std::size_t most_calls = 32;      // of a record
constexpr std::size_t most_open_calls = 64; // that are timed at once
constexpr std::size_t longest_name = 256;   // a call with a longer id or name is not timed
constexpr std::size_t most_counts = 16;     // of a token count, by modality or by tool

turn_record::duration between(base::time_point from, base::time_point to) noexcept
{
    return std::chrono::duration_cast<turn_record::duration>(
        std::max(to - from, base::time_point::duration{0}));
}

/// A copy of bounded size.
usage_metadata bounded(usage_metadata usage)
{
    const auto shorten = [](auto& all) {
        if (all.size() > most_counts) all.erase(all.begin() + most_counts, all.end());
    };
    shorten(usage.prompt_tokens_details);
    shorten(usage.response_tokens_details);
    shorten(usage.cache_tokens_details);
    shorten(usage.tool_use_prompt_tokens_details);
    std::erase_if(usage.billed_tool_calls,
        [](const billed_tool_call& each) { return each.tool.size() > longest_name; });
    shorten(usage.billed_tool_calls);
    return usage;
}

/// Adds a call to those of a record, or counts it.
void add(std::vector<call_record>& calls, std::size_t& omitted, call_record&& call)
{
    if (calls.size() < most_calls)
        calls.push_back(std::move(call));
    else
        ++omitted;
}

} // namespace

bool is_loud(std::span<const std::byte> pcm) noexcept
{
    constexpr std::int64_t threshold = 328; // 1 % of full scale
    constexpr std::size_t step = 4;         // a look at every fourth sample is enough
    const auto samples = pcm.size() / 2;
    std::int64_t energy = 0;
    std::int64_t looks = 0;
    for (std::size_t i = 0; i < samples; i += step, ++looks) {
        std::int16_t sample = 0;
        std::memcpy(&sample, pcm.data() + 2 * i, sizeof sample);
        if constexpr (std::endian::native == std::endian::big)
            sample = static_cast<std::int16_t>(__builtin_bswap16(sample));
        energy += std::int32_t{sample} * sample;
    }
    return energy > threshold * threshold * looks;
}

/// Records what asks for the next turn. A question that is sent again after a loss is as old as it
/// was.
void turn_recorder::ask(cause by)
{
    if (cause_ && is_cause_kept_) return;
    if (!cause_) changes_ = {};
    cause_ = by;
}

void turn_recorder::sent(const outgoing& message, base::time_point now)
{
    for (const auto& id : message.answers) {
        const auto& later = message.continues;
        if (std::find(later.begin(), later.end(), id) == later.end())
            end_call(id, call_ending::answered, now);
    }
    switch (message.kind) {
    case delivery_class::durable:
        ask({message.answers.empty() ? turn_origin::text : turn_origin::tool_response, now});
        break;
    case delivery_class::activity_end:
        ask({turn_origin::speech, now, speech_end_sign::activity_end});
        break;
    case delivery_class::stream_end:
        ask({turn_origin::speech, now, speech_end_sign::audio_stream_end});
        break;
    case delivery_class::audio:
        if (message.is_loud) loud_at_ = now;
        break;
    default: break;
    }
}

void turn_recorder::heard(
    const server_message& message, const turn_mark& mark, base::time_point now)
{
    if (mark.is_of_left && !(turn_ && turn_->is_left)) return;
    if (!mark.is_of_left) {
        hear_user(message, mark, now);
        if (mark.turn > last_) begin(mark.turn, now);
    }
    if (turn_) hear_model(message, mark, now);
}

/// Words of the user say that there was speech, but come too late to say when it ended.
void turn_recorder::hear_user(
    const server_message& message, const turn_mark& mark, base::time_point now)
{
    const auto& all = message.members();
    const auto& activity = all.voice_activity;
    const auto& signal = all.voice_activity_detection_signal;
    if ((activity && activity->type == voice_activity_type::activity_end) ||
        (signal && signal->vad_signal_type == vad_signal_type::eos))
        ask({turn_origin::speech, now, speech_end_sign::voice_activity});
    if (mark.asked_in > mark.turn && mark.asked_in > last_ && !cause_) ask({turn_origin::speech});
}

void turn_recorder::begin(std::uint64_t number, base::time_point now)
{
    give_up_turn();
    deliver();
    last_ = number;
    if (!cause_ && loud_at_) ask({turn_origin::speech});
    if (cause_ && cause_->origin == turn_origin::speech && !cause_->when && loud_at_)
        cause_ = {turn_origin::speech, loud_at_, speech_end_sign::last_loud_audio};
    turn next;
    auto& record = next.record;
    record.number = number;
    record.began = now;
    if (cause_) {
        record.origin = cause_->origin;
        record.speech_end = cause_->sign;
        record.began = cause_->when.value_or(now);
        record.losses = changes_.losses;
        record.handovers = changes_.handovers;
        record.resumes = changes_.resumes;
        next.is_asked = cause_->when.has_value();
    }
    next.last_heard = now;
    record.calls = std::exchange(early_calls_, {});
    record.calls_omitted = std::exchange(early_calls_omitted_, 0);
    turn_ = std::move(next);
    cause_.reset();
    is_cause_kept_ = false;
    loud_at_.reset();
    changes_ = {};
}

void turn_recorder::hear_model(
    const server_message& message, const turn_mark& mark, base::time_point now)
{
    const auto& all = message.members();
    auto& record = turn_->record;
    if (!turn_->is_over) {
        const bool has_audio = !message.audio().empty();
        if (mark.speaks || has_audio) turn_->last_heard = now;
        if (turn_->is_asked && mark.speaks && !record.first_byte)
            record.first_byte = between(record.began, now);
        if (turn_->is_asked && has_audio && !record.first_audio)
            record.first_audio = between(record.began, now);
        if (message.interrupted() && !record.interrupted) {
            record.interrupted = between(record.began, now);
            turn_->interrupted_at = now;
        }
    }
    if (all.usage_metadata) record.usage = bounded(*all.usage_metadata);
    if (all.tool_call && !mark.is_of_left) hear_calls(*all.tool_call, now);
    if (all.tool_call_cancellation)
        for (const auto& id : all.tool_call_cancellation->ids)
            end_call(id, call_ending::canceled, now);
    if (!turn_) return; // the record waited for that call
    if (all.error) return end_turn(turn_end::error, now);
    if (mark.ends == turn_mark::end::calls) end_turn(turn_end::tool_call, now);
    if (mark.ends != turn_mark::end::turn) return;
    const bool was_cut = mark.was_cut || (mark.is_of_left && record.interrupted);
    end_turn(was_cut         ? turn_end::interrupted
             : mark.is_empty ? turn_end::empty
                             : turn_end::complete,
        now);
}

void turn_recorder::hear_calls(const tool_call& calls, base::time_point now)
{
    for (const auto& call : calls.function_calls) {
        turn_->has_called = true;
        const auto is_same = [&call](const open_call& each) { return each.id == call.id; };
        if (!call.id.empty() && std::any_of(open_calls_.begin(), open_calls_.end(), is_same))
            continue;
        const bool fits = open_calls_.size() < most_open_calls && call.id.size() <= longest_name &&
                          call.name.size() <= longest_name;
        if (fits)
            open_calls_.push_back({call.id, call.name, last_, now});
        else
            ++turn_->record.calls_omitted;
    }
}

void turn_recorder::end_call(const std::string& id, call_ending how, base::time_point now)
{
    const auto found = std::find_if(open_calls_.begin(), open_calls_.end(),
        [&id](const open_call& each) { return each.id == id; });
    if (found == open_calls_.end()) return;
    call_record ended{std::move(found->id), std::move(found->name), how, found->since,
        between(found->since, now)};
    open_calls_.erase(found);
    if (!turn_) return add(early_calls_, early_calls_omitted_, std::move(ended));
    add(turn_->record.calls, turn_->record.calls_omitted, std::move(ended));
    deliver_if_complete();
}

void turn_recorder::forgot(const std::vector<std::string>& calls, base::time_point now)
{
    for (const auto& id : calls) end_call(id, call_ending::forgotten, now);
}

void turn_recorder::heard_nonsense() noexcept
{
    if (turn_) turn_->is_unreadable = true;
}

void turn_recorder::stalled() noexcept
{
    if (turn_) turn_->is_stalled = true;
}

void turn_recorder::settled(bool in_turn)
{
    if (in_turn || !turn_ || turn_->is_left) return;
    give_up_turn();
    deliver_if_complete();
}

/// How a turn has ended that the server has not ended.
turn_end turn_recorder::likely_end(const turn& of) noexcept
{
    if (of.record.interrupted) return turn_end::interrupted;
    if (of.is_unreadable) return turn_end::unreadable;
    if (of.is_stalled) return turn_end::stalled;
    return of.has_called ? turn_end::tool_call : turn_end::unfinished;
}

/// Ends a turn that will not be ended by the server, with its last message.
void turn_recorder::give_up_turn()
{
    if (!in_turn()) return;
    turn_->is_over = true;
    turn_->record.end = likely_end(*turn_);
    turn_->record.lasted = between(turn_->record.began, turn_->last_heard);
}

void turn_recorder::end_turn(turn_end how, base::time_point now)
{
    if (!in_turn()) return;
    turn_->is_over = true;
    turn_->record.end = how;
    turn_->record.lasted = between(turn_->record.began, now);
    deliver_if_complete();
}

bool turn_recorder::is_complete() const
{
    if (!turn_ || !turn_->is_over) return false;
    const auto& record = turn_->record;
    const bool awaits_call = std::any_of(open_calls_.begin(), open_calls_.end(),
        [&record](const open_call& each) { return each.turn == record.number; });
    if (awaits_call) return false;
    if (!reports_playback_ || !record.first_audio) return true;
    return record.interrupted ? !record.first_heard || record.silence
                              : record.first_heard.has_value();
}

void turn_recorder::deliver_if_complete()
{
    if (is_complete()) deliver();
}

void turn_recorder::deliver()
{
    if (!turn_) return;
    done_.push_back(std::move(turn_->record));
    turn_.reset();
}

void turn_recorder::left()
{
    if (in_turn()) {
        turn_->is_left = true;
        ++turn_->record.handovers;
    }
    if (cause_) ++changes_.handovers;
    is_cause_kept_ = cause_.has_value();
}

void turn_recorder::lost(bool ask_again, base::time_point now)
{
    const bool was_in_turn = in_turn();
    if (was_in_turn) {
        ++turn_->record.losses;
        const bool waits_for_answer = turn_->has_called && !ask_again;
        end_turn(waits_for_answer ? turn_end::tool_call : turn_end::cut, now);
    }
    if (cause_) ++changes_.losses;
    if (ask_again && !was_in_turn) cause_.reset(); // nothing will answer it
    is_cause_kept_ = cause_.has_value();
}

void turn_recorder::opened(bool resumed, base::time_point now)
{
    if (turn_ && turn_->is_left) {
        if (resumed && !turn_->is_over) ++turn_->record.resumes;
        turn_->is_left = false;
        end_turn(turn_->has_called ? turn_end::tool_call : turn_end::cut, now);
    }
    if (resumed && cause_) ++changes_.resumes;
}

void turn_recorder::playback_started(base::time_point now)
{
    reports_playback_ = true;
    if (!turn_ || !turn_->record.first_audio || turn_->record.first_heard) return;
    turn_->record.first_heard = between(turn_->record.began, now);
    deliver_if_complete();
}

void turn_recorder::playback_stopped(base::time_point now)
{
    if (!turn_ || !turn_->record.interrupted || turn_->record.silence) return;
    turn_->record.silence = between(turn_->interrupted_at, now);
    deliver_if_complete();
}

void turn_recorder::closed(base::time_point now)
{
    end_turn(turn_end::closed, now);
    while (!open_calls_.empty()) {
        const auto id = open_calls_.front().id;
        end_call(id, call_ending::session_ended, now);
    }
    deliver();
    cause_.reset();
    early_calls_.clear();
}

} // namespace gemini::live::engine
