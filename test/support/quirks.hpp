// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/emulator.hpp>

#include <cstdlib>
#include <string_view>

namespace test {

/// The behavior that a run of the tests is made with: that of the model which the environment
/// variable EMULATOR_QUIRKS_OF names, with "@vertex" behind it on Vertex AI. Without it each model
/// has its own.
inline gemini::live::emulator_quirks quirks_of_this_run()
{
    using gemini::live::flavour;
    const char* const given = std::getenv("EMULATOR_QUIRKS_OF"); // NOLINT(concurrency-mt-unsafe)
    if (!given) return {};
    const std::string_view name(given);
    const auto model = name.substr(0, name.find('@'));
    return gemini::live::emulator_quirks::of(
        model, model == name ? flavour::gemini_api : flavour::vertex_ai);
}

} // namespace test
