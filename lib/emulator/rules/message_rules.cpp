// SPDX-License-Identifier: Apache-2.0
#include "emulator/rules/message_rules.hpp"

#include "base/media_type.hpp"
#include "emulator/rules/validator.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace gemini::live::emulator {

using protocol::json_value;

std::optional<refusal> turns_fault(
    std::span<const json_value> turns, const model& model, const testing::emulator_quirks& quirks)
{
    for (std::size_t i = 0; i < turns.size(); ++i) {
        const auto role = text_at(turns[i], "role");
        const bool is_other = !role.empty() && role != "user" && role != "model";
        if (is_other && quirks.refuses_other_roles == true)
            return invalid_argument(fmt::format("client_content.turns[{}].role: user or model", i));
        if (role.empty() && quirks.refuses_omitted_roles == true)
            return invalid_argument(fmt::format(
                "client_content.turns[{}].role: user or model; {} needs one", i, model.name));
    }
    return std::nullopt;
}

std::optional<refusal> realtime_input_fault(const json_value& input, const accepted_setup& setup)
{
    const auto refused = [](std::string_view rule) {
        return invalid_argument(fmt::format("realtime_input.{}", rule));
    };
    const bool has_mark = find_member(input, "activityStart") || find_member(input, "activityEnd");
    if (has_mark && setup.detects_activity)
        return refused("activity_start: only with automatic_activity_detection.disabled");
    if (flag_at(input, "audioStreamEnd") && !setup.detects_activity)
        return refused("audio_stream_end: not with automatic_activity_detection.disabled");
    const auto audio = find_member(input, "audio");
    if (audio && !has_media_type(*audio, "audio")) return refused("audio.mime_type: audio/…");
    const auto video = find_member(input, "video");
    if (video && !has_media_type(*video, "image")) return refused("video.mime_type: image/…");
    return std::nullopt;
}

std::optional<refusal> function_response_fault(
    const json_value& response, const model& model, live::backend backend)
{
    constexpr std::string_view path = "tool_response.function_responses";
    if (!find_member(response, "response"))
        return invalid_argument(fmt::format("{}.response: is needed", path));
    if (text_at(response, "id").empty() && backend != backend::vertex_ai)
        return invalid_argument(fmt::format("{}.id: is needed", path));
    if (!name_at(response, "scheduling").empty() && !model.takes_scheduling)
        return refusal{1007, "Function response scheduling is not supported for this model."};
    return std::nullopt;
}

std::variant<std::optional<toolbox>, refusal> read_context_update(
    const json_value& update, const model& model)
{
    if (!model.takes_context_update)
        return invalid_argument(fmt::format("context_update: not for {}", model.name));
    const auto instruction = find_member(update, "systemInstruction");
    if (instruction && !is_instruction(*instruction))
        return invalid_argument("context_update.system_instruction.parts: text only");
    if (!find_member(update, "tools")) return std::nullopt;
    const auto list = find_path(update, "tools.tools");
    if (!list) return toolbox{};
    auto tools = read_tools(*list, model);
    if (const auto* rule = std::get_if<std::string>(&tools))
        return invalid_argument("context_update.tools." + *rule);
    return std::get<toolbox>(std::move(tools));
}

bool has_media_type(const json_value& blob, std::string_view type)
{
    return base::is_of_type(text_at(blob, "mimeType"), type);
}

} // namespace gemini::live::emulator
