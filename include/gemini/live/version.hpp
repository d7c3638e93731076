// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace gemini::live {

/// The version of the library that is linked, "major.minor.patch".
[[nodiscard]] const char* version() noexcept;

} // namespace gemini::live
