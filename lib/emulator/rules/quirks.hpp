// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/models.hpp"

#include <gemini/live/emulator.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace gemini::live::emulation {

/// A behavior, and what it is called where it is switched by name.
struct named_quirk {
    std::string_view name; ///< "unasked-handles".
    std::optional<bool> emulator_quirks::*member;
};

/// All of them, in the order of the members.
[[nodiscard]] std::span<const named_quirk> all_quirks() noexcept;

/// How `model` behaves: every member is set.
[[nodiscard]] emulator_quirks quirks_of(const model& model, live::flavour flavour);

/// `chosen`, and where it is silent `otherwise`.
[[nodiscard]] emulator_quirks overlaid(emulator_quirks chosen, const emulator_quirks& otherwise);

} // namespace gemini::live::emulation
