// SPDX-License-Identifier: Apache-2.0
#include "tools/call_queue.hpp"

#include <algorithm>

namespace gemini::live::tools {

call_queue::admission call_queue::admit(
    number call, std::string_view id, std::string_view function, std::optional<std::size_t> most)
{
    if (is_known(id)) return admission::repeated;
    const auto waiting = entries_.size() - running();
    entry made{call, std::string(id), std::string(function), most};
    if (!may_run(made) && waiting >= waiting_) {
        add_closed(id);
        return admission::refused;
    }
    entries_.push_back(std::move(made));
    return admission::accepted;
}

bool call_queue::refuse(std::string_view id)
{
    if (is_known(id)) return false;
    add_closed(id);
    return true;
}

std::optional<call_queue::number> call_queue::next()
{
    const auto found = std::find_if(entries_.begin(), entries_.end(),
        [this](const entry& each) { return !each.runs && may_run(each); });
    if (found == entries_.end()) return std::nullopt;
    found->runs = true;
    return found->call;
}

bool call_queue::close(number call)
{
    const auto found = place_of(call);
    if (found == entries_.end() || !found->is_open) return false;
    found->is_open = false;
    add_closed(found->id);
    if (!found->runs) entries_.erase(found);
    return true;
}

void call_queue::ended(number call)
{
    const auto found = place_of(call);
    if (found == entries_.end()) return;
    if (found->is_open) add_closed(found->id);
    entries_.erase(found);
}

std::optional<call_queue::number> call_queue::find(std::string_view id) const
{
    const auto found = std::find_if(entries_.begin(), entries_.end(),
        [id](const entry& each) { return each.is_open && each.id == id; });
    return found == entries_.end() ? std::nullopt : std::optional(found->call);
}

std::vector<call_queue::number> call_queue::open() const
{
    std::vector<number> all;
    for (const auto& each : entries_)
        if (each.is_open) all.push_back(each.call);
    return all;
}

std::deque<call_queue::entry>::iterator call_queue::place_of(number call)
{
    return std::find_if(
        entries_.begin(), entries_.end(), [call](const entry& each) { return each.call == call; });
}

bool call_queue::is_known(std::string_view id) const
{
    return !id.empty() && (find(id) || closed_.contains(id));
}

void call_queue::add_closed(std::string_view id)
{
    if (!id.empty()) closed_.add(id);
}

std::size_t call_queue::running() const
{
    const auto runs = [](const entry& each) { return each.runs; };
    return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), runs));
}

std::size_t call_queue::running(std::string_view function) const
{
    const auto runs = [function](
                          const entry& each) { return each.runs && each.function == function; };
    return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), runs));
}

bool call_queue::may_run(const entry& each) const
{
    return running() < at_once_ && (!each.most || running(each.function) < *each.most);
}

} // namespace gemini::live::tools
