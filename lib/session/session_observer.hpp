// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/session_event.hpp>

namespace gemini::live {

/// Sees what a session receives, in order, before its reader does. It is called with the session
/// locked: it must be quick and must not call the session.
class session_observer {
public:
    session_observer() = default;
    session_observer(const session_observer&) = delete;
    session_observer& operator=(const session_observer&) = delete;
    virtual ~session_observer() = default;

    /// `is_of_left`: the event comes from a connection that was left. The conversation goes on
    /// elsewhere, without what is said there.
    virtual void saw(const session_event& event, bool is_of_left) = 0;
    virtual void saw_end() noexcept = 0;
    /// Whether it answers this call, so that the reader need not.
    [[nodiscard]] virtual bool answers(const function_call& made) const = 0;
};

} // namespace gemini::live
