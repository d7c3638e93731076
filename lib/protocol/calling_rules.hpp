// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/tools/tool_dispatcher_test.cpp, test/unit/session/turns_test.cpp
#pragma once

#include <gemini/live/model_quirks.hpp>
#include <gemini/live/open_enum.hpp>
#include <gemini/live/tool.hpp>

namespace gemini::live::protocol {

/// Whether a model awaits the response of a function that is declared with this behavior.
[[nodiscard]] inline bool awaits_response(calling calling, open_enum<behavior> declared)
{
    switch (calling) {
    case calling::blocking_only: return true;
    case calling::non_blocking_only: return false;
    case calling::non_blocking_unless_asked: return declared == behavior::blocking;
    case calling::blocking_unless_asked: break;
    }
    return declared != behavior::non_blocking;
}

} // namespace gemini::live::protocol
