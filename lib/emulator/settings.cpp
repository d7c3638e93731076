// SPDX-License-Identifier: Apache-2.0
#include "emulator/settings.hpp"

#include "emulator/schema.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace gemini::live::emulation {
namespace {

using protocol::json_value;

/// An object where one is; nothing has no members.
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

/// A letter or an underscore, then letters, digits and _ . : - up to 64 in all.
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

/// How a model calls a function of this behaviour; nothing when it cannot.
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

std::optional<declared_function> read_function(const json_value& declaration, const model& model)
{
    declared_function function;
    function.name = text_at(declaration, "name");
    function.description = text_at(declaration, "description");
    const auto wait = wait_for(text_at(declaration, "behavior"), model.calling);
    const auto openapi = find_member(declaration, "parameters");
    const auto json_schema = find_member(declaration, "parametersJsonSchema");
    if (!wait || !is_function_name(function.name) || (openapi && json_schema) ||
        (has(declaration, "response") && has(declaration, "responseJsonSchema")))
        return std::nullopt;
    function.wait = *wait;
    if (openapi) function.parameters = read_parameters(*openapi);
    if (json_schema) function.parameters = read_parameters(*json_schema);
    return function;
}

// ---- rules: whether a setup is taken by its model

struct wish {
    const json_value& setup;
    const emulation::model& model;
    const emulation::route& route;
};

/// One modality. Video goes with an avatar, and an avatar with video.
bool modality_is_possible(const wish& wish)
{
    const auto wanted = texts_in(object_at(wish.setup, "generationConfig.responseModalities"));
    if (wanted.size() > 1) return false;
    const auto& model = wish.model;
    const std::string modality =
        wanted.empty() ? std::string(model.speaks ? "AUDIO" : "TEXT") : wanted[0];
    if ((modality == "VIDEO") != has(wish.setup, "avatarConfig")) return false;
    return (modality == "AUDIO" && model.speaks) || (modality == "TEXT" && model.writes) ||
           (modality == "VIDEO" && model.shows);
}

/// GenerationConfig has more members than a live session takes.
bool generation_is_live(const wish& wish)
{
    constexpr std::string_view elsewhere[]{"responseLogprobs", "logprobs", "responseMimeType",
        "responseSchema", "responseJsonSchema", "stopSequences", "routingConfig", "audioTimestamp",
        "speechConfig.multiSpeakerVoiceConfig"};
    const auto config = object_at(wish.setup, "generationConfig");
    return std::none_of(std::begin(elsewhere), std::end(elsewhere),
        [&](std::string_view each) { return has(config, each); });
}

bool thinking_is_possible(const wish& wish)
{
    const auto config = object_at(wish.setup, "generationConfig.thinkingConfig");
    const auto level = find_member(config, "thinkingLevel");
    if (!level) return true;
    const auto& levels = wish.model.thinking_levels;
    return !has(config, "thinkingBudget") &&
           std::find(levels.begin(), levels.end(), level->string().value_or("")) != levels.end();
}

/// What 2.5 models have on the Gemini API they have on v1alpha.
bool is_early(const route& route)
{
    return route.flavour == flavour::vertex_ai || route.version == "v1alpha";
}

bool affection_is_possible(const wish& wish)
{
    return !has(wish.setup, "generationConfig.enableAffectiveDialog") ||
           (wish.model.affective && is_early(wish.route));
}

bool proactivity_is_possible(const wish& wish)
{
    const auto audio = find_path(wish.setup, "proactivity.proactiveAudio");
    const bool video = flag_at(wish.setup, "proactivity.proactiveVideo");
    switch (wish.model.proactivity) {
    case proactivity::never: return !video && !(audio && audio->boolean().value_or(false));
    case proactivity::on_request:
        if (video && !flag_at(wish.setup, "proactivity.proactiveAudio")) return false;
        return !has(wish.setup, "proactivity") || is_early(wish.route);
    case proactivity::always: return !audio || audio->boolean().value_or(true);
    }
    return false;
}

bool translation_is_possible(const wish& wish)
{
    const auto config = find_path(wish.setup, "generationConfig.translationConfig");
    return !config || (wish.model.translates && !text_at(*config, "targetLanguageCode").empty());
}

bool voice_is_complete(const wish& wish)
{
    const auto copy =
        find_path(wish.setup, "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig");
    return !copy || (has(*copy, "voiceSampleAudio") && has(*copy, "mimeType"));
}

bool transcription_is_possible(const wish& wish)
{
    constexpr std::size_t most_vocabulary = 1000;
    for (const auto* each : {"inputAudioTranscription", "outputAudioTranscription"}) {
        const auto config = object_at(wish.setup, each);
        const bool smart = text_at(config, "mode") == "SMART";
        if (smart && (flag_at(config, "wordTimestamp") || flag_at(config, "diarization")))
            return false;
        if (!smart && has(config, "sourceText")) return false;
        if (object_at(config, "customVocabulary").elements().size() > most_vocabulary) return false;
    }
    return true;
}

bool instruction_is_text(const wish& wish)
{
    const auto instruction = find_member(wish.setup, "systemInstruction");
    return !instruction || is_instruction(*instruction);
}

bool safety_is_complete(const wish& wish)
{
    const auto list = object_at(wish.setup, "safetySettings").elements();
    return std::all_of(list.begin(), list.end(),
        [](const json_value& each) { return has(each, "category") && has(each, "threshold"); });
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

void read_listening(const json_value& config, settings& chosen)
{
    chosen.interruptible = text_at(config, "activityHandling") != "NO_INTERRUPTION";
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

std::optional<toolbox> read_tools(const json_value& tools, const model& model)
{
    toolbox box;
    std::set<std::string> names;
    for (const auto& tool : tools.elements()) {
        for (const auto& each : object_at(tool, "functionDeclarations").elements()) {
            auto function = read_function(each, model);
            if (!function || !names.insert(function->name).second) return std::nullopt;
            box.functions.push_back(std::move(*function));
        }
        box.searches = box.searches || has(tool, "googleSearch");
        box.runs_code = box.runs_code || has(tool, "codeExecution");
        box.reads_pages = box.reads_pages || has(tool, "urlContext");
        box.knows_places = box.knows_places || has(tool, "googleMaps");
    }
    return box;
}

std::variant<settings, refusal> read_setup(const json_value& setup, const route& route)
{
    const auto wanted = text_at(setup, "model");
    if (wanted.empty()) return invalid_argument();
    settings chosen;
    chosen.model = find_model(wanted);
    if (!chosen.model) return no_such_model(wanted, route.version);

    constexpr bool (*rules[])(const wish&){modality_is_possible, generation_is_live,
        thinking_is_possible, affection_is_possible, proactivity_is_possible,
        translation_is_possible, voice_is_complete, transcription_is_possible, instruction_is_text,
        safety_is_complete};
    const wish wish{setup, *chosen.model, route};
    auto tools = read_tools(object_at(setup, "tools"), *chosen.model);
    if (!tools || !std::all_of(std::begin(rules), std::end(rules),
                      [&](const auto& holds) { return holds(wish); }))
        return invalid_argument();
    chosen.tools = std::move(*tools);

    const auto modalities = texts_in(object_at(setup, "generationConfig.responseModalities"));
    chosen.aloud = modalities.empty() ? chosen.model->speaks : modalities[0] != "TEXT";
    chosen.shows = !modalities.empty() && modalities[0] == "VIDEO";
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

} // namespace gemini::live::emulation
