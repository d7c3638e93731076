// SPDX-License-Identifier: Apache-2.0
#include "session/machine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gemini::live::sessions {
namespace {

/// The longest wait that a first connection is worth; a longer one is the caller's to decide on.
constexpr std::chrono::seconds patience_of_connect{10};

} // namespace

machine::machine(reconnect_policy policy, std::string handle, std::function<double()> random)
    : policy_(policy), handle_(std::move(handle)), random_(std::move(random))
{
}

status_change machine::become(live::status to)
{
    status_change change;
    change.from = std::exchange(status_, to);
    change.to = to;
    return change;
}

std::chrono::milliseconds machine::draw_delay()
{
    const double ceiling = std::min(static_cast<double>(policy_.max_delay.count()),
        static_cast<double>(policy_.first_delay.count()) * std::pow(policy_.factor, attempt_ - 1));
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
    if (++epoch_ == 1) attempt_ = 0; // the first connection's attempts were its own
    auto change = become(status::connected);
    change.resumed = !handle_.empty();
    return change;
}

status_change machine::lost(const error& failure, time_point now)
{
    const bool was_open = open_since_.has_value();
    const auto judged = classify(failure, {was_open, !handle_.empty()});
    if (judged.action == action::fresh) handle_.clear();
    // Only a healthy spell earns a new row of attempts, so that a server which hangs up at once is
    // not hammered.
    if (was_open && now - *open_since_ >= policy_.healthy_after) attempt_ = 0;
    open_since_.reset();

    const bool first = epoch_ == 0;
    const int most = first ? policy_.first_connect_attempts : policy_.max_attempts;
    const bool worth_it = judged.action != action::give_up && (first || policy_.enabled) &&
                          (most == 0 || attempt_ < most) &&
                          !(first && judged.at_least > patience_of_connect);
    if (!worth_it) {
        auto change = become(status::error);
        change.cause = judged.why;
        return change;
    }
    ++attempt_;
    const auto delay = judged.action == action::fresh && attempt_ == 1
                           ? std::chrono::milliseconds{0}
                           : draw_delay();
    auto change = become(first ? status::connecting : status::reconnecting);
    change.cause = judged.why;
    change.attempt = attempt_;
    change.delay = std::max(delay, judged.at_least);
    return change;
}

status_change machine::close() { return become(status::closed); }

bool machine::update(const session_resumption_update& update)
{
    const bool good = update.resumable && !update.new_handle.empty();
    if (good) handle_ = update.new_handle;
    return good;
}

} // namespace gemini::live::sessions
