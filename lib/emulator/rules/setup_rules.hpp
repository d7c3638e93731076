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

namespace gemini::live::emulator {

/// What to report about speech besides its words.
struct transcribing {
    bool on = false;
    bool times_words = false;
    bool tells_speakers = false;
    std::string language{}; ///< The first one named.
};

/// The settings of a conversation.
struct accepted_setup {
    const emulator::model* model = nullptr;
    bool aloud = true;  ///< Answers in speech, not in text.
    bool shows = false; ///< Speech comes with a face, as video.
    transcribing input{};
    transcribing output{};
    bool guesses_with_times = false; ///< Reports guesses at ongoing speech, with times.
    bool resumable = false;
    bool transparent = false; ///< Reports which client message it has reached.
    std::string handle{};     ///< Of the conversation to resume; empty for a new one.
    bool detects_activity = true;
    std::chrono::milliseconds silence{800}; ///< Silence of this length ends speech.
    bool interruptible = true;              ///< By speech.
    bool tells_activity = false;            ///< Reports when speech begins and ends.
    bool tells_thoughts = false;
    bool consented = false;     ///< Consent to a replicated voice was supplied.
    bool history_first = false; ///< The first client content is history, not a question.
    std::string silenced_by{};  ///< The broken rule that silences the model; empty: none.
    toolbox tools{};
};

/// Reads a setup that is well-formed.
[[nodiscard]] std::variant<accepted_setup, refusal> read_setup(
    const protocol::json_value& setup, const route& route, const model_names& names = {});

/// Returns the tools as the model uses them. If the model does not accept them, returns the rule
/// that they break: "tools[0].function_declarations[1].name: …".
[[nodiscard]] std::variant<toolbox, std::string> read_tools(
    const protocol::json_value& tools, const model& model);

/// Whether `content` has only text parts.
[[nodiscard]] bool is_instruction(const protocol::json_value& content);

} // namespace gemini::live::emulator
