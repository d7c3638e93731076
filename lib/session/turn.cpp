// SPDX-License-Identifier: Apache-2.0
#include "session/session_core.hpp"

#include <utility>

namespace gemini::live {

const char* to_string(turn_end value) noexcept
{
    switch (value) {
    case turn_end::complete: return "complete";
    case turn_end::interrupted: return "interrupted";
    case turn_end::tool_call: return "tool_call";
    case turn_end::cut: return "cut";
    case turn_end::closed: return "closed";
    case turn_end::empty: return "empty";
    case turn_end::error: return "error";
    case turn_end::unreadable: return "unreadable";
    case turn_end::stalled: return "stalled";
    }
    return "unknown";
}

namespace {

/// Adds what `message` says to `turn`; true when it ends the turn.
bool collect(turn& turn, const server_message& message)
{
    turn.text += message.text();
    turn.output_transcription += message.output_transcription();
    turn.input_transcription += message.input_transcription();
    const auto audio = message.audio();
    turn.audio.insert(turn.audio.end(), audio.begin(), audio.end());
    if (const auto& usage = message.all().usage_metadata) turn.usage = usage;
    if (message.interrupted()) turn.end = turn_end::interrupted;
    if (message.turn_complete()) return true;
    const auto calls = message.function_calls();
    turn.tool_calls.insert(turn.tool_calls.end(), calls.begin(), calls.end());
    if (calls.empty()) return false;
    turn.end = turn_end::tool_call;
    return true;
}

asio::awaitable<turn> collect_turn(std::shared_ptr<session_core> core)
{
    turn collected;
    for (;;) {
        auto event = co_await session_core::next<session_event>(core);
        if (!event) {
            collected.end = turn_end::closed;
            co_return collected;
        }
        if (const auto* message = std::get_if<server_message>(&*event)) {
            if (collect(collected, *message)) co_return collected;
        } else if (const auto* change = std::get_if<status_change>(&*event)) {
            // What had not been sent yet is sent, and answered, on the next connection.
            if (change->turn_cut) {
                collected.end = turn_end::cut;
                co_return collected;
            }
        }
    }
}

} // namespace

asio::awaitable<turn> session::turn() { return collect_turn(core_); }

} // namespace gemini::live
