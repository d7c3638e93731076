// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/models.hpp"
#include "emulator/rules/refusal.hpp"
#include "emulator/rules/route.hpp"
#include "emulator/rules/tools.hpp"
#include "protocol/json_reader.hpp"

#include <chrono>
#include <string>
#include <variant>

namespace gemini::live::emulation {

/// What is told of speech besides its words.
struct transcribing {
    bool on = false;
    bool times_words = false;
    bool tells_speakers = false;
    std::string language{}; ///< The first that was named.
};

/// What a conversation was set up to be.
struct accepted_setup {
    const emulation::model* model = nullptr;
    bool aloud = true;  ///< Answers in speech, not in text.
    bool shows = false; ///< The speech has a face: video.
    transcribing input{};
    transcribing output{};
    bool guesses_with_times = false; ///< Tells guesses of what is being said, with times.
    bool resumable = false;
    bool transparent = false; ///< Tells which client message it has come to.
    std::string handle{};     ///< Of the conversation to go on with; empty for a new one.
    bool detects_activity = true;
    std::chrono::milliseconds silence{800}; ///< That ends speech.
    bool interruptible = true;              ///< By speech.
    bool tells_activity = false;            ///< When somebody begins and ceases to speak.
    bool tells_thoughts = false;
    bool consented = false;     ///< A recorded consent to a replicated voice came along.
    bool history_first = false; ///< The first client content is history, not a question.
    std::string silenced_by{};  ///< The rule for whose breach the model says nothing; else empty.
    toolbox tools{};
};

/// Reads a setup that is well formed.
[[nodiscard]] std::variant<accepted_setup, refusal> read_setup(
    const protocol::json_value& setup, const route& route, const model_names& names = {});

/// A list of tools in the hands of a model; where the model does not take them, the rule that they
/// break: "tools[0].function_declarations[1].name: …".
[[nodiscard]] std::variant<toolbox, std::string> read_tools(
    const protocol::json_value& tools, const model& model);

/// Whether it has nothing but text parts.
[[nodiscard]] bool is_instruction(const protocol::json_value& content);

} // namespace gemini::live::emulation
