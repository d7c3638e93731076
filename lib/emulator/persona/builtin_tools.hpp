// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/persona/persona.hpp"

#include <optional>
#include <string_view>

namespace gemini::live::emulation {

/// The answer of one of the service's own tools, if the words ask for one that is at hand: a page
/// whose address is named, a sum, something to be searched, a place. What they find is made up, and
/// the answer says so.
[[nodiscard]] std::optional<reply> use_tool(std::string_view words, const toolbox& tools);

/// The first sum in the words, with its value: "12 * 7 + 1".
struct sum {
    std::string text;
    double value;
};
[[nodiscard]] std::optional<sum> find_sum(std::string_view words);

} // namespace gemini::live::emulation
