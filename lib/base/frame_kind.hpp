// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gemini::live::base {

/// The opcode of a WebSocket frame, as RFC 6455 numbers them.
enum class frame_kind : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xa,
};

} // namespace gemini::live::base
