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
    case turn_end::unfinished: return "unfinished";
    }
    return "unknown";
}

asio::awaitable<turn> session::turn() { return session_core::next_turn(core_); }

} // namespace gemini::live
