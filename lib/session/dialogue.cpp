// SPDX-License-Identifier: Apache-2.0
#include "session/dialogue.hpp"

#include <algorithm>
#include <utility>

namespace gemini::live::sessions {
namespace {

/// A server that calls without end must not make us grow without bound.
constexpr std::size_t most_calls = 1024;

template <class Call>
void add(std::vector<Call>& calls, Call made)
{
    if (calls.size() == most_calls) calls.erase(calls.begin());
    calls.push_back(std::move(made));
}

bool contains(const std::vector<std::string>& ids, const std::string& id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// As against what it has heard, and what it is about to do.
bool speaks(const server_content& content)
{
    return content.model_turn || content.output_transcription || !content.audio_chunks.empty();
}

} // namespace

bool dialogue::heard(const server_message& message)
{
    const auto& all = message.all();
    bool begins = false;
    if (const auto& content = all.server_content) {
        begun_ = true;
        fresh_handle_ = false;
        open_ = !message.turn_complete();
        if (content->interrupted) {
            answering_ = false;
            cut_in_ = true;
        } else if (speaks(*content) && !answering_) {
            begins = answering_ = true;
            cut_in_ = false;
        }
        if (!open_) {
            begins = begins || (!answering_ && !cut_in_); // it has nothing to say
            answering_ = cut_in_ = false;
        }
        if (begins) asked_ = false;
    }
    if (all.tool_call) {
        begun_ = true;
        fresh_handle_ = false;
        for (const auto& call : all.tool_call->function_calls) {
            add(open_calls_, {call.id, waits_for_(call.name)});
            add(calls_since_handle_, call.id);
            std::erase(forgotten_, call.id);
        }
    }
    if (all.tool_call_cancellation) close(all.tool_call_cancellation->ids);
    if (const auto& update = all.session_resumption_update;
        update && update->resumable && !update->new_handle.empty()) {
        fresh_handle_ = true;
        for (const auto& id : std::exchange(calls_since_handle_, {})) add(calls_in_handle_, id);
    }
    return begins;
}

void dialogue::close(const std::vector<std::string>& ids)
{
    std::erase_if(open_calls_, [&](const call& each) { return contains(ids, each.id); });
}

bool dialogue::is_waited_for() const noexcept
{
    return std::any_of(open_calls_.begin(), open_calls_.end(),
        [](const call& each) { return each.is_waited_for; });
}

void dialogue::told(bool asks) noexcept
{
    begun_ = true;
    asked_ = asked_ || asks;
    fresh_handle_ = false;
}

void dialogue::responded(
    const std::vector<std::string>& calls, const std::vector<std::string>& going_on)
{
    auto done = calls;
    std::erase_if(done, [&](const std::string& id) { return contains(going_on, id); });
    close(done);
}

std::vector<std::string> dialogue::lost(forgets how_much)
{
    asked_ = open_ = answering_ = cut_in_ = false;
    fresh_handle_ = false;
    if (how_much == forgets::nothing) return {};
    auto forgotten = std::exchange(calls_since_handle_, {});
    if (how_much == forgets::everything) {
        for (const auto& each : open_calls_)
            if (!contains(forgotten, each.id)) forgotten.push_back(each.id);
        for (const auto& id : std::exchange(calls_in_handle_, {})) add(forgotten_, id);
    }
    close(forgotten);
    for (const auto& id : forgotten) add(forgotten_, id);
    return forgotten;
}

bool dialogue::has_forgotten(const std::vector<std::string>& calls) const
{
    return std::all_of(calls.begin(), calls.end(),
        [this](const std::string& id) { return contains(forgotten_, id); });
}

} // namespace gemini::live::sessions
