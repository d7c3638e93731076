// SPDX-License-Identifier: Apache-2.0
#include "session/conversation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace gemini::live::sessions {
namespace {

/// Messages that were sent together with a function call arrive within this time.
constexpr std::chrono::milliseconds longest_burst{30};

/// A connection that is found dead may have been so for this time.
constexpr std::chrono::seconds longest_dead{60};

} // namespace

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

std::optional<error> conversation::refusal(const outgoing& message) const
{
    if (dialogue_.has_forgotten(message.answers)) return std::nullopt;
    const auto* twice = dialogue_.answered_before(message.answers);
    for (auto each = message.answers.begin(); !twice && each != message.answers.end(); ++each) {
        const bool goes_on = std::find(message.continues.begin(), message.continues.end(), *each) !=
                             message.continues.end();
        if (!each->empty() && !goes_on && std::count(each, message.answers.end(), *each) > 1)
            twice = &*each;
    }
    if (!twice) return std::nullopt;
    return error(errc::misuse,
        fmt::format("The function call \"{}\" has had its final response: a call is answered once, "
                    "unless a response says will_continue.",
            *twice));
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
    // What was to be asked again may have been dropped meanwhile.
    const bool is_asked = asks_again();
    change.ask_again = std::exchange(left_in_turn_, false) || (owes_answer_ && !is_asked);
    change.turn_cut = change.ask_again;
    owes_answer_ = false;
    change.uncertain = std::exchange(uncertain_, 0);
    change.forgotten_calls = std::exchange(forgotten_calls_, {});
    forgotten_bytes_ = 0;

    change.maybe_heard = change.context_lost ? 0 : outbox_.waiting_in_doubt();

    trip_ = {};
    if (setup_sent_) trip_.at_most(now - *setup_sent_);
    pongs_ = rounds_ = 0;
    is_held_up_ = false;
    timed_.reset();
    wants_ping_ = !outbox_.keeps_unconsumed();

    ++counters_.connections;
    if (change.resumed) ++counters_.resumed;
    if (change.handover) ++counters_.handovers;
    if (change.context_lost) ++counters_.contexts_lost;
    counters_.outage += change.outage;
    counters_.longest_outage = std::max(counters_.longest_outage, change.outage);
    counters_.replayed += change.replayed;
    if (change.ask_again) ++counters_.cut_turns;
    watches_memory_ = change.resumed && prompt_tokens_ != 0;
    counters_.maybe_heard += change.maybe_heard;

    last_heard_ = now;
    silent_since_resume_ = change.resumed;
    told_of_silence_ = false;
    return change;
}

void conversation::remember_settled(std::uint64_t turn)
{
    for (const auto& words : outbox_.settled())
        if (keeps_history()) history_.add_user(words, turn);
}

void conversation::measure(const signs& with, time_point now)
{
    if (with.pongs == waypoint::to_come || with.pongs <= pongs_) return;
    pongs_ = with.pongs;
    if (with.round_trip.count() != 0) trip_.measured(with.round_trip);
    if (!timed_ || timed_->number > pongs_) return;
    trip_.at_most(now - timed_->sent);
    timed_.reset();
}

void conversation::pinged(std::uint64_t number, time_point now)
{
    wants_ping_ = false;
    constexpr std::chrono::seconds of_one_round{1};
    if (!is_held_up_ && (rounds_ == 0 || now >= later(round_began_, of_one_round))) {
        ++rounds_;
        round_began_ = now;
    }
    outbox_.pinged(number, rounds_);
    for (auto each = under_way_.rbegin(); each != under_way_.rend(); ++each) {
        if (each->where.ping != waypoint::no_ping) break;
        each->where.ping = number;
        each->where.round = rounds_;
    }
    if (number != 0 && !timed_) timed_ = timed_ping{number, now};
}

/// The model has answered, or calls: the batch with the oldest question has arrived.
void conversation::noted(const proof& received, const proof& heard)
{
    const auto oldest = std::find_if(under_way_.begin(), under_way_.end(),
        [](const written_batch& each) { return each.asks && !each.noted; });
    for (auto each = under_way_.begin(); each != under_way_.end(); ++each)
        if (heard.holds(each->where) ||
            (each <= oldest && oldest != under_way_.end() && received.holds(oldest->where)))
            each->noted = true;
}

turn_mark conversation::heard(
    const server_message& message, std::size_t size, time_point now, signs with)
{
    measure(with, now);
    proof received, heard;
    if (!outbox_.keeps_unconsumed()) {
        received.pongs = heard.pongs = with.pongs;
        received.rounds = heard.rounds = rounds_;
        received.before = now;
        heard.before = now - trip_.window();
    }
    ++counters_.messages_received;
    counters_.bytes_received += size;
    const auto& all = message.all();
    // What the old connection says during an overlap is of a conversation that goes its own way.
    const bool goes_on = !machine_.is_handing_over();
    const auto mark = goes_on ? dialogue_.heard(message, now, outbox_.is_asking(), trip_.window())
                              : mark_of_left(message);
    if (mark.is_answer) received.pongs = waypoint::to_come;
    // What this message proves of an answer that began earlier, it does not prove of its beginning.
    if (goes_on && ((mark.begins && !mark.began_earlier) || mark.is_answer)) {
        outbox_.answered(received, heard);
        noted(received, heard);
    }
    if (goes_on && all.tool_call) {
        outbox_.noted(received, heard);
        noted(received, heard);
        if (rules_.longest_hold.count() != 0) hold_until_ = now + rules_.longest_hold;
        answers_from_ = now + longest_burst;
    }
    if (goes_on && all.tool_call_cancellation)
        counters_.obsolete += outbox_.drop_answers(all.tool_call_cancellation->ids);
    remember_settled(mark.turn);
    if (const auto& update = all.session_resumption_update; update && goes_on) {
        if (machine_.update(*update)) {
            outbox_.handled(heard);
            std::erase_if(under_way_, [&heard](const written_batch& each) {
                return each.noted || heard.holds(each.where);
            });
            if (update->last_consumed_client_message_index)
                outbox_.consumed(*update->last_consumed_client_message_index);
        }
    }
    remember_settled(dialogue_.turn() + 1);
    if (keeps_history()) history_.heard(message, mark);
    if (mark.ends == turn_mark::end::turn && mark.is_empty) ++counters_.empty_turns;
    if (all.usage_metadata) {
        usage_ = all.usage_metadata;
        watch_memory(*all.usage_metadata);
    }
    if (all.go_away && goes_on) handover_.announced(now, all.go_away->time_left);
    if (!all.setup_complete) {
        last_heard_ = now;
        silent_since_resume_ = false;
        told_of_silence_ = false;
    }
    return mark;
}

/// On a connection that has been left, the turn goes on and ends that was under way there. The
/// server forgets the calls that it makes in it.
turn_mark conversation::mark_of_left(const server_message& message)
{
    turn_mark mark;
    mark.turn = mark.asked_in = dialogue_.turn();
    if (const auto& calls = message.all().tool_call; calls && !outbox_.keeps_unconsumed()) {
        add_forgotten(dialogue_.forget(*calls));
        left_calls_ = true;
        left_in_turn_ = leaves_unanswered(false, true) || left_in_turn_;
    }
    if (!message.turn_complete() || left_calls_) return mark;
    left_in_turn_ = false;
    mark.ends = turn_mark::end::turn;
    return mark;
}

/// For the next change of status; of calls without end, the first.
void conversation::add_forgotten(const std::vector<std::string>& calls)
{
    for (const auto& id : calls) {
        forgotten_bytes_ += id.size();
        if (forgotten_calls_.size() == recent_ids::most ||
            forgotten_bytes_ > recent_ids::most_bytes)
            return;
        forgotten_calls_.push_back(id);
    }
}

/// The prompt holds all that the model remembers, so that its size shows whether that is still
/// there.
void conversation::watch_memory(const usage_metadata& usage)
{
    if (usage.prompt_token_count <= 0) return;
    const auto before = std::exchange(prompt_tokens_, usage.prompt_token_count);
    if (!std::exchange(watches_memory_, false)) return;
    const bool has_fallen = usage.prompt_token_count < before - before / 3;
    const bool is_compressed = rules_.compresses_from && before >= *rules_.compresses_from;
    if (!has_fallen || is_compressed) return;
    doubt_ = memory_doubtful{before, usage.prompt_token_count};
    ++counters_.memory_doubts;
}

bool conversation::holds_media(time_point now) const noexcept
{
    return hold_until_ && now < *hold_until_ && dialogue_.is_waited_for();
}

std::vector<base::frame> conversation::take(std::size_t most, time_point now)
{
    release_answers(now);
    auto batch = outbox_.take(most, holds_media(now), answers_from_.has_value());
    if (outbox_.is_responding()) dialogue_.responding(now);
    return batch;
}

void conversation::release_answers(time_point now)
{
    if (answers_from_ && now >= *answers_from_) answers_from_.reset();
}

void conversation::written(time_point now)
{
    const auto batch = outbox_.written(now);
    counters_.messages_sent += batch.messages;
    counters_.bytes_sent += batch.bytes;
    const bool owed_nothing = !dialogue_.in_turn() || dialogue_.is_guess();
    if (batch.asks && owed_nothing) last_heard_ = now;
    dialogue_.told(
        {batch.asks, batch.answers, batch.durable != 0, batch.media, batch.questions}, now);
    remember_settled(dialogue_.turn() + 1);
    if (batch.durable != 0) {
        wants_ping_ = !outbox_.keeps_unconsumed();
        under_way_.push_back({{now}, batch.durable, batch.asks});
        constexpr std::size_t most = 1024; // a server that makes no handles
        if (under_way_.size() > most) under_way_.pop_front();
    }
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

/// Puts what the server will not have heard back into the outbox. True when the server has
/// forgotten calls that the user had not answered.
bool conversation::connection_gone()
{
    const bool had_calls = dialogue_.has_open_calls();
    handover_.over();
    hold_until_.reset();
    answers_from_.reset();
    under_way_.clear();
    wants_ping_ = false;
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
        std::unordered_set<std::string> known(forgotten.begin(), forgotten.end());
        for (auto& id : outbox_.answers())
            if (known.insert(id).second) forgotten.push_back(std::move(id));
    }
    if (!forgotten.empty()) {
        counters_.obsolete += outbox_.drop_answers(forgotten);
        add_forgotten(forgotten);
    }
    return had_calls && !dialogue_.has_open_calls();
}

status_change conversation::lost(const error& failure, time_point now, bool is_replaced)
{
    const bool was_open = machine_.status() == status::connected;
    const bool was_dead = failure.value() == errc::timed_out;
    dialogue_.settle(was_dead ? std::max(last_heard_, now - longest_dead) : now);
    const bool in_turn = dialogue_.in_turn();
    const bool answering = dialogue_.answering();
    const bool had_context = has_context();

    auto change = machine_.lost(failure, now, {had_context, is_replaced, handover_.is_announced()});
    const bool has_lost_calls = connection_gone();
    if (machine_.handle().empty() && had_context) {
        context_lost_ = true;
        resumed_another_ = false;
        dialogue_.begin_anew();
        if (keeps_history()) outbox_.drop_noted();
    }
    if (was_open) owes_answer_ = false;
    const bool left = std::exchange(left_in_turn_, false);
    change.ask_again = leaves_unanswered(answering, in_turn || has_lost_calls) || left;
    change.turn_cut = change.ask_again;
    if (change.ask_again) ++counters_.cut_turns;
    if (was_open) ++counters_.losses;
    return change;
}

/// What another attempt cannot mend is the next connection's to find out.
void conversation::dial_ahead_failed(const error& failure, time_point now)
{
    const auto judged = machine_.judge_dial(failure);
    if (judged.action == action::give_up)
        handover_.give_up();
    else
        handover_.dial_failed(later(now, judged.at_least));
}

void conversation::hand_over(time_point now)
{
    dialogue_.settle(now);
    const bool in_turn = dialogue_.in_turn();
    const bool answering = dialogue_.answering();
    if (!outbox_.keeps_written()) { // which is then not sent again
        for (const auto& each : under_way_) {
            uncertain_ += each.durable;
            counters_.uncertain += each.durable;
        }
    }
    machine_.hand_over(now);
    const bool has_lost_calls = connection_gone();
    left_calls_ = has_lost_calls;
    left_in_turn_ = leaves_unanswered(answering, in_turn || has_lost_calls);
}

/// Whether the user has to ask again after the end of a connection. Where the session does so, it
/// may turn out later that it cannot.
bool conversation::leaves_unanswered(bool answering, bool in_turn)
{
    if (answering || (in_turn && !asks_again())) return true;
    owes_answer_ = owes_answer_ || in_turn;
    return false;
}

/// A question that is asked again has not been cut.
bool conversation::asks_again() const noexcept
{
    return outbox_.keeps_unconsumed() || outbox_.asks_again();
}

bool conversation::hands_over_at(time_point now) const
{
    if (now >= handover_.deadline()) return true;
    return dialogue_.at_rest() && outbox_.is_idle() && !is_in_doubt();
}

/// When a silence has lasted too long.
std::optional<time_point> conversation::silent_until() const
{
    if (told_of_silence_ || !dialogue_.in_turn() || dialogue_.is_waited_for() ||
        dialogue_.is_guess())
        return std::nullopt;
    const auto& limits = rules_.watchdogs;
    if (silent_since_resume_ && limits.after_resume.count() != 0)
        return last_heard_ + limits.after_resume;
    if (limits.in_turn.count() != 0) return last_heard_ + limits.in_turn;
    return std::nullopt;
}

/// Makes the connection that is to follow when its turn in the row of attempts has come. When the
/// row has ended, the present one may still begin another.
template <class Ask>
void conversation::dial_ahead(step& step, time_point now, const Ask& ask_at)
{
    if (!handover_.next_dial()) {
        if (const auto wait = machine_.wait_ahead(now)) handover_.plan_dial(later(now, *wait));
    }
    if (const auto when = handover_.next_dial()) {
        step.dial_ahead = now >= *when;
        if (!step.dial_ahead) return ask_at(*when);
        handover_.dialled();
        machine_.dials_ahead(now);
    } else {
        step.is_over = now >= handover_.end();
        if (step.is_over) return;
        ask_at(handover_.end());
        if (const auto when_healthy = machine_.renewal()) ask_at(*when_healthy);
    }
}

conversation::step conversation::next(time_point now, successor following)
{
    step step;
    dialogue_.settle(now);
    const auto ask_at = [&step](time_point when) {
        step.ask_again = step.ask_again ? std::min(*step.ask_again, when) : when;
    };
    if (handover_.is_expected() && !machine_.handle().empty()) {
        if (following == successor::none) {
            dial_ahead(step, now, ask_at);
        } else if (following == successor::ready && hands_over_at(now)) {
            step.hand_over = true;
        } else if (following == successor::ready) {
            ask_at(handover_.deadline());
            if (const auto unsure = dialogue_.unsure_until()) ask_at(*unsure);
        }
    }
    if (answers_from_) {
        release_answers(now);
        if (answers_from_)
            ask_at(*answers_from_);
        else
            step.write = true;
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
            dialogue_.stalled();
            ++counters_.stalls;
            step.silence = stalled{silent_since_resume_,
                std::chrono::duration_cast<std::chrono::milliseconds>(now - last_heard_)};
        } else {
            ask_at(*until);
        }
    }
    return step;
}

bool conversation::drop_stale(time_point now)
{
    if (machine_.status() != status::reconnecting && !holds_media(now)) return false;
    const auto gone = outbox_.expire(now - rules_.reconnect.realtime_window);
    dropped_ += gone;
    counters_.dropped += gone;
    return gone != 0;
}

std::optional<time_point> conversation::next_stale(time_point now) const
{
    if (machine_.status() != status::reconnecting && !holds_media(now)) return std::nullopt;
    const auto oldest = outbox_.oldest_media();
    if (!oldest) return std::nullopt;
    constexpr std::chrono::milliseconds behind{1};
    return later(*oldest, rules_.reconnect.realtime_window + behind);
}

live::counters conversation::counters() const
{
    auto all = counters_;
    all.outbox = outbox_.cost();
    all.unconfirmed = outbox_.kept_cost();
    return all;
}

} // namespace gemini::live::sessions
