// SPDX-License-Identifier: Apache-2.0
// Tested by: test/contract/fake_google_test.cpp
#pragma once

#include "emulator/rules/route.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace gemini::live::emulator {

/// Refuses an upgrade on Vertex AI whose bearer token is missing or was not issued by this Google.
/// API keys and the Gemini API are checked elsewhere.
[[nodiscard]] std::optional<testing::emulator_verdict> refuse_bearer(
    const route& route, const std::function<bool(std::string_view)>& valid);

} // namespace gemini::live::emulator
