// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace gemini::live::emulation {

/// A message as one line for the eye: "[audio 3200 B]" for media, no more than `width` bytes. What
/// is not JSON is shown as far as it can be printed.
[[nodiscard]] std::string message_summary(std::string_view message, std::size_t width);

} // namespace gemini::live::emulation
