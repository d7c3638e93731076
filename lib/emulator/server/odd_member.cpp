// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/odd_member.hpp"

#include <fmt/format.h>

#include <string_view>

namespace gemini::live::emulator {

std::string with_odd_member(
    std::string text, const server_message_members& message, std::size_t number)
{
    const auto add = [&text](std::size_t after, std::string_view member) {
        const auto begin = text.find('{', after) + 1;
        const bool is_alone = text[text.find_first_not_of(" \t\r\n", begin)] == '}';
        text.insert(begin, fmt::format("{}{}", member, is_alone ? "" : ","));
        return text;
    };
    const auto content =
        message.server_content ? text.find(R"("serverContent")") : std::string::npos;
    const bool has_content = content != std::string::npos;
    switch (number % 5) {
    case 0:
        if (has_content) return add(content, R"("speechState": [7])");
        [[fallthrough]];
    case 1:
        if (has_content && !message.server_content->url_context_metadata)
            return add(content, R"("urlContextMetadata": "none")");
        [[fallthrough]];
    case 2:
        if (!message.usage_metadata)
            return add(0, R"("usageMetadata": {"promptTokensDetails": [7, null]})");
        [[fallthrough]];
    case 3:
        if (!message.tool_call_cancellation)
            return add(0, R"("toolCallCancellation": {"ids": [{}]})");
        [[fallthrough]];
    default:
        return message.voice_activity ? text
                                      : add(0, R"("voiceActivity": {"audioOffset": "soon"})");
    }
}

} // namespace gemini::live::emulator
