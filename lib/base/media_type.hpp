// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Media types in the syntax of RFC 9110 (8.3.1): `Audio/PCM; rate="16000"`.
namespace gemini::live::base {

/// Returns whether `media_type` is of this type, such as "audio/…" for "audio". Case does not
/// matter.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] bool is_of_type(
    std::string_view media_type, std::string_view type) noexcept;

/// Returns the value of the parameter `name` without quotes, or nothing if it is absent. The case
/// of `name` does not matter.
GEMINI_LIVE_FOR_EMULATOR [[nodiscard]] std::optional<std::string> media_parameter(
    std::string_view media_type, std::string_view name);

} // namespace gemini::live::base
