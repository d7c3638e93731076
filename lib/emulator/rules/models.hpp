// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/quirks_test.cpp, test/unit/emulator/other_clients_test.cpp
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::emulator {

/// Whether the model waits for the functions that it calls.
enum class calling {
    blocking_unless_asked, ///< According to the declaration's `behavior`.
    non_blocking_unless_asked,
    blocking_only,
    non_blocking_only,
};

/// Whether the model may stay silent when it is not addressed.
enum class proactivity { never, on_request, always };

/// Whether a setup may, must or must not have a thinkingConfig.
enum class thinking {
    on_request,
    needed, ///< Requires exactly one of level and budget.
    never,
};

/// The model line whose behavior is the default for a model.
enum class family { emulator, live_2_5, live_3_1, live_3_8, other };

/// What a model accepts and produces.
struct model {
    std::string_view name;
    emulator::family family = emulator::family::other;
    bool speaks = true;
    bool writes = false;
    bool shows = false;           ///< Video, with an avatar.
    bool transcribes = false;     ///< Returns what it hears, guesses first.
    bool translates = false;      ///< Accepts `translationConfig`.
    bool takes_scheduling = true; ///< For function responses.
    bool takes_context_update = false;
    bool tells_status = false; ///< Sends `interactionStatus` with the end of each turn.
    bool affective = false;    ///< Only on v1alpha, where that exists.
    bool falls_silent = false; ///< Never answers a setup that requests a missing feature.
    emulator::calling calling = calling::blocking_unless_asked;
    emulator::proactivity proactivity = proactivity::never;
    emulator::thinking thinking = thinking::on_request;
    std::vector<std::string_view> thinking_levels{};
};

/// Alternative names of models.
struct model_names {
    std::map<std::string, std::string, std::less<>> aliases{}; ///< From old names to models.
    bool any = false; ///< Unknown names stand for a model that speaks and writes.
};

/// Returns null for a model that is not served. `name` may be a resource name:
/// "projects/…/publishers/google/models/gemini-3.8-live". Every tuned model is served.
[[nodiscard]] const model* find_model(std::string_view name, const model_names& names = {});

} // namespace gemini::live::emulator
