// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/productions_test.cpp, test/unit/emulator/persona_test.cpp
#pragma once

#include "emulator/persona/persona.hpp"

#include <string_view>

namespace gemini::live::emulator {

inline constexpr std::string_view story =
    "Once upon a time there was a packet that wanted to see the world. It left its buffer early in "
    "the morning, took the first socket, and was never fragmented. On its way it met a router who "
    "asked for its time to live. Sixty four, said the packet, and I mean to enjoy every hop. It "
    "crossed a bridge, avoided a storm, was counted, queued and forwarded. At last it reached a "
    "listener who had waited for it all along. They acknowledged each other, and closed in perfect "
    "order.";
inline constexpr std::string_view help =
    "I know these commands. /goaway, /close and /drop end the connection, each in its own way. "
    "/call, /partial, /reason, /wait, /vad, /error and /raw make me send what I seldom send. /slow "
    "and /story take their time. Ask me about the weather to see a tool call, and interrupt me "
    "whenever you like.";

/// Executes a slash command.
[[nodiscard]] reply obey(std::string_view words, const toolbox& tools);

} // namespace gemini::live::emulator
