// SPDX-License-Identifier: Apache-2.0
#include "engine/reconnect_fsm.hpp"

#include "base/backoff.hpp"
#include "base/complaint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gemini::live::engine {
namespace {

/// The longest wait that a first connection is worth; a longer one is left for the caller to
/// decide.
constexpr std::chrono::seconds patience_of_connect{10};

/// After this many internal errors in answer to setups with a handle, the handle is blamed: one of
/// another model gets no other answer.
constexpr int most_internal_errors = 2;

/// How long a server may take to notice that a connection it did not close itself is gone, whether
/// ours or that of another owner of the handle. Until then it answers the handle with internal
/// errors.
constexpr std::chrono::seconds longest_belief{60};

/// The most refusals in a row, each of a connection open for less than `at_once`. If there are
/// more, one message is sent and refused again and again.
constexpr int most_repeats = 3;
constexpr std::chrono::seconds at_once{30};

// clang-format off
constexpr std::array all_transitions{
    transition{session_status::disconnected, "connect()",                  session_status::connecting},
    transition{session_status::connecting,   "attempt failed",             session_status::connecting},
    transition{session_status::connecting,   "setupComplete",              session_status::connected},
    transition{session_status::connecting,   "no attempts left, hopeless", session_status::failed},
    transition{session_status::connected,    "goAway, handed over",        session_status::connected},
    transition{session_status::connected,    "connection lost",            session_status::reconnecting},
    transition{session_status::connected,    "hopeless",                   session_status::failed},
    transition{session_status::reconnecting, "attempt failed",             session_status::reconnecting},
    transition{session_status::reconnecting, "setupComplete",              session_status::connected},
    transition{session_status::reconnecting, "no attempts left, hopeless", session_status::failed},
    transition{session_status::disconnected, "close()",                    session_status::closed},
    transition{session_status::connecting,   "close()",                    session_status::closed},
    transition{session_status::connected,    "close()",                    session_status::closed},
    transition{session_status::reconnecting, "close()",                    session_status::closed},
};
// clang-format on

/// Handles of the service have some hundred bytes. A handle is kept in several places, and sent.
constexpr std::size_t longest_handle = 64 * 1024;

/// Whether it closed with 1011, in whatever words, unless these name another cause.
bool is_internal(const error& failure)
{
    namespace complaint = base::complaint;
    constexpr std::array others{complaint::of_quota, complaint::of_key, complaint::of_permission,
        complaint::of_model, complaint::of_location, std::string_view("deadline")};
    return failure.close_code() == 1011 &&
           std::none_of(others.begin(), others.end(), [&failure](std::string_view cause) {
               return base::mentions(failure.reason(), cause);
           });
}

} // namespace

std::span<const transition> transitions() noexcept { return all_transitions; }

reconnect_fsm::reconnect_fsm(
    reconnect_policy policy, std::string handle, std::function<double()> random)
    : policy_(std::move(policy)), handle_(std::move(handle)), random_(std::move(random)),
      is_from_elsewhere_(!handle_.empty())
{
}

status_change reconnect_fsm::become(live::session_status to)
{
    status_change change;
    change.from = std::exchange(status_, to);
    change.to = to;
    return change;
}

std::chrono::milliseconds reconnect_fsm::draw_delay(int attempt) const
{
    return base::full_jitter(
        policy_.first_delay, policy_.factor, policy_.max_delay, attempt - 1, random_());
}

status_change reconnect_fsm::start()
{
    attempt_ = 1;
    auto change = become(session_status::connecting);
    change.attempt = attempt_;
    return change;
}

status_change reconnect_fsm::opened(base::time_point now)
{
    open_since_ = now;
    has_renewed_ = false;
    opened_with_handle_ = !handle_.empty();
    is_from_elsewhere_ = false;
    internal_errors_ = 0;
    believed_until_.reset();
    attempt_ -= std::exchange(waits_, 0);
    if (++epoch_ == 1) attempt_ = 0; // attempts for the first connection do not count later
    auto change = become(session_status::connected);
    change.resumed = !handle_.empty();
    change.handover = std::exchange(handing_over_, false);
    if (out_since_) change.outage = std::chrono::ceil<std::chrono::milliseconds>(now - *out_since_);
    out_since_.reset();
    return change;
}

bool reconnect_fsm::is_healthy(base::time_point now) const
{
    return open_since_ && now - *open_since_ >= policy_.healthy_after;
}

/// Only a healthy spell starts a new series of attempts. Otherwise a server that disconnects at
/// once, or asks to leave, would be hammered.
void reconnect_fsm::renew(base::time_point now)
{
    if (has_renewed_ || !is_healthy(now)) return;
    has_renewed_ = true;
    attempt_ = 0;
}

std::optional<base::time_point> reconnect_fsm::renewal() const
{
    if (has_renewed_ || !open_since_) return std::nullopt;
    return base::later(*open_since_, policy_.healthy_after);
}

void reconnect_fsm::leave(base::time_point now)
{
    if (!open_since_) return;
    open_since_.reset();
    out_since_ = now;
}

std::optional<std::chrono::milliseconds> reconnect_fsm::wait_ahead(base::time_point now)
{
    renew(now);
    const auto most = most_attempts();
    if (most && attempt_ >= *most) return std::nullopt;
    return attempt_ == 0 ? std::chrono::milliseconds{0} : draw_delay(attempt_ + 1);
}

void reconnect_fsm::dials_ahead(base::time_point now)
{
    renew(now);
    ++attempt_;
}

void reconnect_fsm::hand_over(base::time_point now)
{
    renew(now);
    leave(now);
    handing_over_ = true;
}

/// The error for a series of attempts that is used up after its last connection had been asked to
/// leave.
error reconnect_fsm::spent(const error& why) const
{
    return {errc::unavailable,
        fmt::format("The server asks to leave one connection after the other (goAway) before it "
                    "has lasted for {} ms, and {} attempts in a row are all that the policy "
                    "allows: try again later. {}",
            policy_.healthy_after.count(), policy_.max_attempts.value_or(0), why.what()),
        why.details()};
}

bool reconnect_fsm::suspects_handle(
    const error& failure, base::time_point now, failure_context when)
{
    if (when.was_open) {
        believed_until_.reset();
        if (failure.close_code() == 0) believed_until_ = now + longest_belief;
        return false;
    }
    if (!when.handle_used) return false;
    if (!is_internal(failure)) {
        internal_errors_ = 0;
        return false;
    }
    if (is_from_elsewhere_ && !believed_until_) believed_until_ = now + longest_belief;
    return ++internal_errors_ >= most_internal_errors && !believes(now);
}

/// Whether open connections have met the same refusal too often.
bool reconnect_fsm::repeats(const verdict& judged, base::time_point now)
{
    const bool soon = open_since_ && now - *open_since_ < at_once;
    if (!judged.few_times) {
        if (!soon) repeats_ = 0;
        return false;
    }
    repeats_ = soon ? repeats_ + 1 : 1;
    return repeats_ > most_repeats;
}

/// Nothing was sent on a connection that was not established.
failure_context reconnect_fsm::context_of(const error& failure) const
{
    const bool has_worked = epoch_ != 0;
    if (open_since_) return {true, opened_with_handle_, has_worked};
    const auto at = failure.phase();
    const bool was_upgraded = failure.close_code() != 0 || at == phase::setup ||
                              at == phase::open || at == phase::write || at == phase::close;
    return {false, was_upgraded && !handle_.empty(), has_worked};
}

verdict reconnect_fsm::judge_dial(const error& failure) const
{
    const failure_context when{false, false, epoch_ != 0};
    auto judged = classify(failure, when, policy_.quota_wait);
    overrule(judged, when);
    return judged;
}

/// Lets the user's `on_failure` have the last word.
void reconnect_fsm::overrule(verdict& judged, failure_context when) const
{
    if (!policy_.on_failure) return;
    if (const auto other = policy_.on_failure(judged.why, when)) judged.action = *other;
}

status_change reconnect_fsm::lost(const error& failure, base::time_point now, circumstances how)
{
    const auto when = context_of(failure);
    auto judged = classify(failure, when, policy_.quota_wait);
    const bool is_unseen = std::exchange(made_ahead_, false) && !when.was_open;
    if (is_unseen && judged.action == action::fresh) judged.action = action::resume;
    // The old connection may still have been open: no reason to wait, or to blame anybody.
    const bool handed_over = std::exchange(handing_over_, false);
    const bool is_suspect = !handed_over && suspects_handle(failure, now, when);
    if (is_suspect) judged.action = action::fresh;
    if (when.was_open && repeats(judged, now)) judged.action = action::give_up;
    overrule(judged, when);
    // While the server may still believe in the last owner's connection, give it time to notice.
    const bool waits_for_owner = is_from_elsewhere_ && most_attempts() != 1 && when.handle_used &&
                                 is_internal(failure) &&
                                 (believes(now) || judged.action == action::fresh);
    auto handle = handle_;
    if (judged.action == action::fresh) {
        handle_.clear();
        handle_refused_ = failure.close_code() != 1011;
    }
    if (is_healthy(now)) attempt_ = 0; // even if dialed ahead: an outage has its own series
    leave(now);

    const bool first = epoch_ == 0;
    const auto attempt = how.is_replaced ? std::max(attempt_, 1) : attempt_ + 1;
    if (waits_for_owner) ++waits_;
    const auto most = most_attempts();
    const bool worth_it = judged.action != action::give_up && (first || policy_.enabled) &&
                          !(first && judged.at_least > patience_of_connect);
    if (!worth_it) return give_up(std::move(judged.why));
    if (most && attempt - waits_ > *most)
        return give_up(how.was_sent_away ? spent(judged.why) : std::move(judged.why));
    if (handle_.empty() && how.has_context && policy_.on_context_loss == context_loss::fail) {
        if (!handle_refused_) handle_ = std::move(handle); // another session may try it
        return give_up(error(errc::context_lost,
            std::string("The server no longer knows the conversation: begin a new session. ") +
                judged.why.what(),
            judged.why.details()));
    }
    const bool without_wait =
        (handed_over && attempt <= 2) || (judged.action == action::fresh && attempt == 1);
    const auto delay = std::max(
        without_wait ? std::chrono::milliseconds{0} : draw_delay(attempt), judged.at_least);
    if (!first && policy_.max_outage.count() != 0 && out_since_ &&
        base::later(now, delay) - *out_since_ > policy_.max_outage)
        return give_up(std::move(judged.why));

    attempt_ = attempt;
    auto change = become(first ? session_status::connecting : session_status::reconnecting);
    change.cause = std::move(judged.why);
    change.attempt = attempt;
    change.delay = delay;
    failure_context_ = when;
    return change;
}

status_change reconnect_fsm::close() { return become(session_status::closed); }

status_change reconnect_fsm::give_up(error why)
{
    auto change = become(session_status::failed);
    change.cause = std::move(why);
    return change;
}

bool reconnect_fsm::update(const session_resumption_update& update)
{
    const auto size = update.new_handle.size();
    const bool good = update.resumable && size != 0 && size <= longest_handle;
    if (good) take_over(update.new_handle);
    return good;
}

void reconnect_fsm::take_over(std::string handle)
{
    if (handle != handle_) {
        internal_errors_ = 0;
        believed_until_.reset();
    }
    handle_ = std::move(handle);
    handle_refused_ = is_from_elsewhere_ = false;
}

} // namespace gemini::live::engine
