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

/// The memory that an event owns, if it is no message.
std::size_t footprint(const session_event& event)
{
    auto sum = sizeof event;
    if (const auto* change = std::get_if<status_change>(&event)) {
        if (change->cause) sum += footprint(*change->cause);
        for (const auto& id : change->forgotten_calls) sum += sizeof id + id.size();
    } else if (const auto* unread = std::get_if<malformed_message>(&event)) {
        sum += footprint(unread->why);
        for (const auto& each : unread->omitted)
            sum += sizeof each + each.path.size() + each.reason.size();
    } else if (const auto* record = std::get_if<turn_record>(&event)) {
        for (const auto& each : record->calls)
            sum += sizeof each + each.id.size() + each.name.size();
    }
    return sum;
}

std::variant<server_message, std::unique_ptr<session_event>> held(session_event event)
{
    if (auto* message = std::get_if<server_message>(&event)) return std::move(*message);
    return std::make_unique<session_event>(std::move(event));
}

std::size_t footprint(const inbox::entry& entry)
{
    return entry.message() ? entry.message()->footprint() : footprint(*entry.other());
}

} // namespace

inbox::entry::entry(session_event event, turn_mark mark) : what(held(std::move(event))), mark(mark)
{
}

session_event inbox::entry::take_event() &&
{
    if (auto* message = std::get_if<server_message>(&what)) return std::move(*message);
    return std::move(*std::get<std::unique_ptr<session_event>>(what));
}

void inbox::push(session_event event, turn_mark mark)
{
    entry next(std::move(event), mark);
    const auto size = sizeof(queued) + footprint(next);
    queue_.push({std::move(next), size});
    bytes_ += size;
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
            return std::move(*oldest).take_event();
        else if (auto* element = std::get_if<Element>(&oldest->what))
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
        auto* message = std::get_if<server_message>(&each.what.what);
        if (!message || message->audio().empty()) return false;
        access::drop_audio(*message);
        bytes_ -= each.size;
        if (says_nothing(*message)) {
            ++dropped;
            return true;
        }
        each.size = sizeof(queued) + message->footprint();
        bytes_ += each.size;
        return false;
    };
    const auto ends_a_turn = [](const queued& each) {
        const auto* message = each.what.message();
        return message && (message->turn_complete() || message->interrupted());
    };
    queue_.erase_newest(is_empty_without, ends_a_turn);
    return dropped;
}

} // namespace gemini::live::engine
