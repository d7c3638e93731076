// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/call_registry.hpp"

#include <algorithm>

namespace gemini::live::emulator {
namespace {

constexpr std::size_t most_calls = 100; // each, of open and of past calls

} // namespace

void call_registry::open(function_call call, waiting wait)
{
    if (std::any_of(open_.begin(), open_.end(),
            [&](const open_call& each) { return each.call.id == call.id; }))
        return;
    open_.push_back({std::move(call), wait});
    if (open_.size() > most_calls) {
        retire(open_.front().call);
        open_.erase(open_.begin());
    }
}

void call_registry::close(const std::string& id)
{
    const auto found = std::find_if(
        open_.begin(), open_.end(), [&](const open_call& each) { return each.call.id == id; });
    if (found == open_.end()) return;
    retire(found->call);
    open_.erase(found);
}

std::vector<std::string> call_registry::interrupt(bool cancels_blocking)
{
    std::vector<std::string> cancelled;
    for (auto& each : std::exchange(open_, {})) {
        const bool goes_on = each.wait == waiting::talks_on;
        const bool is_kept = each.wait == waiting::blocked && !cancels_blocking;
        if (goes_on || is_kept) {
            open_.push_back(std::move(each));
            continue;
        }
        retire(each.call);
        cancelled.push_back(std::move(each.call.id));
    }
    return cancelled;
}

const open_call* call_registry::find_open(std::string_view id, std::string_view name) const
{
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const open_call& each) {
        return id.empty() ? name == each.call.name : id == each.call.id;
    });
    return found == open_.end() ? nullptr : &*found;
}

bool call_registry::is_past(std::string_view id, std::string_view name) const
{
    return std::any_of(past_.begin(), past_.end(),
        [&](const auto& each) { return id.empty() ? name == each.second : id == each.first; });
}

void call_registry::retire(const function_call& over)
{
    past_.emplace_back(over.id, over.name);
    if (past_.size() > most_calls) past_.pop_front();
}

} // namespace gemini::live::emulator
