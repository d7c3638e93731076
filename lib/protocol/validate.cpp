// SPDX-License-Identifier: Apache-2.0
#include "protocol/validate.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace gemini::live::protocol {
namespace {

[[noreturn]] void refuse(std::string_view member, std::string_view why)
{
    throw error(errc::invalid_argument, fmt::format("{} {}.", member, why));
}

void validate_function(
    const function_declaration& function, calling calling, std::string_view path = {})
{
    const auto member = fmt::format("{}functions[{}].behavior", path, function.name);
    if (calling == calling::non_blocking_only && function.behavior == behavior::blocking)
        refuse(member, "is blocking, but this model never waits for a function");
    if (calling == calling::blocking_only && function.behavior == behavior::non_blocking)
        refuse(member, "is non_blocking, but this model always waits for its functions");
}

void validate_thinking(const setup& setup)
{
    const auto& thinking = setup.thinking_config;
    const bool has_level = thinking && !thinking->thinking_level.empty();
    const bool has_budget = thinking && thinking->thinking_budget;
    if (has_level == has_budget) {
        refuse("setup.generationConfig.thinkingConfig",
            has_level
                ? "has both thinkingLevel and thinkingBudget: this model takes one of them"
                : "has neither thinkingLevel nor thinkingBudget: this model needs one of them");
    }
}

} // namespace

void validate(const setup& setup, const model_quirks& quirks)
{
    const auto answers_in = [&setup](modality one) {
        return std::ranges::find(setup.response_modalities, one) != setup.response_modalities.end();
    };
    if (!quirks.writes && answers_in(modality::text)) {
        refuse("setup.generationConfig.responseModalities",
            "has TEXT, but this model only speaks: ask for output_audio_transcription to read "
            "what it says");
    }
    if (!quirks.speaks && answers_in(modality::audio))
        refuse(
            "setup.generationConfig.responseModalities", "has AUDIO, but this model only writes");
    if (!quirks.takes_thinking_level && setup.thinking_config &&
        !setup.thinking_config->thinking_level.empty())
        refuse("setup.generationConfig.thinkingConfig.thinkingLevel", "is not taken by this model");
    if (!quirks.takes_proactivity && setup.proactivity &&
        setup.proactivity->proactive_audio != false)
        refuse("setup.proactivity", "is not taken by this model, which would never answer");
    if (!quirks.takes_thinking && setup.thinking_config)
        refuse("setup.generationConfig.thinkingConfig", "is not taken by this model");
    if (quirks.needs_thinking) validate_thinking(setup);
    if (!quirks.takes_affective_dialog && setup.enable_affective_dialog == true)
        refuse("setup.generationConfig.enableAffectiveDialog", "is not taken by this model");
    if (quirks.is_always_proactive && setup.proactivity &&
        setup.proactivity->proactive_audio == false)
        refuse("setup.proactivity.proactiveAudio", "is false, but this model is always proactive");
    for (const auto& each : setup.functions) validate_function(each, quirks.calling);
    for (const auto& tool : setup.tools)
        for (const auto& each : tool.function_declarations) validate_function(each, quirks.calling);
}

void validate(std::span<const function_response> responses, const model_quirks& quirks)
{
    for (const auto& each : responses) {
        if (!quirks.takes_scheduling && !each.scheduling.empty())
            refuse("toolResponse.functionResponses[].scheduling", "is not taken by this model");
    }
}

void validate(const context_update& update, const model_quirks& quirks)
{
    if (!quirks.takes_context_update) {
        refuse("contextUpdate", "is not taken by this model: begin a new session for another "
                                "instruction or other tools");
    }
    if (!update.tools) return;
    for (const auto& tool : *update.tools)
        for (const auto& each : tool.function_declarations)
            validate_function(each, quirks.calling, "contextUpdate.tools.");
}

void validate_content(const setup& setup, const model_quirks& quirks)
{
    const auto& history = setup.history_config;
    if (quirks.content_is_history &&
        !(history && history->initial_history_in_client_content == true)) {
        refuse("clientContent",
            "is taken by this model only as the history of a new conversation, with "
            "setup::history_config: use send() for text");
    }
}

} // namespace gemini::live::protocol
