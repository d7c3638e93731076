// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/quirks_test.cpp
#pragma once

#include <gemini/live/messages.hpp>

#include <cstddef>
#include <string>

namespace gemini::live::emulator {

/// Returns `text`, the JSON of `message`, with an unreadable member added. `number` selects the
/// member.
[[nodiscard]] std::string with_odd_member(
    std::string text, const server_message_members& message, std::size_t number);

} // namespace gemini::live::emulator
