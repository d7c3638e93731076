// SPDX-License-Identifier: Apache-2.0
#include "emulator/schema.hpp"

#include "base/base64.hpp"

#include <gemini/live/content.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace gemini::live::emulation {
namespace {

using protocol::json_value;

enum class known_to { both, gemini_api, vertex_ai };

/// A member of a message. Its type is a scalar, the name of another message or of an enumeration,
/// "x[]" for a list, or "any" for what is not looked into.
struct field {
    std::string_view name, type;
    std::string_view one_of{}; ///< Of the members of one such group only one may be set.
    known_to who = known_to::both;
};

constexpr auto g_only = known_to::gemini_api;
constexpr auto v_only = known_to::vertex_ai;

// clang-format off
const std::map<std::string_view, std::vector<field>> messages{
    {"", {{"setup", "setup", "message_type"}, {"clientContent", "clientContent", "message_type"}, {"realtimeInput", "realtimeInput", "message_type"},
        {"toolResponse", "toolResponse", "message_type"}, {"contextUpdate", "contextUpdate", "message_type"}}},
    {"setup", {{"model", "string"}, {"generationConfig", "generationConfig"}, {"systemInstruction", "content"}, {"tools", "tool[]"},
        {"realtimeInputConfig", "realtimeInputConfig"}, {"sessionResumption", "sessionResumption"}, {"contextWindowCompression", "contextWindowCompression"},
        {"inputAudioTranscription", "transcriptionConfig"}, {"outputAudioTranscription", "transcriptionConfig"}, {"proactivity", "proactivity"},
        {"historyConfig", "historyConfig"}, {"explicitVadSignal", "bool", "", v_only}, {"avatarConfig", "avatarConfig"},
        {"safetySettings", "safetySetting[]"}, {"labels", "any"}}},
    {"generationConfig", {{"responseModalities", "Modality[]"}, {"temperature", "float"}, {"topP", "float"}, {"topK", "float"}, {"maxOutputTokens", "int32"},
        {"candidateCount", "int32"}, {"presencePenalty", "float"}, {"frequencyPenalty", "float"}, {"seed", "int32"}, {"mediaResolution", "MediaResolution"},
        {"speechConfig", "speechConfig"}, {"thinkingConfig", "thinkingConfig"}, {"enableAffectiveDialog", "bool"}, {"translationConfig", "translationConfig"},
        {"modelSelectionConfig", "any", "", g_only}, {"modelConfig", "any", "", v_only},
        {"responseLogprobs", "bool"}, {"logprobs", "int32"}, {"responseMimeType", "string"}, {"responseSchema", "any"}, {"responseJsonSchema", "any"},
        {"stopSequences", "string[]"}, {"routingConfig", "any"}, {"audioTimestamp", "bool"}}},
    {"speechConfig", {{"languageCode", "string"}, {"voiceConfig", "voiceConfig"}, {"multiSpeakerVoiceConfig", "any"}}},
    {"voiceConfig", {{"prebuiltVoiceConfig", "prebuiltVoiceConfig", "voice_config"}, {"replicatedVoiceConfig", "replicatedVoiceConfig", "voice_config"},
        {"voice", "string", "voice_config"}}},
    {"prebuiltVoiceConfig", {{"voiceName", "string"}}},
    {"replicatedVoiceConfig", {{"mimeType", "string"}, {"voiceSampleAudio", "bytes"}, {"consentAudio", "bytes"}, {"voiceConsentSignature", "any"}}},
    {"thinkingConfig", {{"includeThoughts", "bool"}, {"thinkingBudget", "int32"}, {"thinkingLevel", "ThinkingLevel"}}},
    {"translationConfig", {{"targetLanguageCode", "string"}, {"echoTargetLanguage", "bool"}}},
    {"content", {{"role", "string"}, {"parts", "part[]"}}},
    {"part", {{"text", "string", "data"}, {"inlineData", "blob", "data"}, {"fileData", "fileData", "data"}, {"functionCall", "any", "data"}, {"functionResponse", "any", "data"},
        {"executableCode", "any", "data"}, {"codeExecutionResult", "any", "data"}, {"thought", "bool"}, {"thoughtSignature", "bytes"}, {"videoMetadata", "any"},
        {"mediaResolution", "any"}}},
    {"blob", {{"mimeType", "string"}, {"data", "bytes"}, {"displayName", "string"}}},
    {"fileData", {{"mimeType", "string"}, {"fileUri", "string"}, {"displayName", "string"}}},
    {"tool", {{"functionDeclarations", "functionDeclaration[]"}, {"googleSearch", "any"}, {"googleSearchRetrieval", "any"}, {"codeExecution", "any"}, {"urlContext", "any"},
        {"googleMaps", "any"}, {"computerUse", "any"}, {"fileSearch", "any", "", g_only}, {"mcpServers", "any[]", "", g_only}, {"retrieval", "any", "", v_only},
        {"enterpriseWebSearch", "any", "", v_only}, {"exaAiSearch", "any", "", v_only}, {"parallelAiSearch", "any", "", v_only}}},
    {"functionDeclaration", {{"name", "string"}, {"description", "string"}, {"behavior", "Behavior"}, {"parameters", "any"}, {"parametersJsonSchema", "any"},
        {"response", "any"}, {"responseJsonSchema", "any"}}},
    {"realtimeInputConfig", {{"automaticActivityDetection", "automaticActivityDetection"}, {"activityHandling", "ActivityHandling"}, {"turnCoverage", "TurnCoverage"},
        {"interimTranscriptTimestampEnabled", "bool"}}},
    {"automaticActivityDetection", {{"disabled", "bool"}, {"startOfSpeechSensitivity", "StartSensitivity"}, {"endOfSpeechSensitivity", "EndSensitivity"},
        {"prefixPaddingMs", "int32"}, {"silenceDurationMs", "int32"}}},
    {"sessionResumption", {{"handle", "string"}, {"transparent", "bool", "", v_only}}},
    {"contextWindowCompression", {{"triggerTokens", "int64"}, {"slidingWindow", "slidingWindow"}}},
    {"slidingWindow", {{"targetTokens", "int64"}}},
    {"transcriptionConfig", {{"languageCodes", "string[]"}, {"customVocabulary", "string[]"}, {"wordTimestamp", "bool"}, {"diarization", "bool"}, {"mode", "TranscriptionMode"},
        {"sourceText", "string"}, {"languageAuto", "any"}, {"languageHints", "any"}, {"adaptationPhrases", "any"}}},
    {"proactivity", {{"proactiveAudio", "bool"}, {"proactiveVideo", "bool"}}},
    {"historyConfig", {{"initialHistoryInClientContent", "bool"}}},
    {"avatarConfig", {{"avatarName", "string"}, {"customizedAvatar", "any"}, {"audioBitrateBps", "int32"}, {"videoBitrateBps", "int32"}}},
    {"safetySetting", {{"category", "string"}, {"threshold", "string"}, {"method", "string", "", v_only}}},
    {"clientContent", {{"turns", "content[]"}, {"turnComplete", "bool"}}},
    {"realtimeInput", {{"audio", "blob"}, {"video", "blob"}, {"text", "string"}, {"audioStreamEnd", "bool"}, {"activityStart", "nothing"}, {"activityEnd", "nothing"},
        {"mediaChunks", "blob[]"}}},
    {"nothing", {}},
    {"toolResponse", {{"functionResponses", "functionResponse[]"}}},
    {"functionResponse", {{"id", "string"}, {"name", "string"}, {"response", "object"}, {"parts", "any[]"}, {"scheduling", "Scheduling"}, {"willContinue", "bool"}}},
    {"contextUpdate", {{"systemInstruction", "content"}, {"tools", "toolList"}}},
    {"toolList", {{"tools", "tool[]"}}},
};

/// The service's name of each, and its values.
struct enumeration {
    std::string_view name;
    std::set<std::string_view> values;
};
const std::map<std::string_view, enumeration> enumerations{
    {"Modality", {"GenerationConfig.Modality", {"MODALITY_UNSPECIFIED", "TEXT", "AUDIO", "IMAGE", "VIDEO"}}},
    {"MediaResolution", {"GenerationConfig.MediaResolution", {"MEDIA_RESOLUTION_UNSPECIFIED", "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"}}},
    {"ThinkingLevel", {"ThinkingConfig.ThinkingLevel", {"THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"}}},
    {"Behavior", {"FunctionDeclaration.Behavior", {"UNSPECIFIED", "BLOCKING", "NON_BLOCKING"}}},
    {"ActivityHandling", {"RealtimeInputConfig.ActivityHandling", {"ACTIVITY_HANDLING_UNSPECIFIED", "START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"}}},
    {"TurnCoverage", {"RealtimeInputConfig.TurnCoverage", {"TURN_COVERAGE_UNSPECIFIED", "TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_ALL_INPUT", "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"}}},
    {"StartSensitivity", {"RealtimeInputConfig.AutomaticActivityDetection.StartSensitivity", {"START_SENSITIVITY_UNSPECIFIED", "START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"}}},
    {"EndSensitivity", {"RealtimeInputConfig.AutomaticActivityDetection.EndSensitivity", {"END_SENSITIVITY_UNSPECIFIED", "END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"}}},
    {"TranscriptionMode", {"AudioTranscriptionConfig.Mode", {"MODE_UNSPECIFIED", "VERBATIM", "SMART"}}},
    {"Scheduling", {"FunctionResponse.Scheduling", {"SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"}}},
};
// clang-format on

/// Whether `name` is `camel` in either spelling.
bool is_spelling_of(std::string_view camel, std::string_view name)
{
    if (name == camel) return true;
    std::size_t at = 0;
    for (const char c : camel) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isupper(byte) != 0 && (at == name.size() || name[at++] != '_')) return false;
        if (at == name.size() || name[at++] != static_cast<char>(std::tolower(byte))) return false;
    }
    return at == name.size();
}

std::string snake_case(std::string_view camel)
{
    std::string name;
    for (const char c : camel) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) name += '_';
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return name;
}

/// A number, also given as text, as proto3 JSON allows.
std::optional<double> as_number(const json_value& value)
{
    if (const auto number = value.number()) return number;
    const auto text = value.string();
    if (!text) return std::nullopt;
    if (*text == "NaN" || *text == "Infinity" || *text == "-Infinity")
        return std::numeric_limits<double>::quiet_NaN();
    double number = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return number;
}

bool is_whole(const json_value& value, double most)
{
    if (value.integer()) return std::abs(static_cast<double>(*value.integer())) <= most;
    const auto number = as_number(value);
    return number && *number == std::floor(*number) && std::abs(*number) <= most;
}

bool is_base64(const json_value& value)
{
    const auto text = value.string();
    if (!text) return false;
    bytes decoded(base::base64_capacity(text->size()));
    return base::base64_decode(*text, decoded.data()).has_value();
}

/// What the service's complaint says of a value that is no such scalar; empty when it is one.
std::string mismatch(const json_value& value, std::string_view type)
{
    constexpr double most_int32 = std::numeric_limits<std::int32_t>::max();
    constexpr double most_int64 = 9.2e18;
    if (type == "string" && !value.string()) return "(TYPE_STRING), " + value.text();
    if (type == "bool" && !value.boolean()) return "(TYPE_BOOL), " + value.text();
    if (type == "float" && !as_number(value)) return "(TYPE_FLOAT), " + value.text();
    if (type == "int32" && !is_whole(value, most_int32)) return "(TYPE_INT32), " + value.text();
    if (type == "int64" && !is_whole(value, most_int64)) return "(TYPE_INT64), " + value.text();
    if (type == "bytes" && !is_base64(value))
        return "(TYPE_BYTES), Base64 decoding failed for " + value.text();
    if (type == "object" && !value.is_object())
        return "(type.googleapis.com/google.protobuf.Struct), " + value.text();
    return {};
}

class checker {
public:
    explicit checker(flavour flavour) : flavour_(flavour) {}

    [[nodiscard]] std::optional<std::string> check(
        const json_value& value, std::string_view type, const std::string& path) const
    {
        if (type == "any" || value.kind() == json_value::type::null) return std::nullopt;
        if (type.ends_with("[]")) return check_list(value, type.substr(0, type.size() - 2), path);
        if (const auto found = messages.find(type); found != messages.end())
            return check_message(value, found->second, path);
        if (const auto found = enumerations.find(type); found != enumerations.end())
            return check_name(value, found->second, path);
        auto complaint = mismatch(value, type);
        if (complaint.empty()) return std::nullopt;
        return fmt::format("Invalid value at '{}' {}", path, complaint);
    }

private:
    [[nodiscard]] bool knows(const field& one) const
    {
        return one.who == known_to::both ||
               (one.who == known_to::vertex_ai) == (flavour_ == flavour::vertex_ai);
    }

    [[nodiscard]] std::optional<std::string> check_list(
        const json_value& value, std::string_view type, const std::string& path) const
    {
        if (value.kind() != json_value::type::array) return check(value, type, path);
        int index = 0;
        for (const auto& each : value.elements())
            if (auto fault = check(each, type, fmt::format("{}[{}]", path, index++))) return fault;
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> check_message(
        const json_value& value, const std::vector<field>& fields, const std::string& path) const
    {
        if (!value.is_object())
            return fmt::format(
                "Invalid value{}: an object is wanted, not {}", at(path), value.text());
        std::set<std::string_view> set; // groups of which a member is set
        for (const auto& [name, member] : value.members()) {
            const auto found = std::find_if(fields.begin(), fields.end(),
                [&](const field& each) { return knows(each) && is_spelling_of(each.name, name); });
            if (found == fields.end()) {
                return fmt::format(
                    "Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.",
                    name, at(path));
            }
            if (!found->one_of.empty() && member.kind() != json_value::type::null &&
                !set.insert(found->one_of).second) {
                return fmt::format(
                    "Invalid value{} (oneof), oneof field '{}' is already set. Cannot set '{}'",
                    at(path), found->one_of, name);
            }
            const auto inner = snake_case(found->name);
            if (auto fault = check(member, found->type, path.empty() ? inner : path + '.' + inner))
                return fault;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> check_name(
        const json_value& value, const enumeration& names, const std::string& path) const
    {
        const auto name = value.string();
        if (value.integer() || (name && names.values.contains(*name))) return std::nullopt;
        const auto* const package = flavour_ == flavour::vertex_ai
                                        ? "google.cloud.aiplatform.v1beta1"
                                        : "google.ai.generativelanguage.v1beta";
        return fmt::format("Invalid value at '{}' (type.googleapis.com/{}.{}), {}", path, package,
            names.name, value.text());
    }

    static std::string at(const std::string& path)
    {
        return path.empty() ? std::string() : fmt::format(" at '{}'", path);
    }

    flavour flavour_;
};

} // namespace

std::optional<std::string> find_fault(const json_value& message, flavour flavour)
{
    return checker(flavour).check(message, "", "");
}

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

std::string text_at(const json_value& object, std::string_view path)
{
    const auto found = find_path(object, path);
    return found ? found->string().value_or("") : std::string();
}

bool flag_at(const json_value& object, std::string_view path)
{
    const auto found = find_path(object, path);
    return found && found->boolean().value_or(false);
}

} // namespace gemini::live::emulation
