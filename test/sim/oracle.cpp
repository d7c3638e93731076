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

/// Nobody need try again after this. What has worked once may be in the way of a portal.
bool is_hopeless(const live::error& why, bool has_worked)
{
    const auto status = why.http_status();
    if (why.value() == live::errc::tls_failed) return !has_worked;
    if (is_refusal(why) && status < 400) return !has_worked;
    return status >= 400 && status < 500 && status != 429 && status != 408 && status != 425;
}

bool is_of_quota(const live::error& why)
{
    const auto& reason = why.reason();
    return reason.find("xhausted") != std::string::npos ||
           reason.find("EXHAUSTED") != std::string::npos ||
           reason.find("Quota") != std::string::npos;
}

milliseconds least_wait(const live::error& why)
{
    if (why.retry_after()) return *why.retry_after();
    if (why.http_status() == 429 || is_of_quota(why)) return 60s;
    return 0ms;
}

/// A close that complains of what was said, or of whom it was said to.
bool is_complaint(const live::error& why)
{
    const bool only_aborts = why.reason().find("aborted") != std::string::npos ||
                             why.reason().find("not implemented") != std::string::npos;
    return (why.close_code() == 1007 || why.close_code() == 1008) && !only_aborts &&
           !is_of_quota(why);
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
    drawn_ = jitter_rng_.real();
    drawn_at_ = ledger_.now();
    return *drawn_;
}

// Attempts -------------------------------------------------------------------------------------

bool oracle::is_healthy(time_point now) const
{
    return open_since_ && now - *open_since_ >= scenario_.options.reconnect.healthy_after;
}

/// While a connection serves, once.
void oracle::renew(time_point now)
{
    if (has_renewed_ || !is_healthy(now)) return;
    has_renewed_ = true;
    attempt_ = 0;
}

/// Of the full jitter.
milliseconds oracle::drawn_wait() const
{
    const auto& policy = scenario_.options.reconnect;
    const double ceiling = std::min(static_cast<double>(policy.max_delay.count()),
        static_cast<double>(policy.first_delay.count()) * std::pow(policy.factor, attempt_ - 1));
    return milliseconds(static_cast<std::int64_t>(ceiling * drawn_.value_or(0)));
}

void oracle::dialled(int connection)
{
    const auto now = ledger_.now();
    if (ended_ && now > *ended_)
        report(fmt::format("#{} was dialled after the session's end", connection));
    if (hopeless_) report(fmt::format("#{} was dialled though that cannot help", connection));
    // The end may be read together with the goAway before it: the dial was under way.
    const bool together = failure_ && failure_->was_open && failure_->when == now && !drawn_ &&
                          !refuses_handle(failure_->why, failure_->was_open) &&
                          ledger_.connections[static_cast<std::size_t>(main_)].leave_by;
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
        report(fmt::format("#{} was dialled after max_outage", connection));
}

/// While another one serves: an attempt like any other, but the first comes without a wait.
void oracle::check_ahead(int connection)
{
    const auto now = ledger_.now();
    const auto most = scenario_.options.reconnect.max_attempts;
    if (!ledger_.connections[static_cast<std::size_t>(main_)].leave_by)
        report(fmt::format("#{} was dialled though the server had not asked to leave", connection));
    renew(now);
    ++attempt_;
    if (most && attempt_ > *most)
        report(fmt::format("attempt {} of at most {}, dialled ahead", attempt_, *most));
    if (ahead_is_hopeless_)
        report(fmt::format("#{} was dialled ahead though that cannot help", connection));
    if (now < not_ahead_before_)
        report(fmt::format("#{} was dialled ahead before the server's Retry-After", connection));
    if (attempt_ > 1 && !drawn_)
        report(fmt::format("#{} was dialled ahead without a random wait before it", connection));
    if (attempt_ > 1 && drawn_ && now < drawn_at_ + drawn_wait())
        report(fmt::format("#{} was dialled ahead {} ms too early", connection,
            std::chrono::ceil<milliseconds>(drawn_at_ + drawn_wait() - now).count()));
    drawn_.reset();
}

/// A session that takes a connection for lost which has not ended.
void oracle::check_time_is_up()
{
    if (!failure_ || !failure_->by_session) return;
    const auto leave_by = ledger_.connections[static_cast<std::size_t>(main_)].leave_by;
    const auto most = scenario_.options.reconnect.max_attempts;
    if (!leave_by || failure_->when < *leave_by)
        report("a connection was given up that had time left");
    else if (!most || failure_->attempt < *most)
        report("a connection was given up though there were attempts left");
}

/// Between a failure and the next attempt; a spare connection is not dialled any more.
void oracle::check_wait(std::optional<time_point> dialled)
{
    if (!failure_) return;
    const auto failure = *std::exchange(failure_, std::nullopt);
    constexpr int in_change = 2; // the old connection may not have gone yet
    const bool needs_none = (failure.handing_over && attempt_ <= in_change) ||
                            (refuses_handle(failure.why, failure.was_open) && attempt_ == 1);
    if (!drawn_ && dialled && !needs_none) report("an attempt without a random wait before it");
    const auto wait = std::max(least_wait(failure.why), drawn_wait());
    rows_.push_back({attempt_, wait});
    if (!dialled) return;
    const auto waited = std::chrono::duration_cast<milliseconds>(*dialled - failure.when);
    if (waited < wait)
        report(fmt::format(
            "dialled {} ms after the failure instead of {}", waited.count(), wait.count()));
    if (punctual_ && waited > wait + 1ms)
        report(fmt::format(
            "dialled {} ms after the failure, not already after {}", waited.count(), wait.count()));
}

/// The connection that served has ended at the very moment of the change to the next one: the
/// user may be told of a loss, or not.
void oracle::may_be_handover()
{
    attempt_ = failure_->attempt;
    open_since_ = failure_->open_since;
    failure_.reset();
    rows_match_ = false;
}

void oracle::opened(int connection)
{
    const auto now = ledger_.now();
    const auto& log = ledger_.connections[static_cast<std::size_t>(connection)];
    const bool handover = open_since_.has_value();
    open_order_.push_back(connection);
    // Not when the old one took the handle with it.
    const bool begins_anew =
        failure_ && refuses_handle(failure_->why, failure_->was_open) && log.handle.empty();
    if (failure_ && log.ahead && log.set_up == failure_->when && !begins_anew) {
        by_handover_.push_back(std::nullopt);
        may_be_handover();
    } else {
        by_handover_.push_back(handover);
        check_wait(std::nullopt);
    }
    check_handle(log);
    if (open_order_.size() == 1) attempt_ = 0;
    if (open_since_) renew(log.set_up.value_or(now));
    has_renewed_ = ahead_is_hopeless_ = false;
    not_ahead_before_ = {};
    drawn_.reset();
    main_ = connection;
    open_since_ = now;
    out_since_.reset();
}

/// Without a handle a conversation is over: that must have been the server's will.
void oracle::check_handle(const ledger::connection& opened)
{
    const bool had_one = std::any_of(
        ledger_.hearings.begin(), ledger_.hearings.end(), [this](const ledger::heard& each) {
            return each.handle && !each.passed_over && each.connection == main_;
        });
    constexpr int internal_errors = 2; // they may be the handle's fault
    if (opened.handle.empty() && had_one && !handle_refused_ && handle_suspected_ < internal_errors)
        report("a conversation was given up whose handle the server had not refused");
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
    if (log.ahead && !log.made) { // nobody's loss yet
        not_ahead_before_ = now + least_wait(why);
        ahead_is_hopeless_ = is_hopeless(why, true);
        return;
    }
    if (was_open && connection != main_) return; // left already
    // With overlap, it may end while the next one is being set up.
    for (auto next = static_cast<std::size_t>(connection) + 1; was_open; ++next) {
        if (next == ledger_.connections.size()) break;
        const auto& later = ledger_.connections[next];
        if (later.ahead && !later.taken.empty() && !later.ended) return;
    }
    if (failure_ && failure_->was_open && failure_->when == now && !was_open && log.ahead)
        may_be_handover();
    check_wait(std::nullopt);
    const bool handing_over = !was_open && open_since_.has_value();
    if (handing_over) renew(log.set_up.value_or(now));
    lose({now, why, was_open, handing_over});
    if (is_hopeless(why, !open_order_.empty())) hopeless_ = true;
}

/// One that was dialled ahead has come about, and nothing has been sent on it.
bool oracle::is_replaced() const
{
    const auto& last = ledger_.connections.back();
    return last.ahead && last.made && !last.left && !last.set_up;
}

/// The session ends what serves: for the next one, at its own end, or because time is up.
void oracle::left(int connection)
{
    const auto& newest = ledger_.connections.back();
    const bool is_followed = newest.ahead && newest.made && !newest.left;
    if (connection != main_ || !open_since_ || is_followed) return;
    const live::error why(live::errc::connection_lost, "Time is up.", {live::phase::open});
    failure now{ledger_.now(), why, true, false};
    now.by_session = true;
    lose(now);
}

void oracle::lose(failure what)
{
    what.attempt = attempt_;
    what.open_since = open_since_;
    if (!what.handing_over && is_healthy(what.when)) attempt_ = 0;
    if (open_since_) out_since_ = what.when;
    open_since_.reset();
    attempt_ = what.was_open && is_replaced() ? std::max(attempt_, 1) : attempt_ + 1;
    drawn_.reset();
    failure_.emplace(std::move(what));
}

// The stream -----------------------------------------------------------------------------------

void oracle::saw(const live::session_event& event)
{
    if (terminal_) report("an event after the terminal one");
    if (const auto* message = std::get_if<live::server_message>(&event)) {
        const auto& usage = message->members().usage_metadata;
        saw_message(usage ? usage->total_token_count : -1);
    } else if (const auto* unread = std::get_if<live::malformed_message>(&event)) {
        if (!unread->delivered) saw_message(0);
        if (unread->delivered && unread->turn_in_doubt)
            report("a turn is said to be in doubt, whose end could be read");
    } else if (const auto* change = std::get_if<live::status_change>(&event)) {
        saw_change(*change);
    } else if (std::holds_alternative<live::stalled>(event)) {
        saw_silence();
    }
}

oracle::standing oracle::standing_of(int connection, std::size_t hearings) const
{
    bool answers = false, called = false, ended = false, is_clear = true, is_quiet = true;
    bool may_begin = false;
    ledger::moment when = 0;
    std::vector<ledger::moment> ends_at;
    int asked = 0;
    for (std::size_t index = 0; index < hearings; ++index) {
        const auto& each = ledger_.hearings[index];
        if (each.connection != connection || each.passed_over) continue;
        if (each.serial == 0) return {}; // which may have been anything
        using enum ledger::meaning;
        switch (each.meaning) {
        case none:
        case closes: continue;
        case late: // to a session that has just been asked something, the beginning of an answer
            is_clear = false;
            may_begin = true;
            continue;
        case user: // while there is sound, the beginning of a question
            is_quiet = false;
            continue;
        case fails:
        case anything: return {};
        default: break;
        }
        answers = each.meaning == speaks;
        called = each.meaning == ledger::meaning::calls ||
                 (called && each.meaning != ends && each.meaning != interrupts);
        ended = each.meaning == ends;
        is_clear = is_quiet = true;
        may_begin = false;
        asked = each.asked;
        when = each.when;
        if (ended) ends_at.push_back(when);
    }
    // Late words may answer a question whose sending the end of the connection has interrupted.
    const auto is_interrupted = [connection](const ledger::send& one) {
        const auto is_whole = [connection](const ledger::handing& each) {
            return each.connection <= connection && each.done != 0;
        };
        return asks(one.kind) && one.torn &&
               std::none_of(one.handings.begin(), one.handings.end(), is_whole);
    };
    if (may_begin && std::any_of(ledger_.sends.begin(), ledger_.sends.end(), is_interrupted))
        return {};
    // Of questions that cross each other's answers one cannot tell which has been answered.
    std::vector<ledger::handing> questions;
    for (const auto& one : ledger_.sends) {
        if (!asks(one.kind)) continue;
        for (const auto& each : one.handings)
            if (each.connection == connection) questions.push_back(each);
    }
    std::sort(questions.begin(), questions.end(),
        [](const ledger::handing& a, const ledger::handing& b) { return a.begun < b.begun; });
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

/// The network died shortly after an end that may have been of this answer or of the one before.
bool oracle::died_in_doubt(const live::status_change& loss) const
{
    constexpr auto longest_doubt = 5s; // as in the session
    if (loss.cause->value() != live::errc::timed_out) return false;
    std::optional<time_point> closed;
    time_point last{};
    for (const auto& each : ledger_.hearings) {
        if (each.connection != open_order_[openings_seen_ - 1] || each.passed_over) continue;
        last = each.at;
        if (each.meaning == ledger::meaning::closes) closed = each.at;
    }
    return closed && last < *closed + longest_doubt;
}

/// Nobody is told to ask again what has been answered, and whoever has to is told.
void oracle::check_question(const live::status_change& change)
{
    const bool is_loss =
        change.from == session_status::connected && change.to == session_status::reconnecting;
    const bool is_handover = change.to == session_status::connected && change.handover;
    if ((!is_loss && !is_handover) || scenario_.options.reconnect.handover.overlap) return;
    if (openings_seen_ == 0 || openings_seen_ > open_order_.size()) return;
    if (!by_handover_[openings_seen_ - 1].has_value()) return;
    const auto how = standing_of(open_order_[openings_seen_ - 1], ledger_.hearings.size());
    if (how.in_answer && !change.ask_again && !(is_loss && died_in_doubt(change)))
        report("an answer was cut without a word");
    if (how.at_rest && scenario_.call_percent == 0 && change.ask_again)
        report("the user was told to ask again what had been answered");
}

void oracle::saw_silence()
{
    if (openings_seen_ == 0 || openings_seen_ > open_order_.size() || scenario_.call_percent != 0)
        return;
    if (standing_of(open_order_[openings_seen_ - 1], heard_).at_rest)
        report("told that the server is silent, and nothing was asked");
}

void oracle::saw_message(int serial)
{
    auto at = heard_;
    while (at < ledger_.hearings.size() && ledger_.hearings[at].passed_over) ++at;
    if (at == ledger_.hearings.size())
        return report(fmt::format("the reader got message {} again, or from nowhere", serial));
    if (ledger_.hearings[at].serial != serial)
        report(fmt::format(
            "the reader got message {} in the place of {}", serial, ledger_.hearings[at].serial));
    heard_ = at + 1;
}

void oracle::saw_change(const live::status_change& change)
{
    ++changes_;
    if (change.from != status_ || !is_legal(change.from, change.to))
        report(fmt::format("a change from {} to {} while {}", live::to_string(change.from),
            live::to_string(change.to), live::to_string(status_)));
    status_ = change.to;
    terminal_ = change.to == session_status::closed || change.to == session_status::failed;
    check_close(change);
    if (change.to == session_status::failed) check_end(change);
    if (change.to == session_status::reconnecting ||
        (change.to == session_status::connecting && changes_ > 1)) {
        if (!change.cause) report("a loss without a cause");
        if (rows_match_ && rows_seen_ < rows_.size()) {
            const auto& row = rows_[rows_seen_];
            if (row.attempt != change.attempt || row.delay != change.delay)
                report(fmt::format("the user was told of attempt {} in {} ms; it was {} in {} ms",
                    change.attempt, change.delay.count(), row.attempt, row.delay.count()));
        }
        ++rows_seen_;
    }
    check_question(change);
    maybe_heard_ += change.maybe_heard;
    if (change.to == session_status::connected) check_context(change);
}

/// A connection that was merely lost is no end, unless the policy says so.
void oracle::check_end(const live::status_change& change)
{
    if (!change.cause) return report("an end without a cause");
    check_time_is_up();
    const auto& policy = scenario_.options.reconnect;
    const auto most = open_order_.empty() ? policy.first_connect_attempts : policy.max_attempts;
    const bool is_spent = most && attempt_ > *most;
    const bool may_end = is_spent || !policy.enabled || policy.max_outage.count() != 0 ||
                         policy.on_context_loss == live::context_loss::fail;
    if (change.cause->value() == live::errc::connection_lost && !may_end)
        report(fmt::format("gave up after a mere loss: {}", change.cause->what()));
    if (open_order_.empty() || may_end || is_hopeless(*change.cause, true)) return;
    constexpr int few = 3;
    const bool was_open = failure_ && failure_->was_open;
    const bool passes = is_refusal(*change.cause) ||
                        change.cause->value() == live::errc::tls_failed ||
                        (is_complaint(*change.cause) && was_open && complaints_ <= few);
    if (passes) report(fmt::format("gave up what passes: {}", change.cause->what()));
}

void oracle::closes(live::session_status now)
{
    if (!closed_in_) closed_in_ = now;
}

/// A session does not end with an error after close() has been called.
void oracle::check_close(const live::status_change& change)
{
    if (!closed_in_ || !terminal_) return;
    if (change.to == session_status::failed)
        report("close() was called, and the session ended by an error");
    if (*closed_in_ == session_status::connected && change.from != session_status::connected)
        report(fmt::format("close() was called, and then came {}", live::to_string(change.from)));
}

void oracle::saw_kept(const std::string& handle)
{
    if (refused_handles_.contains(handle)) report("a handle is kept that the server has refused");
}

/// Whether the user was told what the server has made of the conversation.
void oracle::check_context(const live::status_change& change)
{
    const auto index = openings_seen_++;
    if (index >= open_order_.size()) return report("connected, without a connection");
    const auto& log = [this](std::size_t at) -> const ledger::connection& {
        return ledger_.connections[static_cast<std::size_t>(open_order_[at])];
    };
    if (index == 0) {
        if (change.context_lost) report("context_lost on the first connection");
        return;
    }
    if (change.handover != by_handover_[index].value_or(change.handover))
        report("a handover that was none, or not said to be one");
    const bool same = log(index).conversation == log(index - 1).conversation;
    if (same != change.resumed)
        report(
            same ? "resumed, and the user was not told" : "told that it resumed, but it did not");
    if (same && change.context_lost) report("told that the context was lost, but it was not");
    if (!same && !change.context_lost) {
        const auto& record = server_.conversation_of(log(index - 1).conversation).record;
        const bool said = std::any_of(record.begin(), record.end(), [&](const server::entry& each) {
            const auto& handings = ledger_.of(each.serial).handings;
            return each.kind == message_kind::text &&
                   std::any_of(handings.begin(), handings.end(), [&](const auto& handing) {
                       return handing.done != 0 && handing.connection == open_order_[index - 1];
                   });
        });
        if (said) report("the context was lost in silence");
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
        report("the stream ended without a last change to closed");
}

void oracle::saw_failure(const live::error& why)
{
    end_now();
    if (status_ != session_status::failed)
        report(fmt::format("the stream threw without a change to error: {}", why.what()));
}

void oracle::saw(const live::session_counters& now)
{
    constexpr std::size_t largest = 6000; // of one message of the user's
    const auto& limits = scenario_.options.limits;
    if (now.outbox + now.unconfirmed > 2 * (limits.outbox + largest))
        report(fmt::format("{} bytes in the outbox, {} unconfirmed; the limit is {}", now.outbox,
            now.unconfirmed, limits.outbox));
    // A new connection brings its first words though the inbox is full.
    const auto opening = (ledger_.connections.size() + 2) * 4000;
    // Of a connection that could not be written to, what had arrived is read up to a bound.
    const bool has_failed = std::any_of(ledger_.sends.begin(), ledger_.sends.end(),
        [](const ledger::send& one) { return one.torn; });
    const std::size_t rest = has_failed ? 256 * 1024 : 0;
    if (now.inbox > limits.inbox + opening + rest)
        report(fmt::format("{} bytes in the inbox; the limit is {}", now.inbox, limits.inbox));
}

// Fates ----------------------------------------------------------------------------------------

/// All marks but the start of what is still being said.
bool oracle::is_closed_mark(int serial) const
{
    const auto& one = ledger_.of(serial);
    if (one.kind != message_kind::start) return is_mark(one.kind);
    return std::any_of(
        ledger_.sends.begin() + serial, ledger_.sends.end(), [](const ledger::send& each) {
            return each.kind == message_kind::end && !each.handings.empty();
        });
}

/// Whether the model has taken note of it, so that it is told as history.
bool oracle::may_be_remembered(int serial) const
{
    const auto& handings = ledger_.of(serial).handings;
    return scenario_.options.reconnect.on_context_loss == live::context_loss::restore &&
           std::any_of(handings.begin(), handings.end(), [this](const ledger::handing& handing) {
               return ledger_.heard_since(
                   handing, [](const ledger::heard& each) { return each.content || each.call; });
           });
}

/// Whether a durable message may be absent from the conversation as it is now.
bool oracle::may_be_missing(int serial, const server::conversation* now) const
{
    const auto& one = ledger_.of(serial);
    if (one.confirmed_in != 0) return one.confirmed_in != now->id; // it went with its conversation
    if (one.kind == message_kind::tool_response) {
        const auto is_known = [now](const std::string& id) {
            const auto& known = now->known_calls;
            return std::find(known.begin(), known.end(), id) != known.end() &&
                   !now->cancelled_calls.contains(id);
        };
        if (std::none_of(one.calls.begin(), one.calls.end(), is_known)) return true;
    }
    if (one.handings.empty()) return false;
    const auto& last = one.handings.back();
    const auto replay = scenario_.options.reconnect.replay;
    if (may_be_remembered(serial) &&
        ledger_.connections[static_cast<std::size_t>(last.connection)].conversation != now->id &&
        (is_closed_mark(serial) || now->remembered.contains(serial)))
        return true;
    if (scenario_.transparent || last.done == 0) return false;
    // Marks belong to speech, which has perished.
    if (is_closed_mark(serial)) return true;
    if (replay == live::replay::none) return true;
    // It went with a conversation whose handle certainly held it.
    if (ledger_.connections[static_cast<std::size_t>(last.connection)].conversation != now->id &&
        std::any_of(ledger_.hearings.begin(), ledger_.hearings.end(),
            [&last](const ledger::heard& each) { return each.handle && each.follows(last); }))
        return true;
    return replay == live::replay::unanswered && may_be_answered(serial);
}

/// Whether the model has begun an answer that it can have begun only after it had heard this, and a
/// question with it or behind it.
bool oracle::may_be_answered(int serial) const
{
    const auto connection = ledger_.of(serial).handings.back().connection;
    const auto& taken = ledger_.connections[static_cast<std::size_t>(connection)].taken;
    const auto begin = std::find(taken.begin(), taken.end(), serial);
    const auto is_asked = [this](int each) { return each != 0 && asks(ledger_.of(each).kind); };
    const auto question = std::find_if(begin, taken.end(), is_asked);
    const auto number = std::count_if(taken.begin(), question, is_asked) + 1;
    const auto answers = [&](const ledger::heard& each) {
        return each.content && each.connection == connection && question != taken.end() &&
               each.asked >= number;
    };
    if (std::any_of(ledger_.hearings.begin(), ledger_.hearings.end(), answers)) return true;
    return std::any_of(
        ledger_.sends.begin() + serial - 1, ledger_.sends.end(), [&](const ledger::send& each) {
            if (!asks(each.kind) && each.kind != message_kind::tool_response) return false;
            return std::any_of(
                each.handings.begin(), each.handings.end(), [&](const ledger::handing& handing) {
                    return handing.connection == connection &&
                           std::any_of(ledger_.hearings.begin(), ledger_.hearings.end(),
                               [&](const ledger::heard& heard) {
                                   return heard.content && heard.follows(handing);
                               });
                });
        });
}

/// Whether media may have been dropped: too old when an outage ended, or, of pictures, not the
/// latest.
bool oracle::outlasted(const ledger::send& one) const
{
    if (one.kind == message_kind::video) return true;
    // Beyond its bound the outbox gives up the unconfirmed.
    if (scenario_.transparent ? !one.handings.empty() : one.torn) return true;
    for (std::size_t index = 1; index < open_order_.size(); ++index) {
        const auto& log = ledger_.connections[static_cast<std::size_t>(open_order_[index])];
        if (!by_handover_[index].value_or(false) &&
            *log.opened - one.called > scenario_.options.reconnect.realtime_window)
            return true;
    }
    return false;
}

void oracle::settle(int last, const live::session_counters& counters)
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
            bool gone = one.handings.empty();
            // A history has the words of what the model has taken note of, and only those.
            if (scenario_.transparent) gone = one.consumed == 0 && !may_be_remembered(serial);
            if (!gone) continue;
            ++dropped;
            if (!outlasted(one))
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
        report(fmt::format("{} messages were consumed twice, of which {} were said to be in doubt",
            repeats, maybe_heard_));
    if (missing > counters.uncertain) report(fmt::format("lost without a word:{}", which));
    // Of a batch that was being written at the end of a connection, nobody knows how far it has
    // come.
    const bool knows_all = !scenario_.transparent && !scenario_.options.reconnect.handover.overlap;
    std::uint64_t torn = 0;
    for (const auto& one : ledger_.sends) {
        if (!is_media(one.kind)) continue;
        torn += static_cast<std::uint64_t>(std::count_if(
            one.handings.begin(), one.handings.end(), [this](const ledger::handing& each) {
                const auto& log = ledger_.connections[static_cast<std::size_t>(each.connection)];
                return each.done == 0 || log.ended == each.done_at;
            }));
    }
    if (dropped > counters.dropped || (knows_all && dropped + torn < counters.dropped))
        report(fmt::format("{} media messages dropped, {} reported", dropped, counters.dropped));
    // What is too old to be said after an outage.
    for (int serial = 1; serial < last; ++serial) {
        const auto& one = ledger_.of(serial);
        if (!is_media(one.kind) || !one.accepted) continue;
        for (const auto& each : one.handings) {
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
