// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/auth/account_test.cpp
#pragma once

#include <gemini/live/secret.hpp>

namespace gemini::live::auth {

/// Restores the line breaks of a PEM key that lost them in transit: escaped once too often ("\\n"
/// in letters), turned into blanks, or removed, as environment files and vaults do. Anything else
/// is returned unchanged.
[[nodiscard]] secret mended_pem(secret pem);

} // namespace gemini::live::auth
