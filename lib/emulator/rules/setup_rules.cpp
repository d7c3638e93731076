// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/setup_rules.hpp"

#include "emulator/rules/text_util.hpp"
#include "emulator/rules/validator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;

/// Returns the object at `path`, or one without members if there is none.
json_value object_at(const json_value& value, std::string_view path)
{
    auto found = find_path(value, path);
    return found ? std::move(*found) : json_value::parse("{}");
}

std::vector<std::string> texts_in(const json_value& list)
{
    std::vector<std::string> all;
    for (const auto& each : list.elements()) all.push_back(each.string().value_or(""));
    return all;
}

bool has(const json_value& value, std::string_view path)
{
    return find_path(value, path).has_value();
}

// ---- tools

std::vector<parameter> read_parameters(const json_value& schema)
{
    const auto required = texts_in(object_at(schema, "required"));
    std::vector<parameter> all;
    for (const auto& [name, type] : object_at(schema, "properties").members()) {
        parameter one{.name = name, .type = lower(text_at(type, "type"))};
        one.choices = texts_in(object_at(type, "enum"));
        one.required = std::find(required.begin(), required.end(), name) != required.end();
        all.push_back(std::move(one));
    }
    return all;
}

/// A letter or an underscore, then letters, digits and _ . : - with a total length of up to 64.
bool is_function_name(std::string_view name)
{
    const auto is_letter = [](char c) {
        return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
    };
    return !name.empty() && name.size() <= 64 && is_letter(name[0]) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '-';
           });
}

/// Returns how a model calls a function of this behavior, or nothing if it cannot.
std::optional<waiting> wait_for(std::string_view behavior, calling way)
{
    const bool blocking = behavior == "BLOCKING";
    const bool non_blocking = behavior == "NON_BLOCKING";
    switch (way) {
    case calling::blocking_unless_asked: return non_blocking ? waiting::talks_on : waiting::blocked;
    case calling::non_blocking_unless_asked:
        if (blocking) return waiting::blocked;
        return non_blocking ? waiting::talks_on : waiting::silent;
    case calling::blocking_only:
        if (non_blocking) return std::nullopt;
        return waiting::blocked;
    case calling::non_blocking_only:
        if (blocking) return std::nullopt;
        return waiting::talks_on;
    }
    return std::nullopt;
}

/// Returns the function, or the rule that its declaration breaks.
std::variant<declared_function, std::string> read_function(
    const json_value& declaration, const model& model)
{
    declared_function function;
    function.name = text_at(declaration, "name");
    function.description = text_at(declaration, "description");
    if (!is_function_name(function.name))
        return "name: a letter or _, then letters, digits and _ . : - up to 64 in all";
    const auto behavior = name_at(declaration, "behavior");
    const auto wait = wait_for(behavior, model.calling);
    if (!wait) return fmt::format("behavior: {} has no {} functions", model.name, behavior);
    const auto openapi = find_member(declaration, "parameters");
    const auto json_schema = find_member(declaration, "parametersJsonSchema");
    if (openapi && json_schema) return "parameters: not beside parameters_json_schema";
    if (has(declaration, "response") && has(declaration, "responseJsonSchema"))
        return "response: not beside response_json_schema";
    function.wait = *wait;
    if (openapi) function.parameters = read_parameters(*openapi);
    if (json_schema) function.parameters = read_parameters(*json_schema);
    return function;
}

// ---- rules: what the model does not accept in a setup, as "path: rule"; "" if it accepts all

struct wish {
    const json_value& setup;
    const emulator::model& model;
    const emulator::route& route;
};

/// At most one modality. Video requires an avatar, and vice versa.
std::string broken_modality(const wish& wish)
{
    constexpr std::string_view path = "setup.generation_config.response_modalities";
    const auto wanted = texts_in(object_at(wish.setup, "generationConfig.responseModalities"));
    if (wanted.size() > 1) return fmt::format("{}: one at most", path);
    const auto& model = wish.model;
    const std::string modality =
        wanted.empty() ? model.speaks ? "AUDIO" : "TEXT" : upper(wanted[0]);
    if ((modality == "VIDEO") != has(wish.setup, "avatarConfig"))
        return fmt::format("{}: VIDEO, and setup.avatar_config, go together", path);
    if ((modality == "AUDIO" && model.speaks) || (modality == "TEXT" && model.writes) ||
        (modality == "VIDEO" && model.shows))
        return {};
    return fmt::format("{}: {} does not answer in {}", path, model.name, modality);
}

/// Refuses the members of GenerationConfig that a live session does not accept.
std::string broken_generation(const wish& wish)
{
    constexpr std::string_view elsewhere[]{"responseLogprobs", "logprobs", "responseMimeType",
        "responseSchema", "responseJsonSchema", "stopSequences", "routingConfig", "audioTimestamp",
        "speechConfig.multiSpeakerVoiceConfig"};
    const auto config = object_at(wish.setup, "generationConfig");
    for (const auto each : elsewhere)
        if (has(config, each))
            return fmt::format(
                "setup.generation_config.{}: not for a live session", snake_case(each));
    return {};
}

std::string broken_thinking(const wish& wish)
{
    constexpr std::string_view whole = "setup.generation_config.thinking_config";
    constexpr std::string_view path = "setup.generation_config.thinking_config.thinking_level";
    const auto config = object_at(wish.setup, "generationConfig.thinkingConfig");
    const auto level = name_at(config, "thinkingLevel");
    const bool has_budget = has(config, "thinkingBudget");
    const auto& model = wish.model;
    const auto& levels = model.thinking_levels;
    if (model.thinking == thinking::never && has(wish.setup, "generationConfig.thinkingConfig"))
        return fmt::format("{}: {} takes none", whole, model.name);
    if (model.thinking == thinking::needed && level.empty() && !has_budget)
        return fmt::format("{}: {} needs thinking_level or thinking_budget", whole, model.name);
    if (level.empty()) return {};
    if (has_budget) return fmt::format("{}: not beside thinking_budget", path);
    if (std::find(levels.begin(), levels.end(), level) != levels.end()) return {};
    return fmt::format("{}: {} has no {}", path, model.name, level);
}

/// On the Gemini API, the features of 2.5 models are available on v1alpha only.
bool is_early(const route& route)
{
    return route.backend == backend::vertex_ai || route.version == "v1alpha";
}

std::string broken_affection(const wish& wish)
{
    if (!flag_at(wish.setup, "generationConfig.enableAffectiveDialog")) return {};
    constexpr std::string_view path = "setup.generation_config.enable_affective_dialog";
    if (!wish.model.affective) return fmt::format("{}: {} has none", path, wish.model.name);
    if (!is_early(wish.route)) return fmt::format("{}: on v1alpha only", path);
    return {};
}

std::string broken_proactivity(const wish& wish)
{
    const auto audio = find_path(wish.setup, "proactivity.proactiveAudio");
    const bool wanted = audio && audio->boolean().value_or(false);
    const bool video = flag_at(wish.setup, "proactivity.proactiveVideo");
    switch (wish.model.proactivity) {
    case proactivity::never:
        if (!wanted && !video) return {};
        return fmt::format("setup.proactivity: {} has none", wish.model.name);
    case proactivity::on_request:
        if (video && !wanted) return "setup.proactivity.proactive_video: only with proactive_audio";
        if (wanted && !is_early(wish.route)) return "setup.proactivity: on v1alpha only";
        return {};
    case proactivity::always:
        if (!audio || audio->boolean().value_or(true)) return {};
        return fmt::format(
            "setup.proactivity.proactive_audio: {} cannot be without it", wish.model.name);
    }
    return {};
}

std::string broken_translation(const wish& wish)
{
    const auto config = find_path(wish.setup, "generationConfig.translationConfig");
    if (!config) return {};
    constexpr std::string_view path = "setup.generation_config.translation_config";
    if (!wish.model.translates)
        return fmt::format("{}: {} does not translate", path, wish.model.name);
    if (text_at(*config, "targetLanguageCode").empty())
        return fmt::format("{}.target_language_code: is needed", path);
    return {};
}

std::string broken_voice(const wish& wish)
{
    const auto copy =
        find_path(wish.setup, "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig");
    if (!copy || (has(*copy, "voiceSampleAudio") && has(*copy, "mimeType"))) return {};
    return "setup.generation_config.speech_config.voice_config.replicated_voice_config: needs "
           "voice_sample_audio and mime_type";
}

std::string broken_transcription(const wish& wish)
{
    constexpr std::size_t most_vocabulary = 1000;
    for (const std::string_view each : {"inputAudioTranscription", "outputAudioTranscription"}) {
        const auto config = object_at(wish.setup, each);
        const auto path = "setup." + snake_case(each);
        const bool smart = name_at(config, "mode") == "SMART";
        if (smart && (flag_at(config, "wordTimestamp") || flag_at(config, "diarization")))
            return path + ".mode: SMART goes without word_timestamp and diarization";
        if (!smart && has(config, "sourceText"))
            return path + ".source_text: only with the mode SMART";
        if (object_at(config, "customVocabulary").elements().size() > most_vocabulary)
            return fmt::format("{}.custom_vocabulary: {} at most", path, most_vocabulary);
    }
    return {};
}

std::string broken_instruction(const wish& wish)
{
    const auto instruction = find_member(wish.setup, "systemInstruction");
    if (!instruction || is_instruction(*instruction)) return {};
    return "setup.system_instruction.parts: text only";
}

std::string broken_safety(const wish& wish)
{
    const auto list = object_at(wish.setup, "safetySettings").elements();
    const bool whole = std::all_of(list.begin(), list.end(),
        [](const json_value& each) { return has(each, "category") && has(each, "threshold"); });
    return whole ? std::string() : "setup.safety_settings: each needs category and threshold";
}

transcribing read_transcription(const json_value& setup, std::string_view member)
{
    transcribing wanted;
    const auto config = find_member(setup, member);
    if (!config) return wanted;
    wanted.on = true;
    wanted.times_words = flag_at(*config, "wordTimestamp");
    wanted.tells_speakers = flag_at(*config, "diarization");
    for (const auto* where : {"languageHints.languageCodes", "languageCodes"}) {
        const auto languages = texts_in(object_at(*config, where));
        if (!languages.empty()) wanted.language = languages.front();
    }
    return wanted;
}

void read_listening(const json_value& config, accepted_setup& chosen)
{
    chosen.interruptible = name_at(config, "activityHandling") != "NO_INTERRUPTION";
    chosen.guesses_with_times = flag_at(config, "interimTranscriptTimestampEnabled");
    const auto detection = object_at(config, "automaticActivityDetection");
    chosen.detects_activity = !flag_at(detection, "disabled");
    if (const auto silence = find_member(detection, "silenceDurationMs"))
        chosen.silence = std::chrono::milliseconds(silence->integer().value_or(800));
}

} // namespace

bool is_instruction(const json_value& content)
{
    const auto parts = object_at(content, "parts").elements();
    return std::all_of(
        parts.begin(), parts.end(), [](const json_value& each) { return has(each, "text"); });
}

std::variant<toolbox, std::string> read_tools(const json_value& tools, const model& model)
{
    toolbox box;
    std::set<std::string> names;
    int tool_index = 0;
    for (const auto& tool : tools.elements()) {
        int index = 0;
        for (const auto& each : object_at(tool, "functionDeclarations").elements()) {
            const auto path =
                fmt::format("tools[{}].function_declarations[{}]", tool_index, index++);
            auto read = read_function(each, model);
            if (const auto* rule = std::get_if<std::string>(&read)) return path + '.' + *rule;
            auto& function = std::get<declared_function>(read);
            if (!names.insert(function.name).second)
                return fmt::format("{}.name: {} is declared twice", path, function.name);
            box.functions.push_back(std::move(function));
        }
        ++tool_index;
        box.searches = box.searches || has(tool, "googleSearch");
        box.runs_code = box.runs_code || has(tool, "codeExecution");
        box.reads_pages = box.reads_pages || has(tool, "urlContext");
        box.knows_places = box.knows_places || has(tool, "googleMaps");
    }
    return box;
}

std::variant<accepted_setup, refusal> read_setup(
    const json_value& setup, const route& route, const model_names& names)
{
    const auto wanted = text_at(setup, "model");
    if (wanted.empty()) return invalid_argument("setup.model: is needed");
    accepted_setup chosen;
    chosen.model = find_model(wanted, names);
    if (!chosen.model) return no_such_model(wanted, route.version);

    constexpr std::string (*rules[])(const wish&){broken_modality, broken_generation,
        broken_thinking, broken_affection, broken_proactivity, broken_translation, broken_voice,
        broken_transcription, broken_instruction, broken_safety};
    const wish wish{setup, *chosen.model, route};
    auto tools = read_tools(object_at(setup, "tools"), *chosen.model);
    if (const auto* rule = std::get_if<std::string>(&tools))
        return invalid_argument("setup." + *rule);
    for (const auto broken : rules) {
        auto rule = broken(wish);
        if (rule.empty()) continue;
        const bool is_ignored = chosen.model->falls_silent &&
                                (broken == broken_affection || broken == broken_proactivity);
        if (!is_ignored) return invalid_argument(std::move(rule));
        chosen.silenced_by = std::move(rule);
    }
    chosen.tools = std::get<toolbox>(std::move(tools));

    const auto modalities = texts_in(object_at(setup, "generationConfig.responseModalities"));
    chosen.aloud = modalities.empty() ? chosen.model->speaks : upper(modalities[0]) != "TEXT";
    chosen.shows = !modalities.empty() && upper(modalities[0]) == "VIDEO";
    chosen.input = read_transcription(setup, "inputAudioTranscription");
    chosen.output = read_transcription(setup, "outputAudioTranscription");
    chosen.resumable = has(setup, "sessionResumption");
    chosen.transparent = flag_at(setup, "sessionResumption.transparent");
    chosen.handle = text_at(setup, "sessionResumption.handle");
    read_listening(object_at(setup, "realtimeInputConfig"), chosen);
    chosen.tells_activity = flag_at(setup, "explicitVadSignal");
    chosen.tells_thoughts = flag_at(setup, "generationConfig.thinkingConfig.includeThoughts");
    chosen.consented =
        has(setup, "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.consentAudio");
    chosen.history_first = flag_at(setup, "historyConfig.initialHistoryInClientContent");
    return chosen;
}

} // namespace gemini::live::emulator
