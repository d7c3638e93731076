// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/models.hpp"
#include "emulator/persona.hpp"
#include "emulator/route.hpp"
#include "protocol/json_reader.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace gemini::live::emulation {

/// How the service ends a connection that it does not like.
struct refusal {
    std::uint16_t code;
    std::string reason;
};

[[nodiscard]] refusal invalid_argument();

/// What a conversation was set up to be.
struct settings {
    const emulation::model* model = nullptr;
    bool aloud = true; ///< Answers in speech, not in text.
    bool transcribe_input = false;
    bool transcribe_output = false;
    bool resumable = false;
    bool transparent = false; ///< Tells which client message it has come to.
    std::string handle;       ///< Of the conversation to go on with; empty for a new one.
    bool detects_activity = true;
    std::chrono::milliseconds silence{800}; ///< That ends speech.
    bool interruptible = true;              ///< By speech.
    bool history_first = false; ///< The first client content is history, not a question.
    std::vector<declared_function> functions;
};

/// Reads a setup that is well formed.
[[nodiscard]] std::variant<settings, refusal> read_setup(
    const protocol::json_value& setup, const route& route);

/// The functions in a list of tools.
[[nodiscard]] std::vector<declared_function> read_functions(const protocol::json_value& tools);

} // namespace gemini::live::emulation
