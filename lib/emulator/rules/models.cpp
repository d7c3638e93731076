// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/models.hpp"

#include <algorithm>

namespace gemini::live::emulator {
namespace {

model native_audio_2_5(std::string_view name)
{
    return {.name = name,
        .family = family::live_2_5,
        .affective = true,
        .proactivity = proactivity::on_request};
}

// As of 2026-11. Models that the service has retired are not served here either.
const std::vector<model> models{
    {.name = "gemini-3.8-live",
        .family = family::live_3_8,
        .shows = true,
        .takes_context_update = true,
        .calling = calling::non_blocking_unless_asked,
        .proactivity = proactivity::always,
        .thinking = thinking::never},
    {.name = "gemini-3.8-live-extended-thinking",
        .family = family::live_3_8,
        .takes_scheduling = false,
        .takes_context_update = true,
        .tells_status = true,
        .calling = calling::non_blocking_only,
        .proactivity = proactivity::always,
        .thinking = thinking::needed,
        .thinking_levels = {"LOW", "MEDIUM", "HIGH"}},
    {.name = "gemini-3.1-flash-live-preview",
        .family = family::live_3_1,
        .falls_silent = true,
        .calling = calling::blocking_only,
        .thinking_levels = {"MINIMAL", "LOW", "MEDIUM", "HIGH"}},
    {.name = "gemini-3.5-transcribe-live", .speaks = false, .writes = true, .transcribes = true},
    {.name = "gemini-3.5-live-translate-preview", .translates = true},
    {.name = "gemini-robotics-er-2-streaming-preview", .writes = true},
    native_audio_2_5("gemini-2.5-flash-native-audio-preview-12-2025"),
    native_audio_2_5("gemini-2.5-flash-native-audio-latest"),
    native_audio_2_5("gemini-live-2.5-flash-native-audio"),
    {.name = "gemini-emulator-text", // stands in for any unknown name, so it comes last
        .family = family::emulator,
        .writes = true,
        .takes_context_update = true,
        .calling = calling::non_blocking_unless_asked,
        .thinking_levels = {"MINIMAL", "LOW", "MEDIUM", "HIGH"}},
};

} // namespace

const model* find_model(std::string_view name, const model_names& names)
{
    if (name.starts_with("tunedModels/")) return &models.front();
    constexpr std::string_view before = "models/";
    if (const auto at = name.rfind(before); at != std::string_view::npos)
        name.remove_prefix(at + before.size());
    if (const auto alias = names.aliases.find(name); alias != names.aliases.end())
        return find_model(alias->second);
    const auto found = std::find_if(
        models.begin(), models.end(), [name](const model& each) { return each.name == name; });
    if (found != models.end()) return &*found;
    return names.any && !name.empty() ? &models.back() : nullptr;
}

} // namespace gemini::live::emulator
