// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/rules_test.cpp, test/unit/emulator/other_clients_test.cpp
#pragma once

#include "emulator/rules/route.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::emulator {

/// How the service closes a connection that it refuses.
struct refusal {
    std::uint16_t code;
    std::string reason;
    std::string rule{}; ///< The member and the rule that it broke, if the reason omits them.
};

/// The time that a client has to send its setup.
inline constexpr std::chrono::seconds setup_deadline{60};
/// Maximum length in bytes of the reason in a close frame (RFC 6455, 5.5.1).
inline constexpr std::size_t most_close_reason = 123;

/// `rule` is the path of the member, a colon, and what is accepted there. It is for the emulator's
/// log.
[[nodiscard]] refusal invalid_argument(std::string rule);
[[nodiscard]] refusal not_json();
[[nodiscard]] refusal no_such_model(std::string_view name, std::string_view version);
/// The setup did not arrive in time.
[[nodiscard]] refusal too_late();

/// The service accepts any upgrade, and only after the first message does it report that it refuses
/// the credentials. `api_key` is the only key accepted; empty: any key.
[[nodiscard]] std::optional<refusal> credentials_fault(
    const route& route, std::string_view api_key);

} // namespace gemini::live::emulator
