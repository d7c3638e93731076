// SPDX-License-Identifier: Apache-2.0
#include "engine/session_fsm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace gemini::live::engine {
namespace {

/// Messages that were sent together with a function call arrive within this time.
constexpr std::chrono::milliseconds longest_burst{30};

/// A connection that is found dead may have been dead for this long.
constexpr std::chrono::seconds longest_dead{60};

} // namespace

session_fsm::session_fsm(rules rules)
    : longest_hold_(rules.longest_hold), compresses_from_(rules.compresses_from),
      connection_(std::move(rules.reconnect), rules.handle, std::move(rules.random)),
      outbox_(rules.outbox_limit, rules.keeps), turns_(std::move(rules.waits_for)),
      recorder_(rules.records_turns ? std::make_optional<turn_recorder>() : std::nullopt),
      handover_(connection_.policy().handover), history_(rules.history_limit),
      resumed_another_(!rules.handle.empty()), watchdog_(rules.watchdogs)
{
}

void session_fsm::go_on_with(std::string handle)
{
    resumed_another_ = true;
    connection_.go_on_with(std::move(handle));
}

std::optional<error> session_fsm::refusal(const outgoing& message) const
{
    if (turns_.has_forgotten(message.answers)) return std::nullopt;
    const auto* twice = turns_.answered_before(message.answers);
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

void session_fsm::accept(outgoing message, base::time_point now)
{
    if (!message.answers.empty()) {
        if (turns_.has_forgotten(message.answers)) {
            ++counters_.obsolete;
            return;
        }
        turns_.responded(message.answers, message.continues);
    }
    if (message.kind == delivery_class::activity_start) activity_is_open_ = true;
    if (message.kind == delivery_class::activity_end) activity_is_open_ = false;
    outbox_.push(std::move(message), now);
    const auto superseded = outbox_.superseded();
    dropped_ += superseded;
    counters_.dropped += superseded;
}

bool session_fsm::is_between_turns(base::time_point now)
{
    turns_.settle(now);
    return !turns_.in_turn() && !turns_.has_open_calls() && !outbox_.has_durable();
}

std::optional<base::time_point> session_fsm::idle_since(base::time_point now)
{
    if (!is_between_turns(now)) return std::nullopt;
    return last_said_;
}

std::vector<content> session_fsm::memories() const
{
    return keeps_history() && connection_.handle().empty() ? history_.turns()
                                                           : std::vector<content>{};
}

status_change session_fsm::opened(base::time_point now, std::size_t already_sent)
{
    drop_stale(now);
    outbox_.sent_besides(already_sent);
    auto change = connection_.opened(now);
    change.context_lost = std::exchange(context_lost_, false);
    change.restored = change.context_lost && !memories().empty();
    change.dropped = std::exchange(dropped_, 0);
    change.replayed = outbox_.waiting_again();
    // The question that was to be asked again may have been dropped meanwhile.
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

    if (counters_.connections == 1) last_said_ = now;
    watchdog_.opened(now, change.resumed);
    if (recorder_) recorder_->opened(change.resumed, now);
    return change;
}

void session_fsm::remember_settled(std::uint64_t turn)
{
    for (const auto& words : outbox_.settled())
        if (keeps_history()) history_.add_user(words, turn);
}

void session_fsm::measure(const signs& with, base::time_point now)
{
    if (with.pongs == waypoint::to_come || with.pongs <= pongs_) return;
    pongs_ = with.pongs;
    if (with.round_trip.count() != 0) trip_.measured(with.round_trip);
    if (!timed_ || timed_->number > pongs_) return;
    trip_.at_most(now - timed_->sent);
    timed_.reset();
}

void session_fsm::pinged(std::uint64_t number, base::time_point now)
{
    wants_ping_ = false;
    constexpr std::chrono::seconds of_one_round{1};
    if (!is_held_up_ && (rounds_ == 0 || now >= base::later(round_began_, of_one_round))) {
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

/// The model has answered or calls a function: the batch with the oldest question has arrived.
void session_fsm::noted(const proof& received, const proof& heard)
{
    const auto oldest = std::find_if(under_way_.begin(), under_way_.end(),
        [](const written_batch& each) { return each.asks && !each.noted; });
    for (auto each = under_way_.begin(); each != under_way_.end(); ++each)
        if (heard.holds(each->where) ||
            (each <= oldest && oldest != under_way_.end() && received.holds(oldest->where)))
            each->noted = true;
}

void session_fsm::heard_doubtful(base::time_point now)
{
    turns_.heard_nonsense(now);
    if (recorder_) recorder_->heard_nonsense();
}

void session_fsm::record(const server_message& message, const turn_mark& mark, base::time_point now)
{
    recorder_->heard(message, mark, now);
    recorder_->settled(turns_.is_open());
}

turn_mark session_fsm::heard(
    const server_message& message, std::size_t size, base::time_point now, signs with)
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
    const auto& all = message.members();
    // What the old connection says during an overlap belongs to a conversation that has diverged.
    const bool goes_on = !connection_.is_handing_over();
    const auto mark = goes_on ? turns_.heard(message, now, outbox_.is_asking(), trip_.window())
                              : mark_of_left(message);
    if (mark.is_answer) received.pongs = waypoint::to_come;
    // For an answer that began earlier, this message does not prove what had been heard by then.
    if (goes_on && ((mark.begins && !mark.began_earlier) || mark.is_answer)) {
        outbox_.answered(received, heard);
        noted(received, heard);
    }
    if (goes_on && all.tool_call) {
        outbox_.noted(received, heard);
        noted(received, heard);
        if (longest_hold_.count() != 0) hold_until_ = now + longest_hold_;
        answers_from_ = now + longest_burst;
    }
    if (goes_on && all.tool_call_cancellation)
        counters_.obsolete += outbox_.drop_answers(all.tool_call_cancellation->ids);
    remember_settled(mark.turn);
    if (const auto& update = all.session_resumption_update; update && goes_on) {
        if (connection_.update(*update)) {
            outbox_.handle_issued(heard);
            std::erase_if(under_way_, [&heard](const written_batch& each) {
                return each.noted || heard.holds(each.where);
            });
            if (update->last_consumed_client_message_index)
                outbox_.consumed(*update->last_consumed_client_message_index);
        }
    }
    remember_settled(turns_.turn() + 1);
    if (keeps_history()) history_.heard(message, mark);
    if (mark.ends == turn_mark::end::turn) {
        ++counters_.turns;
        if (mark.is_empty) ++counters_.empty_turns;
    }
    if (message.turn_complete()) watchdog_.turn_ended(mark.is_empty && !mark.was_cut);
    if (mark.speaks) watchdog_.spoke();
    if (all.server_content || all.tool_call || all.voice_activity) last_said_ = now;
    if (all.usage_metadata) {
        usage_ = all.usage_metadata;
        watch_memory(*all.usage_metadata);
    }
    if (all.go_away && goes_on) handover_.announced(now, all.go_away->time_left);
    if (!all.setup_complete) watchdog_.heard(now);
    if (recorder_) record(message, mark, now);
    return mark;
}

/// On a connection that has been left, the turn in progress there continues to its end. The server
/// forgets the calls that it makes in that turn.
turn_mark session_fsm::mark_of_left(const server_message& message)
{
    turn_mark mark;
    mark.turn = mark.asked_in = turns_.turn();
    mark.is_of_left = true;
    if (const auto& calls = message.members().tool_call; calls && !outbox_.keeps_unconsumed()) {
        add_forgotten(turns_.forget(*calls));
        left_calls_ = true;
        left_in_turn_ = leaves_unanswered(false, true) || left_in_turn_;
    }
    if (!message.turn_complete() || left_calls_) return mark;
    left_in_turn_ = false;
    mark.ends = turn_mark::end::turn;
    return mark;
}

/// Keeps the calls for the next status change. If a server calls without end, only the first are
/// kept.
void session_fsm::add_forgotten(const std::vector<std::string>& calls)
{
    for (const auto& id : calls) {
        forgotten_bytes_ += id.size();
        if (forgotten_calls_.size() == recent_ids::most ||
            forgotten_bytes_ > recent_ids::most_bytes)
            return;
        forgotten_calls_.push_back(id);
    }
}

/// The prompt holds all that the model remembers, so its size shows whether the model still does.
void session_fsm::watch_memory(const usage_metadata& usage)
{
    if (usage.prompt_token_count <= 0) return;
    const auto before = std::exchange(prompt_tokens_, usage.prompt_token_count);
    if (!std::exchange(watches_memory_, false)) return;
    const bool has_fallen = usage.prompt_token_count < before - before / 3;
    const bool is_compressed = compresses_from_ && before >= *compresses_from_;
    if (!has_fallen || is_compressed) return;
    doubt_ = memory_doubtful{before, usage.prompt_token_count};
    ++counters_.memory_doubts;
}

bool session_fsm::holds_media(base::time_point now) const noexcept
{
    return hold_until_ && now < *hold_until_ && turns_.is_waited_for();
}

std::vector<base::frame> session_fsm::take(std::size_t most, base::time_point now)
{
    release_answers(now);
    auto batch = outbox_.take(most, holds_media(now), answers_from_.has_value());
    if (outbox_.is_responding()) turns_.responding(now);
    if (recorder_)
        outbox_.for_each_taken([&](const outgoing& each) { recorder_->sent(each, now); });
    return batch;
}

void session_fsm::release_answers(base::time_point now)
{
    if (answers_from_ && now >= *answers_from_) answers_from_.reset();
}

void session_fsm::written(base::time_point now)
{
    const auto batch = outbox_.written(now);
    counters_.messages_sent += batch.messages;
    counters_.bytes_sent += batch.bytes;
    const bool owed_nothing = !turns_.in_turn() || turns_.is_guess();
    if (batch.asks && owed_nothing) watchdog_.asked(now);
    turns_.told({batch.asks, batch.answers, batch.durable != 0, batch.media, batch.questions}, now);
    remember_settled(turns_.turn() + 1);
    if (batch.durable != 0) {
        last_said_ = now;
        wants_ping_ = !outbox_.keeps_unconsumed();
        under_way_.push_back({{now}, batch.durable, batch.asks});
        constexpr std::size_t most = 1024; // for a server that makes no handles
        if (under_way_.size() > most) under_way_.erase(under_way_.begin());
    }
    const auto gone = outbox_.shed();
    dropped_ += gone.media;
    uncertain_ += gone.durable;
    counters_.dropped += gone.media;
    counters_.uncertain += gone.durable;
}

bool session_fsm::has_context() const noexcept
{
    return turns_.has_begun() || resumed_another_ || !history_.empty();
}

/// Puts what the server will not have heard back into the outbox. Returns true when the server has
/// forgotten calls that the user had not answered.
bool session_fsm::connection_gone(base::time_point now)
{
    const bool had_calls = turns_.has_open_calls();
    handover_.over();
    hold_until_.reset();
    answers_from_.reset();
    under_way_.clear();
    wants_ping_ = false;
    const auto perished = outbox_.lost();
    dropped_ += perished;
    counters_.dropped += perished;
    // A transparent server is sent again exactly what it has not heard, responses included.
    using enum turn_tracker::forgets;
    const bool fresh = connection_.handle().empty();
    auto forgotten = turns_.lost(fresh                        ? everything
                                 : outbox_.keeps_unconsumed() ? nothing
                                                              : since_handle);
    if (fresh) {
        std::unordered_set<std::string> known(forgotten.begin(), forgotten.end());
        for (auto& id : outbox_.answers())
            if (known.insert(id).second) forgotten.push_back(std::move(id));
    }
    add_forgotten(forgotten);
    if (recorder_) recorder_->forgot(forgotten, now);
    auto obsolete = std::move(forgotten);
    for (auto& id : outbox_.answers()) // some cross the cancellation of their call
        if (turns_.has_forgotten({id})) obsolete.push_back(std::move(id));
    counters_.obsolete += outbox_.drop_answers(obsolete);
    return had_calls && !turns_.has_open_calls();
}

status_change session_fsm::lost(const error& failure, base::time_point now, bool is_replaced)
{
    const bool was_open = connection_.status() == session_status::connected;
    const bool was_dead = failure.value() == errc::timed_out;
    turns_.settle(was_dead ? std::max(watchdog_.last_heard(), now - longest_dead) : now);
    const bool in_turn = turns_.in_turn();
    const bool answering = turns_.answering();
    const bool had_context = has_context();

    auto change = gives_up_ ? connection_.give_up(failure)
                            : connection_.lost(failure, now,
                                  {had_context, is_replaced, handover_.is_announced()});
    const bool has_lost_calls = connection_gone(now);
    if (connection_.handle().empty() && had_context) {
        context_lost_ = true;
        resumed_another_ = false;
        turns_.begin_anew();
        if (keeps_history()) outbox_.drop_noted();
    }
    if (was_open) owes_answer_ = false;
    const bool left = std::exchange(left_in_turn_, false);
    change.ask_again = leaves_unanswered(answering, in_turn || has_lost_calls) || left;
    change.turn_cut = change.ask_again;
    if (change.ask_again) ++counters_.cut_turns;
    if (was_open) ++counters_.losses;
    if (was_open && recorder_) recorder_->lost(change.ask_again, now);
    return change;
}

/// If another attempt cannot help, the failure is left for the next connection to find out.
void session_fsm::dial_ahead_failed(const error& failure, base::time_point now)
{
    const auto judged = connection_.judge_dial(failure);
    if (judged.action == action::give_up)
        handover_.give_up();
    else
        handover_.dial_failed(base::later(now, judged.at_least));
}

void session_fsm::hand_over(base::time_point now)
{
    turns_.settle(now);
    const bool in_turn = turns_.in_turn();
    const bool answering = turns_.answering();
    if (!outbox_.keeps_written()) { // then it is not sent again
        for (const auto& each : under_way_) {
            uncertain_ += each.durable;
            counters_.uncertain += each.durable;
        }
    }
    connection_.hand_over(now);
    if (recorder_) recorder_->left();
    const bool has_lost_calls = connection_gone(now);
    left_calls_ = has_lost_calls;
    left_in_turn_ = leaves_unanswered(answering, in_turn || has_lost_calls);
}

/// Whether the user has to ask again after the end of a connection. Where the session itself asks
/// again, it may turn out later that it cannot.
bool session_fsm::leaves_unanswered(bool answering, bool in_turn)
{
    if (answering || (in_turn && !asks_again())) return true;
    owes_answer_ = owes_answer_ || in_turn;
    return false;
}

/// Whether the session asks again itself. Such a question has not been cut.
bool session_fsm::asks_again() const noexcept
{
    return outbox_.keeps_unconsumed() || outbox_.asks_again();
}

bool session_fsm::hands_over_at(base::time_point now) const
{
    if (now >= handover_.deadline()) return true;
    return turns_.at_rest() && outbox_.is_idle() && !is_in_doubt();
}

/// Looks for a silence that has lasted too long, and for too many empty turns.
template <class Ask>
void session_fsm::watch(step& step, base::time_point now, const Ask& ask_at)
{
    const bool is_owed = turns_.in_turn() && !turns_.is_waited_for() && !turns_.is_guess();
    step.silence = watchdog_.next(now, is_owed);
    if (step.silence) {
        ++counters_.stalls;
        switch (step.silence->action) {
        case watchdog_action::tell:
            turns_.stalled();
            if (recorder_) recorder_->stalled();
            break;
        case watchdog_action::nudge: ++counters_.nudges; break;
        case watchdog_action::reconnect: ++counters_.stall_reconnects; break;
        case watchdog_action::give_up: gives_up_ = true; break;
        }
    }
    if (const auto due = watchdog_.due(); due && is_owed) ask_at(*due);
}

/// Dials the next connection when its turn in the series of attempts has come. After the end of a
/// series, the present connection may still start another.
template <class Ask>
void session_fsm::dial_ahead(step& step, base::time_point now, const Ask& ask_at)
{
    if (!handover_.next_dial()) {
        if (const auto wait = connection_.wait_ahead(now))
            handover_.plan_dial(base::later(now, *wait));
    }
    if (const auto when = handover_.next_dial()) {
        step.dial_ahead = now >= *when;
        if (!step.dial_ahead) return ask_at(*when);
        handover_.dialed();
        connection_.dials_ahead(now);
    } else {
        step.is_over = now >= handover_.end();
        if (step.is_over) return;
        ask_at(handover_.end());
        if (const auto when_healthy = connection_.renewal()) ask_at(*when_healthy);
    }
}

session_fsm::step session_fsm::next(base::time_point now, successor following)
{
    step step;
    turns_.settle(now);
    const auto ask_at = [&step](base::time_point when) {
        step.ask_again = step.ask_again ? std::min(*step.ask_again, when) : when;
    };
    if (handover_.is_expected() && !connection_.handle().empty()) {
        if (following == successor::none) {
            dial_ahead(step, now, ask_at);
        } else if (following == successor::ready && hands_over_at(now)) {
            step.hand_over = true;
        } else if (following == successor::ready) {
            ask_at(handover_.deadline());
            if (const auto unsure = turns_.unsure_until()) ask_at(*unsure);
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
    watch(step, now, ask_at);
    if (recorder_) recorder_->settled(turns_.is_open());
    if (settles_turn()) ask_at(*turns_.unsure_until());
    return step;
}

bool session_fsm::drop_stale(base::time_point now)
{
    if (connection_.status() != session_status::reconnecting && !holds_media(now)) return false;
    const auto gone = outbox_.expire(now - connection_.policy().realtime_window);
    dropped_ += gone;
    counters_.dropped += gone;
    return gone != 0;
}

std::optional<base::time_point> session_fsm::next_stale(base::time_point now) const
{
    if (connection_.status() != session_status::reconnecting && !holds_media(now))
        return std::nullopt;
    const auto oldest = outbox_.oldest_media();
    if (!oldest) return std::nullopt;
    constexpr std::chrono::milliseconds behind{1};
    return base::later(*oldest, connection_.policy().realtime_window + behind);
}

live::session_counters session_fsm::counters() const
{
    auto all = counters_;
    all.outbox = outbox_.cost();
    all.unconfirmed = outbox_.kept_cost();
    return all;
}

} // namespace gemini::live::engine
