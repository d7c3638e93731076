// SPDX-License-Identifier: Apache-2.0
#include "sim/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace sim {
namespace {

using namespace std::chrono_literals;
using live::session_status;

bool is_legal(session_status from, session_status to)
{
    switch (from) {
    case session_status::disconnected:
        return to == session_status::connecting || to == session_status::closed;
    case session_status::connecting:
        return to != session_status::disconnected && to != session_status::reconnecting;
    case session_status::connected:
        return to != session_status::disconnected && to != session_status::connecting;
    case session_status::reconnecting:
        return to != session_status::disconnected && to != session_status::connecting;
    case session_status::closed:
    case session_status::failed: break;
    }
    return false;
}

bool is_refusal(const live::error& why)
{
    return why.phase() == live::phase::upgrade && why.http_status() != 0;
}

/// True if another attempt cannot succeed. After a success, some failures may be those of a captive
/// portal.
bool is_permanent(const live::error& why, bool has_worked)
{
    const auto status = why.http_status();
    if (why.value() == live::errc::tls_failed) return !has_worked;
    if (is_refusal(why) && status < 400) return !has_worked;
    return status >= 400 && status < 500 && status != 429 && status != 408 && status != 425;
}

bool is_quota(const live::error& why)
{
    const auto& reason = why.reason();
    return reason.find("xhausted") != std::string::npos ||
           reason.find("EXHAUSTED") != std::string::npos ||
           reason.find("Quota") != std::string::npos;
}

milliseconds min_wait(const live::error& why)
{
    if (why.retry_after()) return *why.retry_after();
    if (why.http_status() == 429 || is_quota(why)) return 60s;
    return 0ms;
}

/// True for a close that rejects a message or a handle.
bool is_complaint(const live::error& why)
{
    const bool only_aborts = why.reason().find("aborted") != std::string::npos ||
                             why.reason().find("not implemented") != std::string::npos;
    return (why.close_code() == 1007 || why.close_code() == 1008) && !only_aborts && !is_quota(why);
}

bool refuses_handle(const live::error& why, bool was_open)
{
    return !was_open && is_complaint(why);
}

} // namespace

oracle::oracle(const scenario& scenario, ledger& ledger, const server& server)
    : scenario_(scenario), ledger_(ledger), server_(server), jitter_rng_(scenario.seed, "jitter")
{
    for (const auto& each : scenario_.faults)
        punctual_ = punctual_ && each.kind != fault_kind::process_suspended;
}

double oracle::random()
{
    jitter_ = jitter_rng_.real();
    jitter_drawn_at_ = ledger_.now();
    return *jitter_;
}

// Attempts -------------------------------------------------------------------------------------

bool oracle::is_healthy(time_point now) const
{
    return open_since_ && now - *open_since_ >= scenario_.options.reconnect.healthy_after;
}

/// Starts a new series of attempts, once for each connection that has become healthy.
void oracle::reset_attempts(time_point now)
{
    if (attempts_reset_ || !is_healthy(now)) return;
    attempts_reset_ = true;
    attempt_ = 0;
}

/// Returns the wait of the full jitter.
milliseconds oracle::jittered_wait() const
{
    const auto& policy = scenario_.options.reconnect;
    const double ceiling = std::min(static_cast<double>(policy.max_delay.count()),
        static_cast<double>(policy.first_delay.count()) * std::pow(policy.factor, attempt_ - 1));
    return milliseconds(static_cast<std::int64_t>(ceiling * jitter_.value_or(0)));
}

void oracle::dialed(int connection)
{
    const auto now = ledger_.now();
    if (ended_ && now > *ended_)
        report(fmt::format("#{} was dialed after the end of the session", connection));
    if (permanent_failure_)
        report(fmt::format("#{} was dialed though the error is permanent", connection));
    // The client may read goAway and the end of the connection in one step. Then it dials ahead.
    const bool together = failure_ && failure_->was_open && failure_->when == now && !jitter_ &&
                          !refuses_handle(failure_->why, failure_->was_open) &&
                          ledger_.connections[static_cast<std::size_t>(serving_)].deadline;
    if ((!failure_ && open_since_) || together) {
        ledger_.connections[static_cast<std::size_t>(connection)].ahead = true;
        if (!together) return check_ahead(connection);
        const auto& policy = scenario_.options.reconnect;
        if (now - *failure_->open_since < policy.healthy_after) ++attempt_;
        return;
    }
    check_time_is_up();
    check_wait(now);
    const auto& policy = scenario_.options.reconnect;
    const bool first = open_order_.empty();
    const auto most = first ? policy.first_connect_attempts : policy.max_attempts;
    if (most && attempt_ > *most) report(fmt::format("attempt {} of at most {}", attempt_, *most));
    if (!first && policy.max_outage.count() != 0 && out_since_ && punctual_ &&
        now - *out_since_ > policy.max_outage + 1ms)
        report(fmt::format("#{} was dialed after max_outage", connection));
}

/// Checks an attempt while another connection is open. Only the first such attempt has no wait.
void oracle::check_ahead(int connection)
{
    const auto now = ledger_.now();
    const auto most = scenario_.options.reconnect.max_attempts;
    if (!ledger_.connections[static_cast<std::size_t>(serving_)].deadline)
        report(fmt::format("#{} was dialed ahead without a goAway", connection));
    reset_attempts(now);
    ++attempt_;
    if (most && attempt_ > *most)
        report(fmt::format("attempt {} of at most {}, dialed ahead", attempt_, *most));
    if (ahead_permanent_failure_)
        report(fmt::format("#{} was dialed ahead though the error is permanent", connection));
    if (now < not_ahead_before_)
        report(fmt::format("#{} was dialed ahead before the end of Retry-After", connection));
    if (attempt_ > 1 && !jitter_)
        report(fmt::format("#{} was dialed ahead without jitter", connection));
    if (attempt_ > 1 && jitter_ && now < jitter_drawn_at_ + jittered_wait())
        report(fmt::format("#{} was dialed ahead {} ms too early", connection,
            std::chrono::ceil<milliseconds>(jitter_drawn_at_ + jittered_wait() - now).count()));
    jitter_.reset();
}

/// Checks that the session closed a connection only when its time was up and no attempt was left.
void oracle::check_time_is_up()
{
    if (!failure_ || !failure_->by_session) return;
    const auto deadline = ledger_.connections[static_cast<std::size_t>(serving_)].deadline;
    const auto most = scenario_.options.reconnect.max_attempts;
    if (!deadline || failure_->when < *deadline)
        report("a connection was closed before the time given by goAway was up");
    else if (!most || failure_->attempt < *most)
        report("a connection was closed though attempts were left");
}

/// Checks the wait between a failure and the next attempt. `dialed` is absent if a connection that
/// was dialed ahead is used instead.
void oracle::check_wait(std::optional<time_point> dialed)
{
    if (!failure_) return;
    const auto failure = *std::exchange(failure_, std::nullopt);
    constexpr int in_change = 2; // the old connection may still be open
    const bool needs_none = (failure.handing_over && attempt_ <= in_change) ||
                            (refuses_handle(failure.why, failure.was_open) && attempt_ == 1);
    if (!jitter_ && dialed && !needs_none) report("an attempt without jitter");
    const auto wait = std::max(min_wait(failure.why), jittered_wait());
    waits_.push_back({attempt_, wait});
    if (!dialed) return;
    const auto waited = std::chrono::duration_cast<milliseconds>(*dialed - failure.when);
    if (waited < wait)
        report(fmt::format("dialed too early: {} ms after the failure instead of {}",
            waited.count(), wait.count()));
    if (punctual_ && waited > wait + 1ms)
        report(fmt::format("dialed too late: {} ms after the failure instead of {}", waited.count(),
            wait.count()));
}

/// The connection has ended at the time of the handover. The session may report a loss or a
/// handover.
void oracle::may_be_handover()
{
    attempt_ = failure_->attempt;
    open_since_ = failure_->open_since;
    failure_.reset();
    waits_match_ = false;
}

void oracle::opened(int connection)
{
    const auto now = ledger_.now();
    const auto& log = ledger_.connections[static_cast<std::size_t>(connection)];
    const bool handover = open_since_.has_value();
    open_order_.push_back(connection);
    // Without a handle it is a new conversation, not a handover.
    const bool begins_anew =
        failure_ && refuses_handle(failure_->why, failure_->was_open) && log.handle.empty();
    if (failure_ && log.ahead && log.setup_sent == failure_->when && !begins_anew) {
        by_handover_.push_back(std::nullopt);
        may_be_handover();
    } else {
        by_handover_.push_back(handover);
        check_wait(std::nullopt);
    }
    check_handle(log);
    if (open_order_.size() == 1) attempt_ = 0;
    if (open_since_) reset_attempts(log.setup_sent.value_or(now));
    attempts_reset_ = ahead_permanent_failure_ = false;
    not_ahead_before_ = {};
    jitter_.reset();
    serving_ = connection;
    open_since_ = now;
    out_since_.reset();
}

/// Checks that the session drops its handle only if the server has refused it.
void oracle::check_handle(const ledger::connection& opened)
{
    const bool had_one = std::any_of(
        ledger_.receipts.begin(), ledger_.receipts.end(), [this](const ledger::receipt& each) {
            return each.handle && !each.hidden && each.connection == serving_;
        });
    constexpr int internal_errors = 2; // after so many, the handle may be the cause
    if (opened.handle.empty() && had_one && !handle_refused_ && handle_suspected_ < internal_errors)
        report("a handle was dropped that the server had not refused");
    handle_refused_ = false;
    handle_suspected_ = 0;
}

void oracle::failed(int connection, const live::error& why)
{
    const auto now = ledger_.now();
    const auto& log = ledger_.connections[static_cast<std::size_t>(connection)];
    const bool was_open = log.opened.has_value();
    if (!was_open && !log.handle.empty()) {
        handle_refused_ = handle_refused_ || refuses_handle(why, was_open);
        if (why.close_code() == 1011) ++handle_suspected_;
        const bool is_over = closed_in_ || ended_;
        if (!log.ahead && !is_over && refuses_handle(why, was_open))
            refused_handles_.insert(log.handle);
    }
    if (was_open) {
        const bool soon = now - *log.opened < 30s;
        complaints_ = is_complaint(why) ? (soon ? complaints_ + 1 : 1) : soon ? complaints_ : 0;
    }
    if (log.ahead && !log.established) { // another connection is still open
        not_ahead_before_ = now + min_wait(why);
        ahead_permanent_failure_ = is_permanent(why, true);
        return;
    }
    if (was_open && connection != serving_) return; // replaced already
    // With overlap, the old connection may end while the next one is being set up.
    for (auto next = static_cast<std::size_t>(connection) + 1; was_open; ++next) {
        if (next == ledger_.connections.size()) break;
        const auto& later = ledger_.connections[next];
        if (later.ahead && !later.serials.empty() && !later.ended) return;
    }
    if (failure_ && failure_->was_open && failure_->when == now && !was_open && log.ahead)
        may_be_handover();
    check_wait(std::nullopt);
    const bool handing_over = !was_open && open_since_.has_value();
    if (handing_over) reset_attempts(log.setup_sent.value_or(now));
    record_loss({now, why, was_open, handing_over});
    if (is_permanent(why, !open_order_.empty())) permanent_failure_ = true;
}

/// True if a connection that was dialed ahead is established and unused.
bool oracle::is_replaced() const
{
    const auto& last = ledger_.connections.back();
    return last.ahead && last.established && !last.closed_by_client && !last.setup_sent;
}

/// The session closes the current connection: at a handover, at its own end, or because the time
/// given by goAway is up.
void oracle::closed_by_session(int connection)
{
    const auto& newest = ledger_.connections.back();
    const bool is_followed = newest.ahead && newest.established && !newest.closed_by_client;
    if (connection != serving_ || !open_since_ || is_followed) return;
    const live::error why(live::errc::connection_lost, "goAway's time is up.", {live::phase::open});
    failure now{ledger_.now(), why, true, false};
    now.by_session = true;
    record_loss(now);
}

void oracle::record_loss(failure what)
{
    what.attempt = attempt_;
    what.open_since = open_since_;
    if (!what.handing_over && is_healthy(what.when)) attempt_ = 0;
    if (open_since_) out_since_ = what.when;
    open_since_.reset();
    attempt_ = what.was_open && is_replaced() ? std::max(attempt_, 1) : attempt_ + 1;
    jitter_.reset();
    failure_.emplace(std::move(what));
}

// Events -----------------------------------------------------------------------------------

void oracle::saw(const live::session_event& event)
{
    if (terminal_) report("an event after the terminal one");
    if (const auto* message = std::get_if<live::server_message>(&event)) {
        const auto& usage = message->members().usage_metadata;
        saw_message(usage ? usage->total_token_count : -1);
    } else if (const auto* unread = std::get_if<live::malformed_message>(&event)) {
        if (!unread->delivered) saw_message(0);
        if (unread->delivered && unread->turn_in_doubt)
            report("turn_in_doubt, but the end of the turn was readable");
    } else if (const auto* change = std::get_if<live::status_change>(&event)) {
        saw_change(*change);
    } else if (std::holds_alternative<live::stalled>(event)) {
        saw_stalled();
    } else if (const auto* record = std::get_if<live::turn_record>(&event)) {
        if (record->number != ++records_)
            report(fmt::format("the record of turn {} in place of {}", record->number, records_));
        records_ = record->number;
    }
}

oracle::turn_state oracle::turn_state_of(int connection, std::size_t receipts) const
{
    bool answers = false, called = false, ended = false, is_clear = true, is_quiet = true;
    bool may_begin = false;
    ledger::moment when = 0;
    std::vector<ledger::moment> ends_at;
    int asked = 0;
    for (std::size_t index = 0; index < receipts; ++index) {
        const auto& each = ledger_.receipts[index];
        if (each.connection != connection || each.hidden) continue;
        if (each.serial == 0) return {}; // unreadable: its meaning is unknown
        // A call with the id of an answered one may be another call, which needs its own response.
        if (each.repeats_call) return {};
        using enum ledger::meaning;
        switch (each.meaning) {
        case none:
        case ends_no_answer: continue;
        case late_words: // may be the beginning of an answer, if a question has just been sent
            is_clear = false;
            may_begin = true;
            continue;
        case user_words: // may be the beginning of a question, while audio is being sent
            is_quiet = false;
            continue;
        case fails:
        case ambiguous: return {};
        default: break;
        }
        answers = each.meaning == speaks;
        called = each.meaning == ledger::meaning::calls ||
                 (called && each.meaning != ends_answer && each.meaning != interrupts);
        ended = each.meaning == ends_answer;
        is_clear = is_quiet = true;
        may_begin = false;
        asked = each.asked;
        when = each.when;
        if (ended) ends_at.push_back(when);
    }
    // Late words may answer a question that was being sent when the connection ended.
    const auto is_interrupted = [connection](const ledger::send& one) {
        const auto is_whole = [connection](const ledger::transmission& each) {
            return each.connection <= connection && each.done != 0;
        };
        return asks(one.kind) && one.write_failed &&
               std::none_of(one.transmissions.begin(), one.transmissions.end(), is_whole);
    };
    if (may_begin && std::any_of(ledger_.sends.begin(), ledger_.sends.end(), is_interrupted))
        return {};
    // If questions and answers cross, it is unknown which question has been answered.
    std::vector<ledger::transmission> questions;
    for (const auto& one : ledger_.sends) {
        if (!asks(one.kind)) continue;
        for (const auto& each : one.transmissions)
            if (each.connection == connection) questions.push_back(each);
    }
    std::sort(questions.begin(), questions.end(),
        [](const ledger::transmission& a, const ledger::transmission& b) {
            return a.begun < b.begun;
        });
    for (std::size_t index = 0; index < questions.size(); ++index) {
        const auto& each = questions[index];
        const auto next = index + 1 == questions.size() ? when : questions[index + 1].begun;
        is_quiet = is_quiet && each.done != 0 && each.done < when;
        const auto comes_between = [&](ledger::moment end) {
            return end > each.done && end < next;
        };
        const bool is_last = index + 1 == questions.size();
        if (!is_last && std::none_of(ends_at.begin(), ends_at.end(), comes_between)) return {};
    }
    asked -= static_cast<int>(questions.size());
    return {answers && !called && is_clear, ended && is_quiet && asked == 0};
}

/// True if the network failed shortly after a turnComplete of which the session cannot know the
/// turn.
bool oracle::died_in_doubt(const live::status_change& loss) const
{
    constexpr auto longest_doubt = 5s; // the same as in the session
    if (loss.cause->value() != live::errc::timed_out) return false;
    std::optional<time_point> closed;
    time_point last{};
    for (const auto& each : ledger_.receipts) {
        if (each.connection != open_order_[openings_seen_ - 1] || each.hidden) continue;
        last = each.at;
        if (each.meaning == ledger::meaning::ends_no_answer) closed = each.at;
    }
    return closed && last < *closed + longest_doubt;
}

/// Checks status_change::ask_again: set if an answer was cut, not set if every question has been
/// answered.
void oracle::check_ask_again(const live::status_change& change)
{
    const bool is_loss =
        change.from == session_status::connected && change.to == session_status::reconnecting;
    const bool is_handover = change.to == session_status::connected && change.handover;
    if ((!is_loss && !is_handover) || scenario_.options.reconnect.handover.overlap) return;
    if (openings_seen_ == 0 || openings_seen_ > open_order_.size()) return;
    if (!by_handover_[openings_seen_ - 1].has_value()) return;
    const auto how = turn_state_of(open_order_[openings_seen_ - 1], ledger_.receipts.size());
    if (how.in_answer && !change.ask_again && !(is_loss && died_in_doubt(change)))
        report("an answer was cut and ask_again is not set");
    if (how.at_rest && scenario_.call_percent == 0 && change.ask_again)
        report("ask_again is set, but every question was answered");
}

void oracle::saw_stalled()
{
    if (openings_seen_ == 0 || openings_seen_ > open_order_.size() || scenario_.call_percent != 0)
        return;
    if (turn_state_of(open_order_[openings_seen_ - 1], receipts_seen_).at_rest)
        report("stalled was reported, but no question was open");
}

void oracle::saw_message(int serial)
{
    auto at = receipts_seen_;
    while (at < ledger_.receipts.size() && ledger_.receipts[at].hidden) ++at;
    if (at == ledger_.receipts.size())
        return report(
            fmt::format("the reader received message {} twice, or it was never sent", serial));
    if (ledger_.receipts[at].serial != serial)
        report(fmt::format(
            "the reader received message {} instead of {}", serial, ledger_.receipts[at].serial));
    receipts_seen_ = at + 1;
}

void oracle::saw_change(const live::status_change& change)
{
    ++changes_;
    if (change.from != status_ || !is_legal(change.from, change.to))
        report(fmt::format("a status change from {} to {} in status {}",
            live::to_string(change.from), live::to_string(change.to), live::to_string(status_)));
    status_ = change.to;
    terminal_ = change.to == session_status::closed || change.to == session_status::failed;
    check_close(change);
    if (change.to == session_status::failed) check_end(change);
    if (change.to == session_status::reconnecting ||
        (change.to == session_status::connecting && changes_ > 1)) {
        if (!change.cause) report("a loss without a cause");
        if (waits_match_ && waits_seen_ < waits_.size()) {
            const auto& wait = waits_[waits_seen_];
            if (wait.attempt != change.attempt || wait.delay != change.delay)
                report(fmt::format("attempt {} in {} ms was reported; it was {} in {} ms",
                    change.attempt, change.delay.count(), wait.attempt, wait.delay.count()));
        }
        ++waits_seen_;
    }
    check_ask_again(change);
    maybe_heard_ += change.maybe_heard;
    if (change.to == session_status::connected) check_context(change);
}

/// Checks that the session gives up only where its policy says so.
void oracle::check_end(const live::status_change& change)
{
    if (!change.cause) return report("failed without a cause");
    check_time_is_up();
    const auto& policy = scenario_.options.reconnect;
    const auto most = open_order_.empty() ? policy.first_connect_attempts : policy.max_attempts;
    const bool is_spent = most && attempt_ > *most;
    const bool may_end = is_spent || !policy.enabled || policy.max_outage.count() != 0 ||
                         policy.on_context_loss == live::context_loss::fail;
    if (change.cause->value() == live::errc::connection_lost && !may_end)
        report(fmt::format("gave up after a lost connection: {}", change.cause->what()));
    if (open_order_.empty() || may_end || is_permanent(*change.cause, true)) return;
    constexpr int few = 3;
    const bool was_open = failure_ && failure_->was_open;
    const bool passes = is_refusal(*change.cause) ||
                        change.cause->value() == live::errc::tls_failed ||
                        (is_complaint(*change.cause) && was_open && complaints_ <= few);
    if (passes) report(fmt::format("gave up on a temporary error: {}", change.cause->what()));
}

void oracle::closes(live::session_status now)
{
    if (!closed_in_) closed_in_ = now;
}

/// Checks that a session does not fail after close() has been called.
void oracle::check_close(const live::status_change& change)
{
    if (!closed_in_ || !terminal_) return;
    if (change.to == session_status::failed) report("close() was called, and the session failed");
    if (*closed_in_ == session_status::connected && change.from != session_status::connected)
        report(fmt::format(
            "close() was called, and the status became {}", live::to_string(change.from)));
}

void oracle::saw_stored_handle(const std::string& handle)
{
    if (refused_handles_.contains(handle))
        report("the store has a handle that the server has refused");
}

/// Checks that `resumed` and `context_lost` agree with the conversation of the server.
void oracle::check_context(const live::status_change& change)
{
    const auto index = openings_seen_++;
    if (index >= open_order_.size()) return report("connected, but no connection has opened");
    const auto& log = [this](std::size_t at) -> const ledger::connection& {
        return ledger_.connections[static_cast<std::size_t>(open_order_[at])];
    };
    if (index == 0) {
        if (change.context_lost) report("context_lost on the first connection");
        return;
    }
    if (change.handover != by_handover_[index].value_or(change.handover))
        report("the handover flag is wrong");
    const bool same = log(index).conversation == log(index - 1).conversation;
    if (same != change.resumed)
        report(same ? "the conversation was resumed, but resumed is not set"
                    : "resumed is set, but the conversation is another one");
    for (const auto& id : change.forgotten_calls) {
        if (const auto call = ledger_.calls.find(id); call != ledger_.calls.end())
            ++call->second.reported_forgotten;
        const auto& known = log(index).known_calls;
        if (std::find(known.begin(), known.end(), id) != known.end())
            report(fmt::format("{} was reported as forgotten, but the server knows it", id));
    }
    if (same && change.context_lost)
        report("context_lost is set, but the conversation was resumed");
    if (!same && !change.context_lost) {
        const auto& record = server_.conversation_of(log(index - 1).conversation).record;
        const bool said = std::any_of(record.begin(), record.end(), [&](const server::entry& each) {
            const auto& transmissions = ledger_.of(each.serial).transmissions;
            return each.kind == message_kind::text &&
                   std::any_of(
                       transmissions.begin(), transmissions.end(), [&](const auto& transmission) {
                           return transmission.done != 0 &&
                                  transmission.connection == open_order_[index - 1];
                       });
        });
        if (said) report("the context was lost and context_lost is not set");
    }
}

void oracle::end_now()
{
    if (!ended_) ended_ = ledger_.now();
}

void oracle::saw_end()
{
    end_now();
    if (status_ != session_status::closed)
        report("the stream ended without a status change to closed");
}

void oracle::saw_failure(const live::error& why)
{
    end_now();
    if (status_ != session_status::failed)
        report(fmt::format("the stream threw without a status change to failed: {}", why.what()));
}

void oracle::saw(const live::session_counters& now)
{
    constexpr std::size_t largest = 6000; // size of one message of the user
    const auto& limits = scenario_.options.limits;
    if (now.outbox + now.unconfirmed > 2 * (limits.outbox + largest))
        report(fmt::format("{} bytes in the outbox, {} unconfirmed; the limit is {}", now.outbox,
            now.unconfirmed, limits.outbox));
    // A new connection delivers its first messages even if the inbox is full.
    const auto opening = (ledger_.connections.size() + 2) * 4000;
    // After a failed write, the session still reads what had arrived, up to a bound.
    const std::size_t rest = ledger_.write_failed ? 256 * 1024 : 0;
    if (now.inbox > limits.inbox + opening + rest)
        report(fmt::format("{} bytes in the inbox; the limit is {}", now.inbox, limits.inbox));
}

// Messages ----------------------------------------------------------------------------------------

/// True for all marks except the activityStart of an open activity.
bool oracle::is_closed_mark(int serial) const
{
    const auto& one = ledger_.of(serial);
    if (one.kind != message_kind::start) return is_mark(one.kind);
    return std::any_of(
        ledger_.sends.begin() + serial, ledger_.sends.end(), [](const ledger::send& each) {
            return each.kind == message_kind::end && !each.transmissions.empty();
        });
}

/// True if the model may have noticed the message, so that it is in the restored history.
bool oracle::may_be_remembered(int serial) const
{
    const auto& transmissions = ledger_.of(serial).transmissions;
    return scenario_.options.reconnect.on_context_loss == live::context_loss::restore &&
           std::any_of(transmissions.begin(), transmissions.end(),
               [this](const ledger::transmission& transmission) {
                   return ledger_.received_since(transmission,
                       [](const ledger::receipt& each) { return each.content || each.call; });
               });
}

/// True if the server has made the call again after the response: it had forgotten both.
bool oracle::is_of_forgotten_call(const ledger::send& response) const
{
    const auto found = ledger_.calls.find(response.calls.front());
    return found != ledger_.calls.end() && response.transmissions.back().begun < found->second.anew;
}

/// True if a durable message may be absent from the record of `now`.
bool oracle::may_be_missing(int serial, const server::conversation* now) const
{
    const auto& one = ledger_.of(serial);
    // The session has read of a cancellation, which the handle need not include.
    const auto is_canceled = [this](const std::string& id) {
        return ledger_.calls[id].canceled.has_value();
    };
    if (!one.calls.empty() && std::all_of(one.calls.begin(), one.calls.end(), is_canceled))
        return true;
    if (one.confirmed_in != 0) return one.confirmed_in != now->id; // lost with its conversation
    if (one.kind == message_kind::tool_response) {
        const auto is_known = [now](const std::string& id) {
            const auto& known = now->known_calls;
            return std::find(known.begin(), known.end(), id) != known.end() &&
                   !now->cancelled_calls.contains(id);
        };
        if (std::none_of(one.calls.begin(), one.calls.end(), is_known)) return true;
        if (one.by_dispatcher && is_of_forgotten_call(one)) return true;
    }
    if (one.transmissions.empty()) return false;
    const auto& last = one.transmissions.back();
    const auto replay = scenario_.options.reconnect.replay;
    if (may_be_remembered(serial) &&
        ledger_.connections[static_cast<std::size_t>(last.connection)].conversation != now->id &&
        (is_closed_mark(serial) || now->remembered.contains(serial)))
        return true;
    if (scenario_.transparent || last.done == 0) return false;
    // Marks belong to audio, which is not replayed.
    if (is_closed_mark(serial)) return true;
    if (replay == live::replay::none) return true;
    // Lost with a conversation whose handle certainly included it.
    if (ledger_.connections[static_cast<std::size_t>(last.connection)].conversation != now->id &&
        std::any_of(ledger_.receipts.begin(), ledger_.receipts.end(),
            [&last](const ledger::receipt& each) { return each.handle && each.follows(last); }))
        return true;
    return replay == live::replay::unanswered && may_be_answered(serial);
}

/// True if the model may have begun an answer after it had read this message and a question that is
/// this message or follows it.
bool oracle::may_be_answered(int serial) const
{
    const auto connection = ledger_.of(serial).transmissions.back().connection;
    const auto& taken = ledger_.connections[static_cast<std::size_t>(connection)].serials;
    const auto begin = std::find(taken.begin(), taken.end(), serial);
    const auto is_asked = [this](int each) { return each != 0 && asks(ledger_.of(each).kind); };
    const auto question = std::find_if(begin, taken.end(), is_asked);
    const auto number = std::count_if(taken.begin(), question, is_asked) + 1;
    const auto answers = [&](const ledger::receipt& each) {
        return each.content && each.connection == connection && question != taken.end() &&
               each.asked >= number;
    };
    if (std::any_of(ledger_.receipts.begin(), ledger_.receipts.end(), answers)) return true;
    return std::any_of(
        ledger_.sends.begin() + serial - 1, ledger_.sends.end(), [&](const ledger::send& each) {
            if (!asks(each.kind) && each.kind != message_kind::tool_response) return false;
            return std::any_of(each.transmissions.begin(), each.transmissions.end(),
                [&](const ledger::transmission& transmission) {
                    return transmission.connection == connection &&
                           std::any_of(ledger_.receipts.begin(), ledger_.receipts.end(),
                               [&](const ledger::receipt& heard) {
                                   return heard.content && heard.follows(transmission);
                               });
                });
        });
}

/// True if a media message may have been dropped: it was too old when an outage ended, or it is a
/// video frame and not the latest.
bool oracle::may_be_dropped(const ledger::send& one) const
{
    if (one.kind == message_kind::video) return true;
    // A full outbox drops unconfirmed media.
    if (scenario_.transparent ? !one.transmissions.empty() : one.write_failed) return true;
    for (std::size_t index = 1; index < open_order_.size(); ++index) {
        const auto& log = ledger_.connections[static_cast<std::size_t>(open_order_[index])];
        if (!by_handover_[index].value_or(false) &&
            *log.opened - one.called > scenario_.options.reconnect.realtime_window)
            return true;
    }
    return false;
}

void oracle::check_final_state(int last, const live::session_counters& counters)
{
    const auto* now = server_.holder_of(last);
    const auto in_record = [&](int serial) {
        return std::any_of(now->record.begin(), now->record.end(),
            [serial](const server::entry& each) { return each.serial == serial; });
    };
    std::uint64_t missing = 0, dropped = 0;
    std::string which;
    for (int serial = 1; serial < last; ++serial) {
        const auto& one = ledger_.of(serial);
        if (!one.accepted) continue;
        if (is_media(one.kind)) {
            bool is_gone = one.transmissions.empty();
            // A restored history has only the messages that the model has noticed.
            if (scenario_.transparent) is_gone = one.consumed == 0 && !may_be_remembered(serial);
            if (!is_gone) continue;
            ++dropped;
            if (!may_be_dropped(one))
                report(
                    fmt::format("{} {} was dropped within the window", name_of(one.kind), serial));
            continue;
        }
        if (in_record(serial) || may_be_missing(serial, now)) continue;
        ++missing;
        which += fmt::format(" {} {}", name_of(one.kind), serial);
    }
    const auto repeats = server_.repeats();
    if (repeats > maybe_heard_)
        report(fmt::format(
            "{} messages were consumed twice; maybe_heard reported {}", repeats, maybe_heard_));
    if (missing > counters.uncertain) report(fmt::format("lost and not reported:{}", which));
    // If a connection ends while a batch is written, it is unknown which messages were sent.
    const bool knows_all = !scenario_.transparent && !scenario_.options.reconnect.handover.overlap;
    std::uint64_t torn = 0;
    for (const auto& one : ledger_.sends) {
        if (!is_media(one.kind)) continue;
        torn += static_cast<std::uint64_t>(std::count_if(one.transmissions.begin(),
            one.transmissions.end(), [this](const ledger::transmission& each) {
                const auto& log = ledger_.connections[static_cast<std::size_t>(each.connection)];
                return each.done == 0 || log.ended == each.done_at;
            }));
    }
    if (dropped > counters.dropped || (knows_all && dropped + torn < counters.dropped))
        report(fmt::format("{} media messages dropped, {} reported", dropped, counters.dropped));
    // Media that are too old must not be sent after an outage.
    for (int serial = 1; serial < last; ++serial) {
        const auto& one = ledger_.of(serial);
        if (!is_media(one.kind) || !one.accepted) continue;
        for (const auto& each : one.transmissions) {
            const auto found =
                std::find(open_order_.begin() + 1, open_order_.end(), each.connection);
            if (found == open_order_.end()) continue;
            const auto index = static_cast<std::size_t>(found - open_order_.begin());
            if (by_handover_[index].value_or(true)) continue;
            const auto& log = ledger_.connections[static_cast<std::size_t>(each.connection)];
            if (*log.opened - *one.accepted > scenario_.options.reconnect.realtime_window)
                report(fmt::format("{} {} was sent after an outage though it was too old",
                    name_of(one.kind), serial));
        }
    }
}

} // namespace sim
