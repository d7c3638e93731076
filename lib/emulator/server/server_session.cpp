// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/server_session.hpp"

#include "emulator/persona/persona.hpp"
#include "emulator/rules/text_util.hpp"

namespace gemini::live::emulator {

void actions::refuse(refusal why)
{
    close.emplace(why.code, shortened(why.reason, most_close_reason));
    const bool is_cut = why.reason.size() > most_close_reason;
    rule = is_cut ? "In full: " + shortened(why.reason, most_words) : std::move(why.rule);
}

std::optional<moment> earliest(std::initializer_list<std::optional<moment>> timers)
{
    std::optional<moment> first;
    for (const auto& each : timers)
        if (each && (!first || *each < *first)) first = each;
    return first;
}

} // namespace gemini::live::emulator
