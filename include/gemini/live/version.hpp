// SPDX-License-Identifier: Apache-2.0
#pragma once

#pragma GCC visibility push(default)
namespace gemini::live {

/// Returns the version of the linked library, "major.minor.patch".
[[nodiscard]] const char* version() noexcept;

} // namespace gemini::live
#pragma GCC visibility pop
