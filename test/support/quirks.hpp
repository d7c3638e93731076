// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/testing/emulator.hpp>

#include <cstdlib>
#include <string_view>

namespace test {

/// The behavior of the model that the environment variable EMULATOR_QUIRKS_OF names, for a run of
/// the tests; a suffix "@vertex" means Vertex AI. Without the variable each model has its own
/// behavior.
inline gemini::live::testing::emulator_quirks quirks_of_this_run()
{
    using gemini::live::backend;
    const char* const given = std::getenv("EMULATOR_QUIRKS_OF"); // NOLINT(concurrency-mt-unsafe)
    if (!given) return {};
    const std::string_view name(given);
    const auto model = name.substr(0, name.find('@'));
    return gemini::live::testing::emulator_quirks::of(
        model, model == name ? backend::gemini_api : backend::vertex_ai);
}

} // namespace test
