// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/live_server_session_test.cpp, test/unit/emulator/music_test.cpp
#pragma once

#include "emulator/rules/refusal.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulator {

/// Time since the connection's upgrade.
using moment = std::chrono::milliseconds;

/// What to do on the connection, in the order of the members.
struct actions {
    std::vector<std::string> messages{};
    std::optional<std::pair<std::uint16_t, std::string>> close{};
    /// The cause that a close, or silence, does not state; for the log.
    std::string rule{};
    bool drop = false;

    /// Closes the connection. A reason that is too long for a close is stated in `rule`.
    void refuse(refusal why);
    [[nodiscard]] bool ends_connection() const noexcept { return close || drop; }
    [[nodiscard]] bool empty() const noexcept
    {
        return messages.empty() && !ends_connection() && rule.empty();
    }
};

/// Returns the first of the times that are set; nothing if none is.
[[nodiscard]] std::optional<moment> earliest(std::initializer_list<std::optional<moment>> timers);

/// The server side of one connection. Pure: no I/O and no clock.
class server_session {
public:
    server_session() = default;
    server_session(const server_session&) = delete;
    server_session& operator=(const server_session&) = delete;
    virtual ~server_session() = default;

    /// Handles a message from the client.
    [[nodiscard]] virtual actions on_message(std::string_view text, moment now) = 0;
    /// Must be called at `next_timer()`.
    [[nodiscard]] virtual actions on_timer(moment now) = 0;
    [[nodiscard]] virtual std::optional<moment> next_timer() const = 0;
};

} // namespace gemini::live::emulator
