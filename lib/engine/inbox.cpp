// SPDX-License-Identifier: Apache-2.0
#include "engine/inbox.hpp"
#include "base/access.hpp"

#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace gemini::live::engine {
namespace {

bool says_nothing(const server_message& message)
{
    const auto& all = message.members();
    server_message_members nothing;
    nothing.server_content.emplace();
    return all == nothing;
}

std::size_t footprint(const error& failure)
{
    return std::string_view(failure.what()).size() + failure.reason().size();
}

/// The memory that an event owns.
std::size_t footprint(const session_event& event)
{
    if (const auto* message = std::get_if<server_message>(&event)) return message->footprint();
    std::size_t sum = 0;
    if (const auto* change = std::get_if<status_change>(&event)) {
        if (change->cause) sum += footprint(*change->cause);
        for (const auto& id : change->forgotten_calls) sum += sizeof id + id.size();
    } else if (const auto* unread = std::get_if<malformed_message>(&event)) {
        sum += footprint(unread->why);
        for (const auto& each : unread->omitted)
            sum += sizeof each + each.path.size() + each.reason.size();
    }
    return sum;
}

bool ends_a_turn(const session_event& event)
{
    const auto* message = std::get_if<server_message>(&event);
    return message && (message->turn_complete() || message->interrupted());
}

} // namespace

void inbox::push(session_event event, turn_mark mark)
{
    const auto size = sizeof(queued) + footprint(event);
    bytes_ += size;
    queue_.push({{std::move(event), mark}, size});
}

std::optional<inbox::entry> inbox::take_entry()
{
    if (queue_.empty()) return std::nullopt;
    auto oldest = queue_.take();
    bytes_ -= oldest.size;
    return std::move(oldest.what);
}

template <class Element>
std::optional<Element> inbox::take()
{
    while (auto oldest = take_entry()) {
        if constexpr (std::is_same_v<Element, session_event>)
            return std::move(oldest->event);
        else if (auto* element = std::get_if<Element>(&oldest->event))
            return std::move(*element);
    }
    return std::nullopt;
}

template std::optional<session_event> inbox::take();
template std::optional<server_message> inbox::take();

std::size_t inbox::drop_audio()
{
    std::size_t dropped = 0;
    const auto is_empty_without = [&](queued& each) {
        auto* message = std::get_if<server_message>(&each.what.event);
        if (!message || message->audio().empty()) return false;
        access::drop_audio(*message);
        bytes_ -= each.size;
        if (says_nothing(*message)) {
            ++dropped;
            return true;
        }
        each.size = sizeof(queued) + footprint(each.what.event);
        bytes_ += each.size;
        return false;
    };
    queue_.erase_newest(
        is_empty_without, [](const queued& each) { return ends_a_turn(each.what.event); });
    return dropped;
}

} // namespace gemini::live::engine
