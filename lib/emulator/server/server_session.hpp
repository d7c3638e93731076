// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::emulation {

/// Time since the connection's upgrade.
using moment = std::chrono::milliseconds;

/// What to do on the connection, in this order.
struct actions {
    std::vector<std::string> messages{};
    std::optional<std::pair<std::uint16_t, std::string>> close{};
    /// What a close, or silence, does not say of its cause; for the log.
    std::string rule{};
    bool drop = false;

    [[nodiscard]] bool empty() const noexcept
    {
        return messages.empty() && !close && !drop && rule.empty();
    }
};

/// The server's side of one connection. Pure: no I/O and no clock.
class server_session {
public:
    server_session() = default;
    server_session(const server_session&) = delete;
    server_session& operator=(const server_session&) = delete;
    virtual ~server_session() = default;

    /// A message of the client.
    [[nodiscard]] virtual actions on_message(std::string_view text, moment now) = 0;
    /// To be called at `next_tick()`.
    [[nodiscard]] virtual actions on_timer(moment now) = 0;
    [[nodiscard]] virtual std::optional<moment> next_timer() const = 0;
};

} // namespace gemini::live::emulation
