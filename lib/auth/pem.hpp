// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/secret.hpp>

namespace gemini::live::auth {

/// A key in PEM whose line breaks were lost on the way, with proper ones: escaped once too often
/// ("\\n" in letters), made blanks, or taken out, as lists of variables and vaults do it. What is
/// not such a key is returned as it is.
[[nodiscard]] secret mended_pem(secret pem);

} // namespace gemini::live::auth
