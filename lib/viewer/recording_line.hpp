// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/viewer/conversation_test.cpp
#pragma once

#include "protocol/json_reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live::viewer {

/// What a line of a recording says; see `wire_tap`.
enum class line_kind {
    opened,
    refused,
    failed,
    sent,
    received,
    malformed,
    closed,
    lost,
    left,
    unreadable, ///< It is no line of a recording.
};

struct recording_line {
    line_kind kind = line_kind::unreadable;
    std::chrono::milliseconds at{0};
    std::int64_t connection = 0;
    std::optional<protocol::json_value> message{}; ///< That was sent or received.
    std::int64_t code = 0;                         ///< The HTTP status, close code or size.
    std::string words{};                           ///< The reason of the close or of the failure.
};

/// Reads one line. One that cannot be read is `unreadable`, and says why.
[[nodiscard]] recording_line read_line(std::string_view text);

} // namespace gemini::live::viewer
