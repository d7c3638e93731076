// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Media types as RFC 9110 (8.3.1) writes them: `Audio/PCM; rate="16000"`.
namespace gemini::live::base {

/// Whether `media_type` is "audio/…", for the type "audio": upper and lower case are the same.
[[nodiscard]] bool is_of_type(std::string_view media_type, std::string_view type) noexcept;

/// The value of a parameter, without quotes. Nothing where there is none of this name, whose upper
/// and lower case are the same.
[[nodiscard]] std::optional<std::string> media_parameter(
    std::string_view media_type, std::string_view name);

} // namespace gemini::live::base
