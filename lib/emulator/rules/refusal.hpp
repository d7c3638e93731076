// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/route.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::emulation {

/// How the service ends a connection that it does not like.
struct refusal {
    std::uint16_t code;
    std::string reason;
    std::string rule{}; ///< Which member broke which rule, where the reason does not say it.
};

/// How long a client may take for its setup.
inline constexpr std::chrono::seconds setup_deadline{60};
/// Bytes of a reason in a close frame (RFC 6455, 5.5.1).
inline constexpr std::size_t most_close_reason = 123;

/// `rule`: the path of the member, a colon, and what is taken there; for the emulator's own log.
[[nodiscard]] refusal invalid_argument(std::string rule);
[[nodiscard]] refusal not_json();
[[nodiscard]] refusal no_such_model(std::string_view name, std::string_view version);
/// No setup has come in time.
[[nodiscard]] refusal too_late();

/// The service takes any upgrade, and says only after the first message whose credentials it does
/// not like. `api_key` is the only one taken, any if it is empty.
[[nodiscard]] std::optional<refusal> credentials_fault(
    const route& route, std::string_view api_key);

} // namespace gemini::live::emulation
