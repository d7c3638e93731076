// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace gemini::live::emulation {

/// What a model takes and gives.
struct model {
    std::string_view name;
    bool speaks = true;
    bool writes = false;
    bool content_is_history = false; ///< Client content only as the history before the first turn.
    bool takes_scheduling = true;    ///< Of function responses.
    std::vector<std::string_view> refused{}; ///< Members of the setup, by path.
};

/// Null for a model that is not served. `name` may be a resource name:
/// "projects/…/publishers/google/models/gemini-3.8-live".
[[nodiscard]] const model* find_model(std::string_view name);

} // namespace gemini::live::emulation
