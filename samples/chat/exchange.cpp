// SPDX-License-Identifier: Apache-2.0
#include "exchange.hpp"

namespace chat {
namespace {

using namespace std::chrono_literals;

/// Words that are recognized late arrive within this time after the end of their turn.
constexpr auto late_words = 250ms;

/// After a reported error, its turn ends within this time. The answer to a function's result begins
/// within this time after the rest of the turn that called the function.
constexpr auto more_at_once = 1s;

/// Models that close their turn at a function call begin to answer its result within this time. An
/// answer that has lost a message continues within it.
constexpr auto more_soon = 5s;

} // namespace

void exchange::ask() noexcept
{
    muted_ = begun_;
    waiting_ = true;
    stopped_ = failed_ = false;
    doubt_.reset();
}

bool exchange::stop() noexcept
{
    if (!can_stop()) return false;
    muted_ = stopped_ = true;
    waiting_ = false;
    return true;
}

void exchange::doubt(std::chrono::milliseconds wait, outcome then) noexcept
{
    doubt_ = wait;
    then_ = then;
}

exchange::outcome exchange::end(outcome how) noexcept
{
    waiting_ = waiting_ && muted_; // a question that was asked meanwhile has not been answered yet
    begun_ = cut_in_ = calling_ = spoke_on_ = closed_ = failed_ = false;
    muted_ = stopped_;
    doubt_.reset();
    return how;
}

exchange::outcome exchange::hear(const message& heard) noexcept
{
    const bool is_expected = waiting_ || begun_;
    if (heard.speaks || heard.calls || (heard.transcribes && is_expected)) {
        if (!failed_) doubt_.reset();
        begun_ = spoke_on_ = true;
        if (!muted_) waiting_ = false;
    }
    if (heard.calls) {
        calling_ = true;
        spoke_on_ = closed_ = false;
    }
    if (heard.interrupted) {
        begun_ = calling_ = false;
        cut_in_ = true;
        if (waiting_) muted_ = false; // what arrives now answers the user's last words
    }
    if (heard.has_error && is_open()) {
        failed_ = true;
        doubt(more_at_once, outcome::failed);
    }
    return heard.turn_complete ? hear_end() : outcome::none;
}

exchange::outcome exchange::hear_end() noexcept
{
    if (cut_in_ && !begun_) {
        const bool asked_since = waiting_;
        end(outcome::none);
        waiting_ = asked_since;
        return outcome::interrupted;
    }
    if (failed_) return end(outcome::failed);
    if (!is_open()) return muted_ ? end(outcome::answered) : outcome::none;
    if (doubt_ && !calling_) return end(then_);
    if (calling_ && !spoke_on_ && !closed_) { // the answer to the result is another turn
        begun_ = false;
        closed_ = true;
        waiting_ = !muted_;
        doubt(more_soon, outcome::empty);
        return outcome::none;
    }
    const auto how = begun_ ? outcome::answered : outcome::empty;
    if (!patient_) return end(how);
    doubt(calling_ && !closed_ ? more_at_once : late_words, how);
    waiting_ = begun_ = calling_ = false;
    return outcome::none;
}

void exchange::hear_nonsense() noexcept
{
    if (!is_open()) return;
    failed_ = true;
    doubt(more_soon, outcome::failed);
}

exchange::outcome exchange::hear_silence() noexcept
{
    const bool is_wanted = can_stop();
    const auto how = doubt_ ? then_ : outcome::silent;
    waiting_ = false;
    end(how);
    return is_wanted ? how : outcome::none;
}

exchange::outcome exchange::reconnect(change how, bool ask_again) noexcept
{
    const bool is_wanted = can_stop();
    const bool had_begun = begun_ && !muted_;
    const auto end_wanted = [&](outcome by) {
        waiting_ = false;
        end(by);
        return is_wanted ? by : outcome::none;
    };
    if (ask_again) return end_wanted(had_begun ? outcome::cut : outcome::lost);
    if (failed_) return end_wanted(outcome::failed);
    if (doubt_ && !calling_) return end_wanted(then_);
    if (!begun_ && !calling_) return outcome::none;
    if (how == change::handover) return end(outcome::answered); // the session was at rest
    begun_ = calling_ = spoke_on_ = closed_ = cut_in_ = false;
    doubt_.reset();
    waiting_ = is_wanted;
    if (is_wanted) muted_ = false;
    return had_begun ? outcome::repeated : outcome::none;
}

std::optional<std::chrono::milliseconds> exchange::patience() const noexcept
{
    if (doubt_ || !is_open()) return doubt_;
    return longest_silence;
}

} // namespace chat
