// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace gemini::live::emulator {

/// Renders a message as one human-readable line of at most `width` bytes. Media appear as
/// "[audio 3200 B]". Text that is not JSON is shown as far as it is printable.
[[nodiscard]] std::string message_summary(std::string_view message, std::size_t width);

} // namespace gemini::live::emulator
