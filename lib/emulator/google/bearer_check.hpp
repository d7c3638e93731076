// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/route.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace gemini::live::emulation {

/// The refusal of an upgrade on Vertex AI whose bearer Google has not given out, or that has none.
/// API keys and the Gemini API are for others to judge.
[[nodiscard]] std::optional<emulator_verdict> refuse_bearer(
    const route& route, const std::function<bool(std::string_view)>& valid);

} // namespace gemini::live::emulation
