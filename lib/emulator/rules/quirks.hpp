// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/models.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace gemini::live::emulator {

/// A behavior and the name that switches it.
struct named_quirk {
    std::string_view name; ///< "unasked-handles".
    std::optional<bool> testing::emulator_quirks::*member;
};

/// Returns all quirks in the order of the members.
[[nodiscard]] std::span<const named_quirk> all_quirks() noexcept;

/// Returns the behavior of `model`. Every member is set.
[[nodiscard]] testing::emulator_quirks quirks_of(const model& model, live::backend backend);

/// Returns `chosen`, with unset members taken from `otherwise`.
[[nodiscard]] testing::emulator_quirks overlaid(
    testing::emulator_quirks chosen, const testing::emulator_quirks& otherwise);

} // namespace gemini::live::emulator
