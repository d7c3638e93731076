// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/protocol/validate_test.cpp
#include <gemini/live/model_quirks.hpp>

#include <array>

namespace gemini::live {
namespace {

struct row {
    std::string_view begins; ///< The model's name or a prefix of it.
    model_quirks quirks;
};

constexpr model_quirks native_audio_2_5{.text_by_turns = true,
    .audio_breaks_calls = true,
    .takes_context_update = false,
    .writes = false};
constexpr model_quirks turns_only{.text_by_turns = true, .takes_context_update = false};

// The first match counts.
constexpr std::array rows{
    row{"gemini-3.8-live-extended-thinking", {.calling = calling::non_blocking_only,
                                                 .takes_scheduling = false,
                                                 .writes = false,
                                                 .needs_thinking = true,
                                                 .takes_affective_dialog = false,
                                                 .is_always_proactive = true}},
    row{"gemini-3.8-live", {.calling = calling::non_blocking_unless_asked,
                               .writes = false,
                               .takes_thinking_level = false,
                               .takes_thinking = false,
                               .takes_affective_dialog = false,
                               .is_always_proactive = true}},
    row{"gemini-3.5-transcribe-live", {.speaks = false}},
    row{"gemini-3.5-live-translate", {.writes = false}},
    row{"gemini-3.5-flash-live", {}},      // seen in a benchmark, not in any document
    row{"gemini-3.5-flash-lite-live", {}}, // likewise
    row{"gemini-robotics-er-2-streaming", {.speaks = false}},
    // If asked for affective dialog or proactivity, it never answers the setup.
    row{"gemini-3.1-flash-live", {.calling = calling::blocking_only,
                                     .takes_context_update = false,
                                     .writes = false,
                                     .takes_affective_dialog = false,
                                     .takes_proactivity = false}},
    row{"gemini-2.5-flash-native-audio", native_audio_2_5},
    row{"gemini-live-2.5-flash-native-audio", native_audio_2_5},
    row{"gemini-live-2.5-flash-preview-native-audio", native_audio_2_5},
    row{"gemini-live-2.5-flash", turns_only},
    row{"gemini-2.5-flash-live", turns_only},
    row{"gemini-2.0-flash-live", turns_only},
};

} // namespace

model_quirks quirks_of(std::string_view model)
{
    constexpr std::string_view before = "models/";
    if (const auto at = model.rfind(before); at != std::string_view::npos)
        model.remove_prefix(at + before.size());
    for (const auto& each : rows)
        if (model.starts_with(each.begins)) return each.quirks;
    return {};
}

} // namespace gemini::live
