// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/quirks.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <string>

namespace gemini::live {
namespace emulator {
namespace {

using quirk = testing::emulator_quirks;

constexpr named_quirk quirks[]{{"unasked-handles", &quirk::unasked_handles},
    {"unasked-transcriptions", &quirk::unasked_transcriptions},
    {"empty-content", &quirk::empty_content},
    {"merged-transcriptions", &quirk::merged_transcriptions},
    {"turn-ends-with-call", &quirk::turn_ends_with_call},
    {"empty-grounding", &quirk::empty_grounding}, {"finished-alone", &quirk::finished_alone},
    {"trailing-transcription", &quirk::trailing_transcription},
    {"late-interrupted-end", &quirk::late_interrupted_end}, {"uneven-sound", &quirk::uneven_sound},
    {"odd-members", &quirk::odd_members},
    {"cancels-blocking-calls", &quirk::cancels_blocking_calls},
    {"refuses-other-roles", &quirk::refuses_other_roles},
    {"refuses-omitted-roles", &quirk::refuses_omitted_roles},
    {"empty-turn-at-late-activity", &quirk::empty_turn_at_late_activity}};

} // namespace

std::span<const named_quirk> all_quirks() noexcept { return quirks; }

// As of 2026-11. docs/emulator_quirks.md distinguishes what was recorded from what is assumed.
testing::emulator_quirks quirks_of(const model& model, live::backend backend)
{
    const bool on_vertex = backend == live::backend::vertex_ai;
    const bool is_2_5 = model.family == family::live_2_5;
    const bool is_3_1 = model.family == family::live_3_1;
    const bool is_3_8 = model.family == family::live_3_8;
    auto its = testing::emulator_quirks::none();
    its.unasked_handles = its.unasked_transcriptions = is_3_1 && !on_vertex;
    its.empty_content = its.merged_transcriptions = is_3_1 && !on_vertex;
    its.turn_ends_with_call = is_2_5;
    its.empty_grounding = its.finished_alone = is_2_5 && on_vertex;
    its.uneven_sound = model.family != family::emulator;
    its.cancels_blocking_calls = is_3_8;
    its.refuses_other_roles = true;
    its.refuses_omitted_roles = is_3_1 || is_3_8;
    its.empty_turn_at_late_activity = is_2_5 || is_3_1;
    return its;
}

testing::emulator_quirks overlaid(
    testing::emulator_quirks chosen, const testing::emulator_quirks& otherwise)
{
    for (const auto& each : quirks)
        if (!(chosen.*each.member)) chosen.*each.member = otherwise.*each.member;
    return chosen;
}

} // namespace emulator

testing::emulator_quirks testing::emulator_quirks::of(std::string_view model, live::backend backend)
{
    const auto* const found = live::emulator::find_model(model);
    if (!found) {
        throw error(errc::invalid_argument,
            fmt::format("The emulator does not serve the model \"{}\".", model));
    }
    return live::emulator::quirks_of(*found, backend);
}

testing::emulator_quirks testing::emulator_quirks::none()
{
    testing::emulator_quirks off;
    for (const auto& each : live::emulator::all_quirks()) off.*each.member = false;
    return off;
}

} // namespace gemini::live
