// SPDX-License-Identifier: Apache-2.0
#include "emulator/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

namespace gemini::live::emulation {
namespace {

using protocol::json_value;

// The members that the service knows, message by message. A type is one of those below, the name of
// another message, "x[]" for a list, or "any" for what is not looked into.
using members = std::map<std::string_view, std::string_view>;
// clang-format off
const std::map<std::string_view, members> messages{
    {"", {{"setup", "setup"}, {"clientContent", "clientContent"}, {"realtimeInput", "realtimeInput"}, {"toolResponse", "toolResponse"}, {"contextUpdate", "contextUpdate"}}},
    {"setup", {{"model", "string"}, {"generationConfig", "generationConfig"}, {"systemInstruction", "content"}, {"tools", "tool[]"},
        {"realtimeInputConfig", "realtimeInputConfig"}, {"sessionResumption", "sessionResumption"}, {"contextWindowCompression", "contextWindowCompression"},
        {"inputAudioTranscription", "transcriptionConfig"}, {"outputAudioTranscription", "transcriptionConfig"}, {"proactivity", "proactivity"},
        {"historyConfig", "historyConfig"}, {"explicitVadSignal", "bool"}, {"avatarConfig", "any"}, {"safetySettings", "any[]"}, {"labels", "any"}}},
    {"generationConfig", {{"responseModalities", "string[]"}, {"temperature", "number"}, {"topP", "number"}, {"topK", "number"}, {"maxOutputTokens", "integer"},
        {"candidateCount", "integer"}, {"presencePenalty", "number"}, {"frequencyPenalty", "number"}, {"seed", "integer"}, {"mediaResolution", "string"},
        {"speechConfig", "speechConfig"}, {"thinkingConfig", "thinkingConfig"}, {"enableAffectiveDialog", "bool"}, {"translationConfig", "translationConfig"},
        {"modelSelectionConfig", "any"}, {"modelConfig", "any"}}},
    {"speechConfig", {{"languageCode", "string"}, {"voiceConfig", "voiceConfig"}}},
    {"voiceConfig", {{"prebuiltVoiceConfig", "prebuiltVoiceConfig"}, {"replicatedVoiceConfig", "any"}, {"voice", "string"}}},
    {"prebuiltVoiceConfig", {{"voiceName", "string"}}},
    {"thinkingConfig", {{"includeThoughts", "bool"}, {"thinkingBudget", "integer"}, {"thinkingLevel", "string"}}},
    {"translationConfig", {{"targetLanguageCode", "string"}, {"echoTargetLanguage", "bool"}}},
    {"content", {{"role", "string"}, {"parts", "part[]"}}},
    {"part", {{"text", "string"}, {"inlineData", "blob"}, {"fileData", "any"}, {"functionCall", "any"}, {"functionResponse", "any"}, {"executableCode", "any"},
        {"codeExecutionResult", "any"}, {"thought", "bool"}, {"thoughtSignature", "string"}, {"videoMetadata", "any"}, {"mediaResolution", "any"}}},
    {"blob", {{"mimeType", "string"}, {"data", "string"}, {"displayName", "string"}}},
    {"tool", {{"functionDeclarations", "functionDeclaration[]"}, {"googleSearch", "any"}, {"googleSearchRetrieval", "any"}, {"codeExecution", "any"}, {"urlContext", "any"}, {"googleMaps", "any"},
        {"computerUse", "any"}, {"fileSearch", "any"}, {"mcpServers", "any[]"}, {"retrieval", "any"}, {"enterpriseWebSearch", "any"}}},
    {"functionDeclaration", {{"name", "string"}, {"description", "string"}, {"behavior", "string"}, {"parameters", "any"}, {"parametersJsonSchema", "any"},
        {"response", "any"}, {"responseJsonSchema", "any"}}},
    {"realtimeInputConfig", {{"automaticActivityDetection", "automaticActivityDetection"}, {"activityHandling", "string"}, {"turnCoverage", "string"},
        {"interimTranscriptTimestampEnabled", "bool"}}},
    {"automaticActivityDetection", {{"disabled", "bool"}, {"startOfSpeechSensitivity", "string"}, {"endOfSpeechSensitivity", "string"},
        {"prefixPaddingMs", "integer"}, {"silenceDurationMs", "integer"}}},
    {"sessionResumption", {{"handle", "string"}, {"transparent", "bool"}}},
    {"contextWindowCompression", {{"triggerTokens", "integer"}, {"slidingWindow", "slidingWindow"}}},
    {"slidingWindow", {{"targetTokens", "integer"}}},
    {"transcriptionConfig", {{"languageCodes", "string[]"}, {"customVocabulary", "string[]"}, {"wordTimestamp", "bool"}, {"diarization", "bool"}, {"mode", "string"},
        {"sourceText", "string"}, {"languageAuto", "any"}, {"languageHints", "any"}, {"adaptationPhrases", "any"}}},
    {"proactivity", {{"proactiveAudio", "bool"}, {"proactiveVideo", "bool"}}},
    {"historyConfig", {{"initialHistoryInClientContent", "bool"}}},
    {"clientContent", {{"turns", "content[]"}, {"turnComplete", "bool"}}},
    {"realtimeInput", {{"audio", "blob"}, {"video", "blob"}, {"text", "string"}, {"audioStreamEnd", "bool"}, {"activityStart", "nothing"}, {"activityEnd", "nothing"},
        {"mediaChunks", "blob[]"}}},
    {"nothing", {}},
    {"toolResponse", {{"functionResponses", "functionResponse[]"}}},
    {"functionResponse", {{"id", "string"}, {"name", "string"}, {"response", "any"}, {"parts", "any[]"}, {"scheduling", "string"}, {"willContinue", "bool"}}},
    {"contextUpdate", {{"systemInstruction", "content"}, {"tools", "any"}}},
};
// clang-format on

std::string snake_case(std::string_view camel)
{
    std::string name;
    for (const char c : camel) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) name += '_';
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return name;
}

struct known {
    std::string_view name;
    std::string_view type;
};

std::optional<known> look_up(const members& of, const std::string& name)
{
    for (const auto& [camel, type] : of)
        if (camel == name || snake_case(camel) == name) return known{camel, type};
    return std::nullopt;
}

/// The service's name of a type, as its errors say it; empty when `value` is of that type.
std::string_view mismatch(const json_value& value, std::string_view type)
{
    if (type == "string" && !value.string()) return "TYPE_STRING";
    if (type == "bool" && !value.boolean()) return "TYPE_BOOL";
    if (type == "integer" && !value.integer()) return "TYPE_INT64";
    if (type == "number" && !value.number()) return "TYPE_DOUBLE";
    return {};
}

std::string join(const std::string& path, const std::string& name)
{
    return path.empty() ? name : path + '.' + name;
}

std::optional<std::string> check(
    const json_value& value, std::string_view type, const std::string& path);

std::optional<std::string> check_list(
    const json_value& value, std::string_view type, const std::string& path)
{
    if (value.kind() != json_value::type::array) return check(value, type, path);
    int index = 0;
    for (const auto& each : value.elements())
        if (auto fault = check(each, type, fmt::format("{}[{}]", path, index++))) return fault;
    return std::nullopt;
}

std::optional<std::string> check(
    const json_value& value, std::string_view type, const std::string& path)
{
    if (type == "any" || value.kind() == json_value::type::null) return std::nullopt;
    if (type.ends_with("[]")) return check_list(value, type.substr(0, type.size() - 2), path);
    const auto message = messages.find(type);
    if (message == messages.end()) {
        const auto wanted = mismatch(value, type);
        if (wanted.empty()) return std::nullopt;
        return fmt::format("Invalid value at '{}' ({}), {}", path, wanted, value.text());
    }
    if (!value.is_object())
        return fmt::format("Invalid JSON payload received. '{}' must be an object.", path);
    for (const auto& [name, member] : value.members()) {
        const auto found = look_up(message->second, name);
        if (!found) {
            const auto where = path.empty() ? std::string() : fmt::format(" at '{}'", path);
            return fmt::format(
                "Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.", name,
                where);
        }
        if (auto fault = check(member, found->type, join(path, snake_case(found->name))))
            return fault;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> find_fault(const json_value& message) { return check(message, "", ""); }

std::optional<json_value> find_member(const json_value& object, std::string_view camel_case)
{
    auto found = object.find(camel_case);
    return found ? found : object.find(snake_case(camel_case));
}

std::optional<json_value> find_path(const json_value& object, std::string_view path)
{
    std::optional<json_value> at = object;
    while (at && !path.empty()) {
        const auto end = std::min(path.find('.'), path.size());
        at = find_member(*at, path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return at;
}

} // namespace gemini::live::emulation
