// SPDX-License-Identifier: Apache-2.0
#include "sim/call_oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sim {
namespace {

using namespace std::chrono_literals;
using kind = live::tool_event::kind;

} // namespace

call_oracle::call_oracle(const scenario& scenario, ledger& ledger)
    : scenario_(scenario), ledger_(ledger)
{
}

void call_oracle::saw(const live::tool_event& event)
{
    ledger_.trace("user", [&] {
        return fmt::format("is told: {} {} {}", event.id, event.name,
            event.what == kind::started ? "begins" : live::to_string(event.ending));
    });
    const auto& call = ledger_.calls[event.id];
    auto& which = fates_[event.id];
    if (event.name != call.function || !call.received || call.function == "look")
        report(fmt::format("an event of {} {}, which is none of ours", event.id, event.name));
    if (event.what == kind::ended) return check_ending(event, which);
    if (!call.fits) report(fmt::format("{} begins, but its arguments do not fit", event.id));
    if (std::exchange(which.is_open, true))
        report(fmt::format("{} begins, but has not ended", event.id));
    if (++which.begun > call.made)
        report(fmt::format("{} begins again, but the server had not forgotten it", event.id));
    which.must_end_by = ledger_.now() - event.waited + scenario_.tools->deadline;
}

void call_oracle::check_ending(const live::tool_event& event, fate& which)
{
    const auto& call = ledger_.calls[event.id];
    const auto how = event.ending;
    const auto wrong = [&](std::string_view why) {
        report(fmt::format("{} has ended as {}, but {}", event.id, live::to_string(how), why));
    };
    ++which.ended;
    using enum live::call_ending;
    if (how == repeated) {
        if (++which.repeated >= call.receipts) wrong("it had not come before");
        return;
    }
    const bool has_begun = std::exchange(which.is_open, false);
    if ((how == answered || how == failed) && !has_begun) wrong("it has not begun");
    if ((how == answered || how == failed) && which.was_canceled) wrong("its handler was canceled");
    if (how == answered && call.function == "throws") wrong("its handler has thrown");
    if (how == failed && call.function != "throws" && call.function != "speaks")
        wrong("its handler has not thrown");
    if (how == timed_out && event.duration < scenario_.tools->deadline)
        wrong("its deadline has not passed");
    if (how == invalid_arguments && call.fits) wrong("they fit");
    if (how == unknown_function && call.function != "unheard_of") wrong("it is known");
    if (how == overloaded && has_begun) wrong("it has begun");
    if (how == shut_down && !shut_down_) wrong("the user shuts nothing down");
    if (how == canceled && !call.canceled) wrong("the server has not canceled it");
    if (how == session_ended && !session_ended_) wrong("the session has not ended");
    if (how == forgotten) ++which.forgotten;
}

void call_oracle::handler_began(const std::string& id)
{
    auto& which = fates_[id];
    which.runs = true;
    which.is_deaf = which.was_canceled = false;
    ++running_;
    if (++which.ran > ledger_.calls[id].made)
        report(fmt::format("{} runs again, but the server had not forgotten it", id));
    if (static_cast<std::size_t>(running_) > scenario_.tools->at_once)
        report(fmt::format(
            "{} handlers run at once, of at most {}", running_, scenario_.tools->at_once));
}

void call_oracle::handler_ended(const std::string& id, bool was_canceled)
{
    auto& which = fates_[id];
    which.runs = false;
    which.was_canceled = was_canceled;
    --running_;
}

void call_oracle::handler_is_deaf(const std::string& id) { fates_[id].is_deaf = true; }

void call_oracle::check_quiet() const
{
    for (const auto& [id, which] : fates_) {
        if (!which.runs || which.is_deaf) continue;
        if (!which.is_open && which.begun != 0)
            report(fmt::format("{} needs no answer, and its handler runs", id));
        if (which.must_end_by && ledger_.now() > *which.must_end_by + 1ms)
            report(fmt::format("the handler of {} runs after its deadline", id));
    }
}

void call_oracle::check_final_state(const server::conversation& now) const
{
    const auto& newest = ledger_.connections[static_cast<std::size_t>(ledger_.newest_open)];
    if (detached_ || now.id != newest.conversation) return;
    // In the middle of a handover responses wait.
    const auto is_being_set_up = [](const ledger::connection& each) {
        return each.setup_sent && !each.opened && !each.ended;
    };
    if (std::any_of(ledger_.connections.begin(), ledger_.connections.end(), is_being_set_up))
        return;
    constexpr auto at_most = 5s; // from a response to its receipt
    for (const auto& id : now.open_calls) {
        const auto& call = ledger_.calls[id];
        if (call.function == "look" || !call.received || call.canceled) continue;
        if (*call.received + scenario_.tools->deadline + at_most > ledger_.now()) continue;
        if (!ledger_.is_answered(id)) report(fmt::format("{} has no response", id));
    }
}

void call_oracle::check_end() const
{
    for (const auto& [id, call] : ledger_.calls) {
        if (call.function == "look" || !call.received) continue;
        const auto found = fates_.find(id);
        const auto which = found == fates_.end() ? fate{} : found->second;
        if (which.is_open) report(fmt::format("{} began and was not said to end", id));
        if (which.ended > call.read || (!detached_ && which.ended != call.read))
            report(fmt::format(
                "{} was received {} times and has ended {} times", id, call.read, which.ended));
        if (which.forgotten > call.reported_forgotten + call.lost)
            report(fmt::format("{} was ended as forgotten, but was not forgotten", id));
    }
    if (running_ != 0) report(fmt::format("{} handlers are left", running_));
}

} // namespace sim
