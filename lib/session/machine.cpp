// SPDX-License-Identifier: Apache-2.0
#include "session/machine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gemini::live::sessions {
namespace {

/// The longest wait that a first connection is worth; a longer one is the caller's to decide on.
constexpr std::chrono::seconds patience_of_connect{10};

/// Internal errors in answer to a setup with a handle after which the handle is to blame: that of
/// another model gets nothing else.
constexpr int most_internal_errors = 2;

/// How long a server may take to notice that a connection is gone which it has not closed itself;
/// until then it answers its handle with internal errors.
constexpr std::chrono::seconds longest_belief{60};

// clang-format off
constexpr std::array all_transitions{
    transition{status::disconnected, "connect()",                  status::connecting},
    transition{status::connecting,   "attempt failed",             status::connecting},
    transition{status::connecting,   "setupComplete",              status::connected},
    transition{status::connecting,   "no attempts left, hopeless", status::error},
    transition{status::connected,    "goAway, handed over",        status::connected},
    transition{status::connected,    "connection lost",            status::reconnecting},
    transition{status::connected,    "hopeless",                   status::error},
    transition{status::reconnecting, "attempt failed",             status::reconnecting},
    transition{status::reconnecting, "setupComplete",              status::connected},
    transition{status::reconnecting, "no attempts left, hopeless", status::error},
    transition{status::disconnected, "close()",                    status::closed},
    transition{status::connecting,   "close()",                    status::closed},
    transition{status::connected,    "close()",                    status::closed},
    transition{status::reconnecting, "close()",                    status::closed},
};
// clang-format on

} // namespace

std::span<const transition> transitions() noexcept { return all_transitions; }

machine::machine(reconnect_policy policy, std::string handle, std::function<double()> random)
    : policy_(std::move(policy)), handle_(std::move(handle)), random_(std::move(random))
{
}

status_change machine::become(live::status to)
{
    status_change change;
    change.from = std::exchange(status_, to);
    change.to = to;
    return change;
}

std::chrono::milliseconds machine::draw_delay(int attempt) const
{
    const double ceiling = std::min(static_cast<double>(policy_.max_delay.count()),
        static_cast<double>(policy_.first_delay.count()) * std::pow(policy_.factor, attempt - 1));
    return std::chrono::milliseconds(
        static_cast<std::chrono::milliseconds::rep>(ceiling * random_()));
}

status_change machine::start()
{
    attempt_ = 1;
    auto change = become(status::connecting);
    change.attempt = attempt_;
    return change;
}

status_change machine::opened(time_point now)
{
    open_since_ = now;
    internal_errors_ = 0;
    unsure_ = false;
    if (++epoch_ == 1) attempt_ = 0; // the first connection's attempts were its own
    auto change = become(status::connected);
    change.resumed = !handle_.empty();
    change.handover = std::exchange(handing_over_, false);
    if (out_since_) change.outage = std::chrono::ceil<std::chrono::milliseconds>(now - *out_since_);
    out_since_.reset();
    return change;
}

/// Only a healthy spell earns a new row of attempts, so that a server which hangs up at once is not
/// hammered.
void machine::leave(time_point now)
{
    if (!open_since_) return;
    if (now - *open_since_ >= policy_.healthy_after) attempt_ = 0;
    open_since_.reset();
    out_since_ = now;
}

void machine::hand_over(time_point now)
{
    leave(now);
    handing_over_ = true;
}

bool machine::suspects_handle(const error& failure, time_point now, situation when)
{
    if (when.was_open) unsure_ = failure.close_code() == 0;
    if (when.was_open || !when.handle_used) return false;
    const bool internal = failure.close_code() == 1011 &&
                          failure.reason().find("Internal error") != std::string::npos;
    if (!internal) {
        internal_errors_ = 0;
        return false;
    }
    if (unsure_ && now - *out_since_ < longest_belief) return false;
    return ++internal_errors_ >= most_internal_errors;
}

verdict machine::judge(const error& failure, situation when) const
{
    auto judged = classify(failure, when);
    if (policy_.judge) {
        if (const auto other = policy_.judge(judged.why, when)) judged.action = *other;
    }
    return judged;
}

status_change machine::lost(const error& failure, time_point now, bool has_context)
{
    const situation when{open_since_.has_value(), !handle_.empty()};
    auto judged = judge(failure, when);
    // The old connection may still have been open: that is no reason to wait, or to blame anybody.
    const bool at_once = std::exchange(handing_over_, false);
    if (!at_once && suspects_handle(failure, now, when)) judged.action = action::fresh;
    if (judged.action == action::fresh) handle_.clear();
    leave(now);

    const bool first = epoch_ == 0;
    const int most = first ? policy_.first_connect_attempts : policy_.max_attempts;
    const bool worth_it = judged.action != action::give_up && (first || policy_.enabled) &&
                          (most == 0 || attempt_ < most) &&
                          !(first && judged.at_least > patience_of_connect);
    if (!worth_it) return give_up(std::move(judged.why));
    if (handle_.empty() && has_context && policy_.on_context_loss == context_loss::fail) {
        return give_up(error(errc::context_lost,
            std::string("The server no longer knows the conversation: begin a new session. ") +
                judged.why.what(),
            judged.why.details()));
    }
    const auto attempt = attempt_ + 1;
    const bool without_wait = at_once || (judged.action == action::fresh && attempt == 1);
    const auto delay = std::max(
        without_wait ? std::chrono::milliseconds{0} : draw_delay(attempt), judged.at_least);
    if (!first && policy_.max_outage.count() != 0 && out_since_ &&
        now + delay - *out_since_ > policy_.max_outage)
        return give_up(std::move(judged.why));

    attempt_ = attempt;
    auto change = become(first ? status::connecting : status::reconnecting);
    change.cause = std::move(judged.why);
    change.attempt = attempt;
    change.delay = delay;
    return change;
}

status_change machine::close() { return become(status::closed); }

status_change machine::give_up(error why)
{
    auto change = become(status::error);
    change.cause = std::move(why);
    return change;
}

bool machine::update(const session_resumption_update& update)
{
    const bool good = update.resumable && !update.new_handle.empty();
    if (good) handle_ = update.new_handle;
    return good;
}

} // namespace gemini::live::sessions
