// SPDX-License-Identifier: Apache-2.0
#include "emulator/settings.hpp"

#include "emulator/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

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

/// The one modality of the answers; absent means speech where the model can speak.
bool choose_modality(const json_value& setup, settings& chosen)
{
    const auto wanted = texts_in(object_at(setup, "generationConfig.responseModalities"));
    if (wanted.size() > 1) return false;
    chosen.aloud = wanted.empty() ? chosen.model->speaks : wanted[0] == "AUDIO";
    if (!wanted.empty() && wanted[0] != "AUDIO" && wanted[0] != "TEXT") return false;
    return chosen.aloud ? chosen.model->speaks : chosen.model->writes;
}

} // namespace

refusal invalid_argument() { return {1007, "Request contains an invalid argument."}; }

std::vector<declared_function> read_functions(const json_value& tools)
{
    std::vector<declared_function> all;
    for (const auto& tool : tools.elements()) {
        for (const auto& each : object_at(tool, "functionDeclarations").elements()) {
            auto schema = find_member(each, "parametersJsonSchema");
            if (!schema) schema = object_at(each, "parameters");
            all.push_back(
                {text_at(each, "name"), text_at(each, "description"), read_parameters(*schema)});
        }
    }
    return all;
}

std::variant<settings, refusal> read_setup(const json_value& setup, const route& route)
{
    const auto wanted = text_at(setup, "model");
    settings chosen;
    chosen.model = find_model(wanted);
    if (!chosen.model) {
        return refusal{1008,
            fmt::format("{} is not found for API version {}, or is not supported for "
                        "bidiGenerateContent. Call ModelService.ListModels to see the list of "
                        "available models and their supported methods.",
                wanted, route.version)};
    }
    // members that GenerationConfig has, but not here
    constexpr std::string_view elsewhere[]{"responseLogprobs", "logprobs", "responseMimeType",
        "responseSchema", "responseJsonSchema", "stopSequences", "routingConfig", "audioTimestamp"};
    const auto config = object_at(setup, "generationConfig");
    for (const auto each : elsewhere)
        if (find_member(config, each)) return invalid_argument();
    for (const auto each : chosen.model->refused)
        if (find_path(setup, each)) return invalid_argument();
    if (!choose_modality(setup, chosen)) return invalid_argument();

    chosen.transcribe_input = find_member(setup, "inputAudioTranscription").has_value();
    chosen.transcribe_output = find_member(setup, "outputAudioTranscription").has_value();
    chosen.resumable = find_member(setup, "sessionResumption").has_value();
    chosen.transparent = flag_at(setup, "sessionResumption.transparent");
    chosen.handle = text_at(setup, "sessionResumption.handle");
    const auto listening = object_at(setup, "realtimeInputConfig");
    chosen.interruptible = text_at(listening, "activityHandling") != "NO_INTERRUPTION";
    const auto detection = object_at(listening, "automaticActivityDetection");
    chosen.detects_activity = !flag_at(detection, "disabled");
    if (const auto silence = find_member(detection, "silenceDurationMs"))
        chosen.silence = std::chrono::milliseconds(silence->integer().value_or(800));
    chosen.history_first = flag_at(setup, "historyConfig.initialHistoryInClientContent");
    chosen.functions = read_functions(object_at(setup, "tools"));
    return chosen;
}

} // namespace gemini::live::emulation
