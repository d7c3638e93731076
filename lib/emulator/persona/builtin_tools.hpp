// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/productions_test.cpp, test/unit/emulator/persona_test.cpp
#pragma once

#include "emulator/persona/persona.hpp"

#include <optional>
#include <string_view>

namespace gemini::live::emulator {

/// Returns the answer of one of the service's own tools, if the words ask for one that is
/// available: a page given by its address, a sum, a search, or a place. The results are made up,
/// and the answer says so.
[[nodiscard]] std::optional<reply> use_tool(std::string_view words, const toolbox& tools);

/// The first sum in the words, such as "12 * 7 + 1", with its value.
struct sum {
    std::string text;
    double value;
};
[[nodiscard]] std::optional<sum> find_sum(std::string_view words);

} // namespace gemini::live::emulator
