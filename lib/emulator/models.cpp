// SPDX-License-Identifier: Apache-2.0
#include "emulator/models.hpp"

#include <algorithm>

namespace gemini::live::emulation {
namespace {

constexpr std::string_view thinking_level = "generationConfig.thinkingConfig.thinkingLevel";
constexpr std::string_view affective = "generationConfig.enableAffectiveDialog";

// State of 2026-11; those that the service has retired are not served here either.
const std::vector<model> models{
    {.name = "gemini-3.8-live", .refused = {thinking_level, affective}},
    {.name = "gemini-3.8-live-extended-thinking",
        .takes_scheduling = false,
        .refused = {affective}},
    {.name = "gemini-3.1-flash-live-preview", .content_is_history = true},
    {.name = "gemini-3.5-transcribe-live", .speaks = false, .writes = true},
    {.name = "gemini-3.5-live-translate-preview"},
    {.name = "gemini-robotics-er-2-streaming-preview", .writes = true},
    {.name = "gemini-2.5-flash-native-audio-preview-12-2025"},
    {.name = "gemini-2.5-flash-native-audio-latest"},
    {.name = "gemini-live-2.5-flash-native-audio"},
    {.name = "gemini-emulator-text", .writes = true}, // the emulator's own
};

} // namespace

const model* find_model(std::string_view name)
{
    constexpr std::string_view before = "models/";
    if (const auto at = name.rfind(before); at != std::string_view::npos)
        name.remove_prefix(at + before.size());
    const auto found = std::find_if(
        models.begin(), models.end(), [name](const model& each) { return each.name == name; });
    return found == models.end() ? nullptr : &*found;
}

} // namespace gemini::live::emulation
