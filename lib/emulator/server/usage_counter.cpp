// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/usage_counter.hpp"

#include <algorithm>

namespace gemini::live::emulator {
namespace {

constexpr int audio_rate = 25;  // tokens per second
constexpr int video_rate = 258; // tokens per frame, at one frame per second

int tokens_of(std::string_view words)
{
    if (words.empty()) return 0;
    return static_cast<int>(std::count(words.begin(), words.end(), ' ') + 1) * 4 / 3 + 1;
}

int tokens_of(std::chrono::milliseconds length, int rate)
{
    return static_cast<int>((length.count() * rate + 999) / 1000);
}

void detail(std::vector<modality_token_count>& details, token_modality modality, int tokens)
{
    if (tokens != 0) details.push_back({modality, tokens});
}

int total(const std::vector<modality_token_count>& details)
{
    int sum = 0;
    for (const auto& each : details) sum += each.token_count;
    return sum;
}

} // namespace

void usage_counter::sends(const content& turn)
{
    for (const auto& each : turn.parts) {
        if (each.text) (each.thought ? thoughts_ : written_) += tokens_of(*each.text);
        if (each.code_execution_result) is_told_by_tool(each.code_execution_result->output);
    }
}

void usage_counter::is_told_by_tool(std::string_view words) { told_ += tokens_of(words); }

usage_metadata usage_counter::bill(std::span<const std::string> history, live::backend backend)
{
    usage_metadata usage;
    int text = 1; // regardless of what was said before
    for (const auto& each : history) text += tokens_of(each);
    detail(usage.prompt_tokens_details, token_modality::text, text);
    detail(usage.prompt_tokens_details, token_modality::audio, tokens_of(heard_, audio_rate));
    detail(usage.prompt_tokens_details, token_modality::image, pictures_ * video_rate);
    detail(usage.response_tokens_details, token_modality::text, written_);
    detail(usage.response_tokens_details, token_modality::audio, tokens_of(spoken_, audio_rate));
    detail(usage.response_tokens_details, token_modality::video, tokens_of(shown_, video_rate));
    detail(usage.tool_use_prompt_tokens_details, token_modality::text, told_);
    usage.prompt_token_count = total(usage.prompt_tokens_details);
    usage.response_token_count = total(usage.response_tokens_details);
    usage.tool_use_prompt_token_count = told_;
    usage.thoughts_token_count = thoughts_;
    usage.total_token_count =
        usage.prompt_token_count + usage.response_token_count + told_ + thoughts_;
    if (backend == live::backend::vertex_ai)
        usage.traffic_type = traffic_type::on_demand;
    else
        usage.service_tier = service_tier::standard;
    spoken_ = shown_ = std::chrono::milliseconds(0);
    written_ = thoughts_ = told_ = 0;
    return usage;
}

} // namespace gemini::live::emulator
