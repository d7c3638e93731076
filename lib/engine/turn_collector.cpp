// SPDX-License-Identifier: Apache-2.0
#include "engine/turn_collector.hpp"

#include "base/excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace gemini::live::engine {
namespace {

bool speaks(const server_message& message)
{
    return !message.output_transcription().empty() || !message.audio().empty() ||
           !message.function_calls().empty() || !message.text().empty();
}

/// Adds the model's part of a message to a turn, or to the late words of one.
template <class Words>
void add_model(Words& to, const server_message& message)
{
    to.text += message.text();
    to.output_transcription += message.output_transcription();
    const auto audio = message.audio();
    to.audio.insert(to.audio.end(), audio.begin(), audio.end());
}

template <class To, class From>
void append(To& to, From&& more)
{
    to.text += more.text;
    to.output_transcription += more.output_transcription;
    to.input_transcription += more.input_transcription;
    to.audio.insert(to.audio.end(), more.audio.begin(), more.audio.end());
    more = {};
}

/// Of a turn, or of the late words of one.
template <class Words>
bool has_words(const Words& words)
{
    return !words.text.empty() || !words.output_transcription.empty() || !words.audio.empty();
}

} // namespace

bool turn_collector::is_full() const noexcept
{
    const auto size = [](const auto& words) {
        return words.text.size() + words.output_transcription.size() +
               words.input_transcription.size() + words.audio.size();
    };
    return size(present_) + size(present_.late) + size(undecided_) + calls_size_ > rules_.limit;
}

bool turn_collector::is_over_before(const inbox::entry& next) const
{
    const auto* message = next.message();
    const bool goes_on = has_spoken_before_calls() && !interrupted_;
    return message && has_spoken() && next.mark.turn > number_ && !goes_on && speaks(*message) &&
           !next.mark.undecided;
}

bool turn_collector::add(const inbox::entry& next, calls open)
{
    if (const auto* message = next.message()) return add(*message, next.mark, open);
    const auto* event = next.other();
    if (const auto* change = std::get_if<status_change>(event)) return add(*change);
    if (const auto* unread = std::get_if<malformed_message>(event))
        return unread->turn_in_doubt && fail(turn_end::unreadable, unread->why);
    if (const auto* silence = std::get_if<stalled>(event);
        silence && silence->action == watchdog_action::tell && silence->empty_turns == 0) {
        return fail(turn_end::stalled,
            error(errc::timed_out,
                fmt::format("The server has said nothing for {} ms.", silence->silence.count())));
    }
    return false;
}

bool turn_collector::add(const server_message& message, const turn_mark& mark, calls open)
{
    add_words(message, mark);
    const bool is_of_this = mark.turn > returned_;
    if (is_of_this || mark.ends == turn_mark::end::turn) {
        if (const auto& usage = message.members().usage_metadata) present_.usage = usage;
        if (const auto& content = message.members().server_content;
            content && !content->turn_complete_reason.empty())
            present_.reason = content->turn_complete_reason;
    }
    if (message.interrupted()) interrupted_ = true;
    if (const auto& reported = message.members().error) {
        if (mark.ends == turn_mark::end::turn) returned_ = std::max(returned_, mark.turn);
        const auto words = base::excerpt(reported->message);
        return fail(turn_end::error,
            error(errc::rejected, fmt::format("The server reported an error: {}", words),
                {phase::open, 0, words, reported->code}));
    }
    if (add_calls(message, mark)) return true;
    switch (mark.ends) {
    case turn_mark::end::nothing:
        if (mark.unsure) unsure_ = has_spoken() ? turn_end::complete : turn_end::empty;
        return stops_when_full(mark);
    case turn_mark::end::calls: return end_calls(mark, open) || stops_when_full(mark);
    case turn_mark::end::turn: break;
    }
    const bool was_returned = !is_of_this || (mark.turn == failed_ && !has_spoken());
    const bool says_no_more = was_returned && !mark.was_cut && !has_words(present_.late);
    if (!is_of_this) take_late_for_own();
    const bool is_silent = mark.is_empty && !(has_spoken_before_calls() && has_words(present_));
    present_.end = is_silent || says_no_more ? turn_end::empty
                   : mark.was_cut            ? turn_end::interrupted
                                             : turn_end::complete;
    returned_ = std::max(returned_, mark.turn);
    drains_ = true;
    return true;
}

/// Returns true when a call is the caller's to answer now.
bool turn_collector::add_calls(const server_message& message, const turn_mark& mark)
{
    bool ends = false;
    for (const auto& call : message.function_calls()) {
        const bool is_answered = rules_.is_answered && rules_.is_answered(call);
        if (is_answered || !rules_.ends_at_calls) called_ = std::max(called_, mark.turn);
        if (is_answered) continue;
        present_.tool_calls.push_back(call);
        calls_size_ += sizeof call + call.id.size() + call.name.size() + call.args.text().size();
        ends = rules_.ends_at_calls;
    }
    if (!ends) return false;
    present_.end = turn_end::tool_call;
    returned_ = std::max(returned_, mark.turn);
    return true;
}

/// Stops a turn that does not end; what there is of it is returned.
bool turn_collector::stops_when_full(const turn_mark& mark)
{
    if (!is_full()) return false;
    place_undecided(mark.turn);
    present_.end = turn_end::unfinished;
    return true;
}

void turn_collector::add_words(const server_message& message, const turn_mark& mark)
{
    auto& heard = mark.asked_in <= returned_ ? present_.late.input_transcription
                                             : present_.input_transcription;
    heard += message.input_transcription();
    if (mark.undecided) {
        undecided_turn_ = mark.turn;
        add_model(undecided_, message);
        return;
    }
    if (!speaks(message)) return;
    unsure_.reset();
    place_undecided(mark.claims ? mark.turn : undecided_turn_);
    if (mark.turn <= returned_) return add_model(present_.late, message);
    add_model(present_, message);
    number_ = mark.turn;
}

void turn_collector::place_undecided(std::uint64_t turn)
{
    if (turn <= returned_)
        append(present_.late, undecided_);
    else
        append(present_, undecided_);
}

/// A turn that called functions has been closed, and the answer to the responses belongs to what is
/// being collected.
bool turn_collector::goes_on_after_calls(const turn_mark& mark, calls open)
{
    called_ = std::max(called_, mark.turn);
    const bool has_answered = has_words(present_);
    if (mark.unsure) unsure_ = has_answered ? turn_end::complete : turn_end::empty;
    if (open != calls::open || !has_answered) return false;
    present_.end = turn_end::complete;
    returned_ = std::max(returned_, mark.turn);
    return true;
}

/// A turn that called functions has been closed.
bool turn_collector::end_calls(const turn_mark& mark, calls open)
{
    const bool goes_on = !rules_.ends_at_calls || mark.turn <= called_;
    if (goes_on && mark.turn > returned_) return goes_on_after_calls(mark, open);
    if (has_spoken()) { // the calls were read by other means
        append(present_.late, late_words{std::exchange(present_.text, {}),
                                  std::exchange(present_.output_transcription, {}), {},
                                  std::exchange(present_.audio, {})});
    }
    returned_ = std::max(returned_, mark.turn);
    interrupted_ = false;
    if (mark.unsure) unsure_ = turn_end::empty;
    if (open != calls::open || !has_words(present_.late)) return false;
    // The model does not wait for the response, so the user does not wait for the answer to it.
    take_late_for_own();
    present_.end = turn_end::complete;
    return true;
}

void turn_collector::take_late_for_own() { append(present_, present_.late); }

bool turn_collector::add(const status_change& change)
{
    if (!change.ask_again || change.to == session_status::failed) return false;
    present_.cause = change.cause;
    present_.end = turn_end::cut;
    returned_ = std::max(returned_, number_);
    undecided_ = {};
    return true;
}

bool turn_collector::fail(turn_end how, error why)
{
    if (has_spoken()) failed_ = number_;
    present_.end = how;
    present_.cause = std::move(why);
    return true;
}

bool turn_collector::is_late(const inbox::entry& next) const
{
    const auto* message = next.message();
    if (!drains_ || !message || next.mark.undecided || message->members().error) return false;
    if (!message->function_calls().empty() || next.mark.ends != turn_mark::end::nothing)
        return false;
    const bool is_said = speaks(*message);
    const bool is_heard = !message->input_transcription().empty();
    return (is_said || is_heard) && next.mark.turn <= returned_ &&
           (!is_heard || next.mark.asked_in <= returned_);
}

void turn_collector::add_late(const inbox::entry& next)
{
    const auto* message = next.message();
    if (!message) return;
    add_model(present_, *message);
    present_.input_transcription += message->input_transcription();
}

turn_result turn_collector::finish()
{
    number_ = 0;
    calls_size_ = 0;
    interrupted_ = drains_ = false;
    unsure_.reset();
    unsure_until_.reset();
    return std::exchange(present_, turn_result{});
}

turn_result turn_collector::finish_early()
{
    present_.end = interrupted_ ? turn_end::interrupted : turn_end::cut;
    returned_ = std::max(returned_, number_);
    return finish();
}

turn_result turn_collector::close()
{
    present_.end = turn_end::closed;
    return finish();
}

turn_result turn_collector::time_out()
{
    present_.end = turn_end::timed_out;
    return finish();
}

std::optional<base::time_point> turn_collector::unsure_until(base::time_point now)
{
    if (!unsure_)
        unsure_until_.reset();
    else if (!unsure_until_)
        unsure_until_ = now + longest_doubt;
    return unsure_until_;
}

turn_result turn_collector::give_up()
{
    present_.end = *unsure_;
    returned_ = std::max(returned_, number_);
    return finish();
}

} // namespace gemini::live::engine
