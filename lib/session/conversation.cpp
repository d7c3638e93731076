// SPDX-License-Identifier: Apache-2.0
#include "session/conversation.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live::sessions {

conversation::conversation(rules rules)
    : rules_(std::move(rules)), machine_(rules_.reconnect, rules_.handle, rules_.random),
      outbox_(rules_.outbox_limit, rules_.keeps), dialogue_(rules_.waits_for),
      handover_(rules_.reconnect.handover), history_(rules_.history_limit),
      resumed_another_(!rules_.handle.empty())
{
}

void conversation::go_on_with(std::string handle)
{
    resumed_another_ = true;
    machine_.go_on_with(std::move(handle));
}

void conversation::accept(outgoing message, time_point now)
{
    if (!message.answers.empty()) {
        if (dialogue_.has_forgotten(message.answers)) {
            ++counters_.obsolete;
            return;
        }
        dialogue_.responded(message.answers, message.continues);
    }
    if (message.kind == worth::activity_start) activity_is_open_ = true;
    if (message.kind == worth::activity_end) activity_is_open_ = false;
    outbox_.push(std::move(message), now);
    const auto superseded = outbox_.superseded();
    dropped_ += superseded;
    counters_.dropped += superseded;
}

std::vector<content> conversation::memories() const
{
    return keeps_history() && machine_.handle().empty() ? history_.turns() : std::vector<content>{};
}

status_change conversation::opened(time_point now, std::size_t already_sent)
{
    drop_stale(now);
    outbox_.sent_besides(already_sent);
    auto change = machine_.opened(now);
    change.context_lost = std::exchange(context_lost_, false);
    change.restored = change.context_lost && !memories().empty();
    change.dropped = std::exchange(dropped_, 0);
    change.replayed = outbox_.waiting_again();
    change.ask_again = change.turn_cut = std::exchange(left_in_turn_, false);
    change.uncertain = std::exchange(uncertain_, 0);
    change.forgotten_calls = std::exchange(forgotten_calls_, {});

    ++counters_.connections;
    if (change.resumed) ++counters_.resumed;
    if (change.handover) ++counters_.handovers;
    if (change.context_lost) ++counters_.contexts_lost;
    counters_.outage += change.outage;
    counters_.longest_outage = std::max(counters_.longest_outage, change.outage);
    counters_.replayed += change.replayed;

    last_heard_ = now;
    silent_since_resume_ = change.resumed;
    told_of_silence_ = false;
    return change;
}

void conversation::remember_settled()
{
    for (const auto& words : outbox_.settled())
        if (keeps_history()) history_.add_user(words);
}

void conversation::heard(const server_message& message, std::size_t size, time_point now)
{
    ++counters_.messages_received;
    counters_.bytes_received += size;
    const auto& all = message.all();
    // What the old connection says during an overlap is of a conversation that goes its own way.
    const bool goes_on = !machine_.is_handing_over();
    if (!goes_on && message.turn_complete()) left_in_turn_ = false;
    if (goes_on && dialogue_.heard(message)) outbox_.answered();
    if (goes_on && all.tool_call) {
        outbox_.noted();
        if (rules_.longest_hold.count() != 0) hold_until_ = now + rules_.longest_hold;
    }
    if (const auto& update = all.session_resumption_update; update && goes_on) {
        if (machine_.update(*update)) {
            outbox_.handled();
            if (update->last_consumed_client_message_index)
                outbox_.consumed(*update->last_consumed_client_message_index);
        }
    }
    remember_settled();
    if (keeps_history()) history_.heard(message);
    if (all.usage_metadata) usage_ = all.usage_metadata;
    if (all.go_away) {
        handover_.announced(
            now, std::chrono::duration_cast<std::chrono::milliseconds>(all.go_away->time_left));
    }
    if (!all.setup_complete) {
        last_heard_ = now;
        silent_since_resume_ = false;
        told_of_silence_ = false;
    }
}

bool conversation::holds_media(time_point now) const noexcept
{
    return hold_until_ && now < *hold_until_ && dialogue_.is_waited_for();
}

std::vector<base::frame> conversation::take(std::size_t most, time_point now)
{
    return outbox_.take(most, holds_media(now));
}

void conversation::written(time_point now)
{
    const auto batch = outbox_.written();
    counters_.messages_sent += batch.messages;
    counters_.bytes_sent += batch.bytes;
    if (batch.asks && !dialogue_.in_turn()) last_heard_ = now; // it has had nothing to say
    if (batch.durable) dialogue_.told(batch.asks);
    remember_settled();
    const auto gone = outbox_.shed();
    dropped_ += gone.media;
    uncertain_ += gone.durable;
    counters_.dropped += gone.media;
    counters_.uncertain += gone.durable;
}

bool conversation::has_context() const noexcept
{
    return dialogue_.has_begun() || resumed_another_ || !history_.empty();
}

/// Puts what the server will not have heard back into the outbox.
void conversation::connection_gone()
{
    handover_.over();
    hold_until_.reset();
    const auto perished = outbox_.lost();
    dropped_ += perished;
    counters_.dropped += perished;
    // A transparent server is told again exactly what it has not heard, responses among it.
    using enum dialogue::forgets;
    const bool fresh = machine_.handle().empty();
    auto forgotten = dialogue_.lost(fresh                        ? everything
                                    : outbox_.keeps_unconsumed() ? nothing
                                                                 : since_handle);
    if (fresh) {
        for (auto& id : outbox_.answers())
            if (std::find(forgotten.begin(), forgotten.end(), id) == forgotten.end())
                forgotten.push_back(std::move(id));
    }
    if (!forgotten.empty()) {
        counters_.obsolete += outbox_.drop_answers(forgotten);
        forgotten_calls_.insert(forgotten_calls_.end(), forgotten.begin(), forgotten.end());
    }
}

status_change conversation::lost(const error& failure, time_point now)
{
    const bool was_open = machine_.status() == status::connected;
    const bool in_turn = dialogue_.in_turn();
    const bool answering = dialogue_.answering();
    const bool had_context = has_context();

    auto change = machine_.lost(failure, now, had_context);
    connection_gone();
    if (machine_.handle().empty() && had_context) {
        context_lost_ = true;
        resumed_another_ = false;
        dialogue_.begin_anew();
        if (keeps_history()) outbox_.drop_noted();
    }
    change.ask_again = change.turn_cut =
        std::exchange(left_in_turn_, false) || answering || (in_turn && !asks_again());
    if (was_open) ++counters_.losses;
    return change;
}

/// What another attempt cannot mend is the next connection's to find out.
void conversation::dial_ahead_failed(const error& failure, time_point now)
{
    const auto judged = classify(failure, {false, !machine_.handle().empty()});
    if (judged.action == action::give_up)
        handover_.over();
    else
        handover_.dial_failed(now, judged.at_least);
}

void conversation::hand_over(time_point now)
{
    const bool in_turn = dialogue_.in_turn();
    const bool answering = dialogue_.answering();
    machine_.hand_over(now);
    connection_gone();
    left_in_turn_ = answering || (in_turn && !asks_again());
}

/// A question that is asked again has not been cut.
bool conversation::asks_again() const noexcept
{
    return outbox_.keeps_unconsumed() || outbox_.waiting_again() != 0;
}

bool conversation::hands_over_at(time_point now) const
{
    if (now >= handover_.deadline()) return true;
    return dialogue_.at_rest() && outbox_.is_idle();
}

/// When a silence has lasted too long.
std::optional<time_point> conversation::silent_until() const
{
    if (told_of_silence_ || !dialogue_.in_turn() || dialogue_.is_waited_for()) return std::nullopt;
    const auto& limits = rules_.watchdogs;
    if (silent_since_resume_ && limits.after_resume.count() != 0)
        return last_heard_ + limits.after_resume;
    if (limits.in_turn.count() != 0) return last_heard_ + limits.in_turn;
    return std::nullopt;
}

conversation::step conversation::next(time_point now, bool new_connection_is_ready)
{
    step step;
    const auto ask_at = [&step](time_point when) {
        step.ask_again = step.ask_again ? std::min(*step.ask_again, when) : when;
    };
    if (handover_.is_expected() && !machine_.handle().empty()) {
        if (!new_connection_is_ready) {
            step.dial_ahead = now >= handover_.next_dial();
            if (!step.dial_ahead) ask_at(handover_.next_dial());
        } else if (hands_over_at(now)) {
            step.hand_over = true;
        } else {
            ask_at(handover_.deadline());
        }
    }
    if (hold_until_) {
        if (holds_media(now)) {
            ask_at(*hold_until_);
        } else {
            hold_until_.reset();
            step.write = true;
        }
    }
    if (const auto until = silent_until()) {
        if (now >= *until) {
            told_of_silence_ = true;
            step.silence = stalled{silent_since_resume_,
                std::chrono::duration_cast<std::chrono::milliseconds>(now - last_heard_)};
        } else {
            ask_at(*until);
        }
    }
    return step;
}

void conversation::drop_stale(time_point now)
{
    if (machine_.status() != status::reconnecting && !holds_media(now)) return;
    const auto gone = outbox_.expire(now - rules_.reconnect.realtime_window);
    dropped_ += gone;
    counters_.dropped += gone;
}

live::counters conversation::counters() const
{
    auto all = counters_;
    all.outbox = outbox_.bytes();
    all.unconfirmed = outbox_.kept_bytes();
    return all;
}

} // namespace gemini::live::sessions
